"""Bodies of responses, broken as a phone, a network or somebody with time may break them.

Seeded: number n is the same body in every run.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from tests.fuzz.document import MARKER

ANSWERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "craving": {"m_crave_now": 4, "m_stress": 3, "m_choice": 6, "c_started": "now", "c_need": "no"},
    "reminder": {"m_crave_now": 5, "m_stress": 2, "r_cue_types": ["place"]},
    "stressor": {"m_stress": 7, "m_low": 3, "m_crave_now": 2},
    "use": {"safe_now": "yes", "u_with": True, "u_again": False, "u_amount": "a little"},
    "good": {"g_line": "a walk", "m_enjoy": 8},
}
DISCLOSING: Final = (
    ("use", "safe_now", "no"),
    ("use", "safe_now", "not_sure"),
    ("craving", "c_need", "not_safe"),
    ("craving", "c_need", "now"),
    ("craving", "c_need", "call"),
    ("use", "u_overdose", True),
)
"""(instrument, item, value) that the shipped protocol's disclosures name, each on its own."""

ODD: Final = (
    None,
    True,
    False,
    0,
    -1,
    2**31,
    2**63,
    10**40,
    -(10**40),
    1e308,
    0.1,
    "",
    "\x00",
    MARKER,
    f"{MARKER} said",
    "é" * 40,
    "\u202e",
    "2026-13-45",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
    [],
    {},
    [[]],
    {"value": {}},
    [None] * 50,
    {MARKER: MARKER},
)


@dataclass(frozen=True)
class Body:
    """`discloses`: it was made with a disclosing answer in it, whatever was done to it afterwards."""

    raw: bytes
    kind: str
    discloses: bool


def body(seed: int, number: int, now: datetime) -> Body:
    """The body of this number."""
    chance = random.Random(f"{seed}/{number}")
    made, discloses = _valid(chance, now)
    kind, change = chance.choice(CHANGES)
    return Body(change(made, chance), kind, discloses)


def _valid(chance: random.Random, now: datetime) -> tuple[dict[str, Any], bool]:
    discloses = chance.random() < 0.2
    instrument, item, value = chance.choice(DISCLOSING) if discloses else (chance.choice(list(ANSWERS)), "", None)
    answers = dict(ANSWERS[instrument])
    if discloses:
        answers[item] = value
    made = {
        "protocol_revision": 1,
        "instrument": instrument,
        "answered_at": now.isoformat(),
        "sent_at": now.isoformat(),
        "zone": "America/New_York",
        "complete": True,
        "answers": {name: {"value": one} for name, one in answers.items()},
    }
    return made, discloses


