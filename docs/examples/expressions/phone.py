"""What a phone does with a questionnaire: a second reading of docs/expressions.md, in plain Python, to copy from or to compare with.

It imports nothing of Breakwater and refuses nothing: documents have been checked when they were published. `vectors.json` holds what it
and the server agree on. An instrument is the JSON object of the protocol; an answer is a value as it is uploaded, and a missing one None.
"""

import hashlib
import hmac
import math
import re
from datetime import date, datetime
from typing import Any

Json = Any


# Expressions


def value(tree: Json, answers: dict[str, Json], variables: dict[str, Json] | None = None) -> Json:
    """The value of a tree; None where it is missing."""
    if isinstance(tree, dict):
        [(kind, name)] = tree.items()
        return (answers if kind == "item" else variables or {}).get(name)
    if not isinstance(tree, list):
        return tree
    operation, *operands = tree
    if operation == "answered":
        return answers.get(operands[0]) is not None
    parts = [value(one, answers, variables) for one in operands]
    if operation in {"and", "or", "not"}:
        return _logic(operation, parts)
    if operation in {"==", "!="}:
        return _equality(operation, parts[0], parts[1], written_null=None in operands)
    if operation in {"<", "<=", ">", ">="}:
        return _order(operation, parts[0], parts[1])
    if operation == "has":
        return parts[1] in parts[0] if isinstance(parts[0], list) and isinstance(parts[1], str) else None
    if operation == "count":
        return len(parts[0]) if isinstance(parts[0], list) else None
    if operation == "coalesce":
        return next((one for one in parts if one is not None), None)
    if operation == "if":
        return parts[1] if parts[0] is True else parts[2]
    return _arithmetic(operation, parts)


def holds(tree: Json, answers: dict[str, Json]) -> bool:
    """Whether an item with this `show_if` is shown: no condition, or one that is exactly true."""
    return tree is None or value(tree, answers) is True


def _logic(operation: str, parts: list[Json]) -> Json:
    if operation == "not":
        return not parts[0] if isinstance(parts[0], bool) else None
    decides = operation == "or"
    if any(one is decides for one in parts):
        return decides
    return (not decides) if all(one is (not decides) for one in parts) else None


def _equality(operation: str, left: Json, right: Json, *, written_null: bool) -> Json:
    if operation == "!=" and not written_null and (left is None or right is None):
        return None
    same = left == right and isinstance(left, bool) == isinstance(right, bool)
    return same == (operation == "==")


def _order(operation: str, left: Json, right: Json) -> Json:
    texts = isinstance(left, str) and isinstance(right, str)
    if not texts and not (_is_number(left) and _is_number(right)):
        return None
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operation]


def _is_number(one: Json) -> bool:
    return isinstance(one, int | float) and not isinstance(one, bool)


def _arithmetic(operation: str, parts: list[Json]) -> Json:
    if not all(map(_is_number, parts)):
        return None
    numbers = [float(one) for one in parts]
    if operation in {"min", "max"}:
        return min(numbers) if operation == "min" else max(numbers)
    if operation == "-":
        return _finite(-numbers[0] if len(numbers) == 1 else numbers[0] - numbers[1])
    if operation == "/":
        return _finite(numbers[0] / numbers[1]) if numbers[1] != 0 else None
    result = 1.0 if operation == "*" else 0.0
    for number in numbers:
        result = result * number if operation == "*" else result + number
    return _finite(result / len(numbers) if operation == "mean" else result)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


# What a prompt asks, and in which order


def shuffled(items: list[str], count: int, key: bytes, stream: str) -> list[str]:
    """`count` of the items, drawn evenly: step n swaps place n with place n + (HMAC-SHA256 of "stream, newline, n") modulo what is left."""
    pool = list(items)
    for step in range(count):
        digest = hmac.new(key, f"{stream}\n{step}".encode(), hashlib.sha256).digest()
        pick = step + int.from_bytes(digest, "big") % (len(pool) - step)
        pool[step], pool[pick] = pool[pick], pool[step]
    return pool[:count]


def left_out(instrument: Json, key: bytes, slot: str) -> set[str]:
    """The items of rotating sets that this prompt does not ask."""
    out: set[str] = set()
    for rotation in instrument.get("rotations", []):
        stream = f"rotation\n{instrument['id']}\n{rotation['id']}\n{slot}"
        out |= set(rotation["items"]) - set(shuffled(rotation["items"], rotation["draw"], key, stream))
    return out


def order(instrument: Json, key: bytes, slot: str) -> list[str]:
    """All items in the order of this prompt."""
    asked = [item["id"] for item in instrument["items"]]
    for shuffle in instrument.get("shuffles", []):
        blocks = {block["id"]: block for block in shuffle["blocks"]}
        drawn: list[str] = []
        for name in shuffled(list(blocks), len(blocks), key, f"blocks\n{instrument['id']}\n{shuffle['id']}\n{slot}"):
            items = blocks[name]["items"]
            if blocks[name].get("shuffled"):
                items = shuffled(items, len(items), key, f"items\n{instrument['id']}\n{shuffle['id']}\n{name}\n{slot}")
            drawn += items
        first = asked.index(shuffle["blocks"][0]["items"][0])
        asked[first : first + len(drawn)] = drawn
    return asked


# What becomes of every item


