"""One item's value in any checked protocol: from what the person feels where the item says what it measures, else by chance."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from api.rehearsal.people.chance import bell, bells, chosen, fraction, normal, numbers
from api.rehearsal.people.performing import perform
from api.rehearsal.people.terms import Feelings, Person, StyleKind
from models.definition.answer_values import NONE_OF_LIST, Broken, Empty, read_value
from models.definition.instrument import Item
from models.definition.tasks.draws import TrialDraws
from models.kinds import Domain, ItemKind, Node

_ITEM_NOISE: Final = 0.05
"""How far two items about the same feeling differ at one instant, in people and in moments (assumption)."""

_TRIALS: Final = 20


@dataclass(frozen=True, slots=True)
class Moment:
    """What all items of one response share. `straight`: the place that a straight-liner marks everywhere."""

    person: Person
    feelings: Feelings
    label: str
    lists: Mapping[str, Collection[str]]
    language: str
    straight: float | None
    trial_draws: Callable[[str], TrialDraws] | None = None
    """The draws of a task by its item, as the phone makes them; None: some others."""


DRAWS: Final = 4
"""Numbers on [0, 1) that one answer uses; a task and the choice of several draw more by name."""

Draws = Sequence[float]


def value(moment: Moment, item: Item, draws: Draws) -> tuple[Any, Any]:
    """A value as JSON takes it, and as it is stored; (None, None) where the item can hold none (it is then skipped)."""
    raw = _RAW[item.kind](moment, item, draws)
    stored = read(item, raw, moment.lists)
    return (None, None) if stored is None else (raw, stored)


def read(item: Item, raw: Any, lists: Mapping[str, Collection[str]]) -> Any:
    """The value as the API would store it; None where it would take it for none or refuse it."""
    try:
        return read_value(item, raw, lists)
    except (Broken, Empty):
        return None


@lru_cache(maxsize=1 << 16)
def _steady(key: bytes, variable: str) -> tuple[float, float]:
    """What a person says of a variable in general: a share on [0, 1) and a normal draw."""
    return fraction(key, "usual", variable), bell(key, "item", variable)


def level(moment: Moment, item: Item) -> float | None:
    """The place on 0–1 that the item asks for, before the person's way of answering; None where it measures nothing felt.

    The variable's name decides before the domain: sleep is sleep in whichever domain it is filed.
    """
    felt, name = moment.feelings, item.variable
    if "sleep_q" in name:
        return felt.sleep_quality
    active = _by_node(item, felt)
    if active is None and ("crav" in name or "urge" in name):
        active = felt.craving + 0.05
    if active is None:
        active = _by_domain(item.domain, felt)
    if active is None:
        return None
    return 1.0 - active if item.direction < 0 else active


def _by_node(item: Item, felt: Feelings) -> float | None:
    match item.node:
        case Node.C:
            return felt.craving
        case Node.S:
            return felt.stress
        case Node.E:
            return felt.executive
        case Node.R:
            return felt.reward
        case Node.W:
            return felt.pain if "pain" in item.variable else felt.withdrawal
        case Node.CONTEXT | Node.NONE:
            return None


def _by_domain(domain: Domain | None, felt: Feelings) -> float | None:
    match domain:
        case Domain.REWARD_MOTIVATION:
            return 0.5 * felt.craving + 0.5 * felt.reward
        case Domain.STRESS_NEGATIVE_AFFECT:
            return felt.stress
        case Domain.LEARNING_MEMORY_EXECUTIVE:
            return felt.executive
        case None:
            return None


def place(moment: Moment, item: Item, draws: Draws) -> float:
    """Where on the item's scale the person points, 0–1: the level, the person's shift and way, cut at both ends."""
    if moment.straight is not None:
        return moment.straight
    person = moment.person
    usual, always = _steady(person.key, item.variable)
    now = normal(draws[0], draws[1])
    wanted = level(moment, item)
    if wanted is None:
        wanted = 0.25 + 0.5 * usual + 0.12 * now
    return min(1.0, max(0.0, _styled(person, wanted + person.style.shift + _ITEM_NOISE * (always + now))))


def _styled(person: Person, wanted: float) -> float:
    match person.style.kind:
        case StyleKind.WHOLE:
            return wanted
        case StyleKind.MIDPOINT:
            return wanted if wanted < 0.08 else 0.5 + 0.6 * (wanted - 0.5)
        case StyleKind.ENDS:
            return 0.5 + 1.35 * (wanted - 0.5)
        case StyleKind.FIVES:
            return round(wanted * 20) / 20


def _number(moment: Moment, item: Item, draws: Draws) -> int | float:
    """On the item's own grid: its step, whole numbers where the kind asks for them or the range is wide, else hundredths."""
    low = 0.0 if item.minimum is None else item.minimum
    high = _high(item, low)
    whole = item.kind in {ItemKind.INTEGER, ItemKind.LIKERT}
    if "sleep_h" in item.variable or item.variable == "sleep":
        wanted = moment.feelings.sleep_hours * (60 if item.kind is ItemKind.DURATION else 1)
    else:
        wanted = low + place(moment, item, draws) * (high - low)
    step = item.step or (1.0 if whole or (high - low >= 10 and item.kind is ItemKind.SLIDER) else (high - low) / 100 or 1.0)
    snapped = low + round((wanted - low) / step) * step
    snapped = min(high, max(low, snapped))
    if whole:
        return min(math.floor(high), max(math.ceil(low), round(snapped)))
    rounded = round(snapped, 6)
    return int(rounded) if rounded == int(rounded) else min(high, max(low, rounded))