def _dumped(made: Any) -> bytes:
    return json.dumps(made, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _as_it_is(made: dict[str, Any], _chance: random.Random) -> bytes:
    return _dumped(made)


def _member(made: dict[str, Any], chance: random.Random) -> bytes:
    return _dumped({**made, chance.choice(list(made)): chance.choice(ODD)})


def _other_member(made: dict[str, Any], chance: random.Random) -> bytes:
    """One member beside the answers is broken: what the answers disclose must be heard."""
    name = chance.choice([one for one in made if one not in {"answers", "instrument"}])
    return _dumped({**made, name: chance.choice(ODD)})


def _left_out(made: dict[str, Any], chance: random.Random) -> bytes:
    gone = chance.choice(list(made))
    return _dumped({name: one for name, one in made.items() if name != gone})


def _more(made: dict[str, Any], chance: random.Random) -> bytes:
    name = chance.choice(["prompt_id", "base_revision", "edit_reason", "started_at", MARKER, f"{MARKER} was said", "", "é", "\x00"])
    return _dumped({**made, name: chance.choice(ODD)})


def _swapped(made: dict[str, Any], chance: random.Random) -> bytes:
    one, other = chance.sample(list(made), 2)
    return _dumped({**made, one: made[other], other: made[one]})


def _answer(made: dict[str, Any], chance: random.Random) -> bytes:
    item = chance.choice([*made["answers"], "no_such_item", MARKER, ""])
    given = chance.choice([{"value": chance.choice(ODD)}, chance.choice(ODD), {"value": 1, "skipped": True}, {"value": 3, "at": MARKER}])
    return _dumped({**made, "answers": {**made["answers"], item: given}})


def _many_answers(made: dict[str, Any], chance: random.Random) -> bytes:
    more = {f"item_{number}": {"value": number} for number in range(chance.choice([5, 390, 405, 1000]))}
    return _dumped({**made, "answers": {**made["answers"], **more}})


def _deep(made: dict[str, Any], chance: random.Random) -> bytes:
    depth, opening, closing = chance.choice([5, 60, 300, 1100, 20_000]), *chance.choice([("[", "]"), ('{"a":', "}")])
    nest = opening * depth + "1" + closing * depth
    return _dumped(made)[:-1] + f', "started_at": {nest}}}'.encode()


def _number(made: dict[str, Any], chance: random.Random) -> bytes:
    text = chance.choice(
        ["NaN", "Infinity", "-Infinity", "1e999", "-0", "01", "0x10", "1_000", "9" * 5000, "1e-999", "0." + "3" * 4000, "+1"]
    )
    name = chance.choice(["protocol_revision", "base_revision", "complete"])
    return _dumped({one: value for one, value in made.items() if one != name})[:-1] + f', "{name}": {text}}}'.encode()


def _twice(made: dict[str, Any], chance: random.Random) -> bytes:
    name = chance.choice(list(made))
    return _dumped(made)[:-1] + f', "{name}": '.encode() + _dumped(chance.choice([made[name], *ODD])) + b"}"


def _surrogate(made: dict[str, Any], chance: random.Random) -> bytes:
    piece = chance.choice([b"\\ud800", b"\\udc00\\ud800", b"\xed\xa0\x80", b"\\u0000", b"\\uD83D\\uDE00", b"\\u12", b"\\x41"])
    return _dumped({**made, "zone": "ZONE"}).replace(b"ZONE", piece)


def _encoding(made: dict[str, Any], chance: random.Random) -> bytes:
    text = json.dumps({**made, "zone": "Área"}, ensure_ascii=False)
    return text.encode(chance.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig", "cp037"]), "replace")


def _cut(made: dict[str, Any], chance: random.Random) -> bytes:
    raw = _dumped(made)
    return raw[: chance.randrange(len(raw))]


def _huge(made: dict[str, Any], chance: random.Random) -> bytes:
    text = MARKER * (chance.choice([2_000, 60_000, 240_000, 300_000]) // len(MARKER))
    if chance.random() < 0.5:
        return _dumped({**made, "answers": {**made["answers"], "u_amount": {"value": text}}})
    return _dumped({**made, "zone": text})


def _flipped(made: dict[str, Any], chance: random.Random) -> bytes:
    raw = bytearray(_dumped(made))
    for _ in range(chance.choice([1, 1, 2, 8])):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return bytes(raw)


def _other(_made: dict[str, Any], chance: random.Random) -> bytes:
    return chance.choice(
        [b"", b"null", b"[]", b"{}", b"7", b'"x"', b"\x00", b"{}{}", b" \n\t ", b"<a/>", b"a=1", bytes(range(256)), b"[" * 900]
    )


def _padded(made: dict[str, Any], chance: random.Random) -> bytes:
    piece = chance.choice([b" ", b"\n", b"\x00", b"garbage", b"//" + MARKER.encode(), b"\xff"])
    return piece + _dumped(made) if chance.random() < 0.5 else _dumped(made) + piece


def _edit(made: dict[str, Any], chance: random.Random) -> bytes:
    return _dumped(
        {**made, "base_revision": chance.choice([1, 2, 2**31 - 1, 0]), "edit_reason": chance.choice(["typo", None, MARKER.upper()])}
    )


CHANGES: Final[tuple[tuple[str, Callable[[dict[str, Any], random.Random], bytes]], ...]] = tuple(
    (change.__name__.strip("_"), change)
    for change in (
        _as_it_is,
        _member,
        _member,
        _other_member,
        _other_member,
        _left_out,
        _more,
        _swapped,
        _answer,
        _answer,
        _many_answers,
        _deep,
        _number,
        _twice,
        _surrogate,
        _encoding,
        _cut,
        _huge,
        _flipped,
        _flipped,
        _other,
        _padded,
        _edit,
    )
)