def fates(instrument: Json, entries: dict[str, Json], asked: list[str], out: set[str], *, complete: bool) -> dict[str, dict[str, Json]]:
    """`values` of what was answered, `missing` with one of the four kinds of nothing for every other question.

    `entries` are those of an upload, item id -> `{"value": …}`, `{"skipped": true}` or `{"declined": true}`; `asked` is the order,
    `out` what was not drawn.
    """
    said = [place for place, name in enumerate(asked) if name in entries]
    ahead = set() if complete else set(asked[max(said, default=-1) + 1 :])
    values: dict[str, Json] = {}
    missing: dict[str, Json] = {}
    for item in instrument["items"]:
        name, entry = item["id"], entries.get(item["id"], {"skipped": True})
        if item["kind"] == "information":
            continue
        if name in out:
            missing[name] = "not_shown"
        elif name in ahead:
            missing[name] = "not_shown" if _already_hidden(item, values) else "not_reached"
        elif not holds(item.get("show_if"), values):
            missing[name] = "not_shown"
        elif not _says_nothing(item, entry.get("value")):
            values[name] = entry["value"]
        else:
            missing[name] = "declined" if item.get("required") or entry.get("declined") else "skipped"
    return {"values": values, "missing": missing}


def _says_nothing(item: Json, given: Json) -> bool:
    """No value, a text of spaces, or no choice where an option says "nothing"."""
    if given == [] and any(option.get("exclusive") for option in item.get("options", [])):
        return True
    return given is None or (isinstance(given, str) and not given.strip())


def _already_hidden(item: Json, values: dict[str, Json]) -> bool:
    """Of an item after the end of a partial response: whether the answers so far decide that it is not shown."""
    tree = item.get("show_if")
    return tree is not None and read(tree) <= values.keys() and value(tree, values) is not True


def read(tree: Json) -> set[str]:
    """The items that a tree reads."""
    if isinstance(tree, dict):
        return {tree["item"]} if "item" in tree else set()
    if not isinstance(tree, list):
        return set()
    return {tree[1]} if tree[0] == "answered" else {name for part in tree[1:] for name in read(part)}


# Scores


def scores(instrument: Json, values: dict[str, Json]) -> dict[str, float | None]:
    """Every score of an instrument; None where too little was answered."""
    return {score["id"]: _score(instrument, score, values) for score in instrument.get("scores", [])}


def _score(instrument: Json, score: Json, values: dict[str, Json]) -> float | None:
    if score["how"] == "expression":
        found = value(score["value"], values)
        return float(found) if _is_number(found) else None
    items = {item["id"]: item for item in instrument["items"]}
    numbers = [_counts(items[name], values[name]) for name in score["items"] if name in values]
    if not numbers or len(numbers) < score.get("least_answered", 1.0) * len(score["items"]):
        return None
    total = 0.0
    for number in numbers:
        total += number
    return total * (len(score["items"]) if score["how"] == "sum" else 1) / len(numbers)


def _counts(item: Json, answer: Json) -> float:
    codes = [option["code"] for option in item.get("options", [])]
    number = float(codes.index(answer) if isinstance(answer, str) else answer)
    if not item.get("reverse"):
        return number
    ends = (item.get("minimum"), item.get("maximum"))
    low, high = ends if None not in ends else (0, max(1, len(codes) - 1))
    return float(low + high - number)


# Words


def language(tags: list[str], wanted: str | None, default: str) -> str:
    """The tag that is shown: the wanted one, else with parts taken from its end, else the default."""
    known = {tag.lower(): tag for tag in tags}
    parts = wanted.lower().split("-") if wanted else []
    while parts:
        if "-".join(parts) in known:
            return known["-".join(parts)]
        parts.pop()
        if parts and len(parts[-1]) == 1:
            parts.pop()
    return known[default.lower()]


def words(text: dict[str, str], wanted: str | None, default: str) -> str:
    return text[language(list(text), wanted, default)]


def fill(passage: str, known: dict[str, str | None]) -> str:
    """Puts in what is known of `{name|fallback}`, else the fallback."""
    return re.sub(r"\{([^{}|]*)(?:\|([^{}]*))?\}", lambda found: known.get(found[1]) or found[2] or "", passage)


def said(item: Json, answer: Json, wanted: str | None, default: str) -> str | None:
    """An answer as it stands in `{item:id|…}`."""
    if answer is None:
        return None
    if item.get("options"):
        labels = {option["code"]: words(option["label"], wanted, default) for option in item["options"]}
        return ", ".join(labels[code] for code in (answer if isinstance(answer, list) else [answer]) if code in labels) or None
    if item["kind"] in {"time", "date"}:
        return str(answer)
    number = f"{answer:.6f}".rstrip("0").rstrip(".")
    return "0" if number == "-0" else number


def since(phrases: Json, last: str | None, now: str, wanted: str | None, default: str) -> str | None:
    """What `{since|…}` becomes. Both instants are wall-clock times where the person is now, ISO 8601 without an offset."""
    if last is None:
        return None
    at = datetime.fromisoformat(last)
    days = (date.fromisoformat(now[:10]) - at.date()).days
    phrase = "today" if days <= 0 else "yesterday" if days == 1 else "earlier"
    return fill(words(phrases[phrase], wanted, default), {"time": f"{at:%H:%M}", "date": f"{at:%Y-%m-%d}"})