def _high(item: Item, low: float) -> float:
    if item.maximum is not None:
        return item.maximum
    return low + (180.0 if item.kind is ItemKind.DURATION else 10.0)


def _likert(moment: Moment, item: Item, draws: Draws) -> Any:
    if not item.options:
        return _number(moment, item, draws)
    if any(option.score is not None for option in item.options):
        return _nearest(moment, item, draws)
    codes = [option.code for option in item.options]
    return codes[min(len(codes) - 1, int(place(moment, item, draws) * len(codes)))]


def _single(moment: Moment, item: Item, draws: Draws) -> str | None:
    """The option with the nearest score; yes or no about use and medicine from the person's life; else by taste."""
    told = _told(moment, item, [option.code for option in item.options])
    if told is not None:
        return told
    if any(option.score is not None for option in item.options):
        return _nearest(moment, item, draws)
    codes = _choices(item, moment.lists)
    return chosen(draws[0], _tastes(moment.person.key, item.variable, codes)) if codes else None


def _nearest(moment: Moment, item: Item, draws: Draws) -> str:
    wanted = place(moment, item, draws)
    return min((abs(option.score - wanted), option.code) for option in item.options if option.score is not None)[1]


def _told(moment: Moment, item: Item, codes: Sequence[str]) -> str | None:
    """`yes`, `no`, `taken` and `missed` are words of the shipped protocols; an item without them is not about this."""
    if "use" in item.variable.split("_") and {"yes", "no"} <= set(codes):
        return "yes" if moment.feelings.tells_use else "no"
    if item.variable.startswith("medicine") and {"taken", "missed"} <= set(codes):
        if moment.feelings.missed_dose:
            return "missed"
        return "taken" if fraction(moment.person.key, "on medicine") < 0.8 else "not_on" if "not_on" in codes else "taken"
    return None


@lru_cache(maxsize=1 << 16)
def _tastes(key: bytes, variable: str, codes: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    """What this person tends to choose; refusing words less."""
    weights = bells(key, len(codes), "taste", variable)
    return tuple(
        (code, math.exp(weight) * (0.15 if code.startswith("rather") else 1.0)) for code, weight in zip(codes, weights, strict=True)
    )


def _choices(item: Item, lists: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    own = () if item.options_from is None else (*sorted(lists.get(item.options_from, ())), NONE_OF_LIST)
    return tuple(dict.fromkeys([*(option.code for option in item.options), *own]))


def _several(moment: Moment, item: Item, draws: Draws) -> list[str]:
    """One to three that may stand together, or one that stands alone; sometimes nothing where nothing needs no word of its own."""
    alone = {option.code for option in item.options if option.exclusive} | ({NONE_OF_LIST} if item.options_from is not None else set())
    codes = _choices(item, moment.lists)
    together = tuple(code for code in codes if code not in alone)
    if alone and (not together or draws[0] < 0.3):
        return [next(code for code in codes if code in alone)]
    out: list[str] = []
    left = list(_tastes(moment.person.key, item.variable, together))
    for draw in draws[1 : 2 + int(2.5 * draws[0])]:
        if left:
            out.append(chosen(draw, left))
            left = [one for one in left if one[0] != out[-1]]
    return out


def _yes_no(moment: Moment, item: Item, draws: Draws) -> bool:
    if "cue" in item.variable or "reminder" in item.variable:
        return moment.feelings.cue
    if "use" in item.variable.split("_"):
        return moment.feelings.tells_use
    return draws[0] < 0.15 + 0.5 * _steady(moment.person.key, item.variable)[0]


def _text(moment: Moment, item: Item, draws: Draws) -> str:
    """Says that it is synthetic, in the person's language; cut to what the item takes."""
    word = "respuesta sintética" if moment.language.startswith("es") else "synthetic answer"
    return f"{word} {1 + int(999 * draws[0])}"[: item.max_length]


def _time(moment: Moment, item: Item, draws: Draws) -> str:
    """Waking and sleeping by the person's hours, everything else at any quarter of an hour awake."""
    start, end = moment.person.wake.weekday
    if "wake" in item.variable:
        return start
    if "sleep" in item.variable:
        return end
    quarters = 4 * int(start[:2]) + int(56 * draws[0])
    return f"{quarters // 4 % 24:02d}:{quarters % 4 * 15:02d}"


def _date(moment: Moment, _item: Item, draws: Draws) -> str:
    """One of the last thirty days where the phone is."""
    back = int(30 * draws[0])
    at = moment.feelings.at
    return (at.astimezone(ZoneInfo(moment.person.zone_at(at))) - timedelta(days=back)).date().isoformat()


def _task(moment: Moment, item: Item, draws: Draws) -> dict[str, Any] | list[dict[str, Any]]:
    if item.task is None:
        return _free_trials(moment, item, draws)
    own = TrialDraws(moment.person.key, item.id, moment.label) if moment.trial_draws is None else moment.trial_draws(item.id)
    return perform(moment.person, moment.feelings, item.task, own, moment.label)


def _free_trials(moment: Moment, item: Item, _draws: Draws) -> list[dict[str, Any]]:
    """Trials of a go/no-go kind: reaction times are log-normal and longer under executive load (sizes assumed)."""
    out: list[dict[str, Any]] = []
    load = moment.feelings.executive
    for trial in range(min(_TRIALS, item.max_length)):
        first, second, go, right = numbers(moment.person.key, 4, "trial", moment.label, item.id, trial)
        seconds = math.exp(-0.9 + 0.2 * normal(first, second) + 0.2 * load)
        out.append({"kind": "go" if go < 0.75 else "no_go", "rt_ms": round(1000 * seconds), "correct": right < 0.95 - 0.2 * load})
    return out


def _nothing(_moment: Moment, _item: Item, _draws: Draws) -> None:
    return None


_RAW: Final = {
    ItemKind.SLIDER: _number,
    ItemKind.DECIMAL: _number,
    ItemKind.DURATION: _number,
    ItemKind.INTEGER: _number,
    ItemKind.LIKERT: _likert,
    ItemKind.SINGLE: _single,
    ItemKind.MULTI: _several,
    ItemKind.BODY_MAP: _several,
    ItemKind.YES_NO: _yes_no,
    ItemKind.TEXT: _text,
    ItemKind.TIME: _time,
    ItemKind.DATE: _date,
    ItemKind.TASK: _task,
    ItemKind.INFORMATION: _nothing,
}
