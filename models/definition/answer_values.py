"""Reads one raw JSON value as the answer to one item.

The value of each kind: slider, decimal: number · integer, likert without options: whole number · likert with options,
single: option code · multi, body map: option codes in the order of the options · yes/no: boolean · text: string ·
time: `HH:MM` · date: `YYYY-MM-DD` · duration: minutes · task: an object as `tasks.task` says or, of a task without parameters, trials
(numbers or flat objects).
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, assert_never

from models.definition.instrument import Item
from models.definition.steps import on_step
from models.definition.tasks.draws import TrialDraws
from models.definition.tasks.parameters import Task
from models.definition.tasks.reading import Place
from models.definition.tasks.task import BrokenTask, read_task
from models.kinds import ItemKind

NONE_OF_LIST: Final = "none"
"""The answer that no entry of the person's own list applies."""

MAX_TRIAL_MEMBERS: Final = 16
MAX_TRIAL_TEXT: Final = 64
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]\Z")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")


@dataclass(eq=False)
class Broken(Exception):
    """The value breaks a rule at `at` within it; the message never holds the value. `more`: what else is broken elsewhere within it.

    `means` is what it says all the same: off the step of a scale, which is no reason not to hear it.
    """

    rule: str
    message: str
    at: Place = ()
    more: tuple["Broken", ...] = ()
    means: float | None = None


class Empty(Exception):
    """A value that says nothing: it counts as skipped."""


def read_value(item: Item, raw: Any, lists: Mapping[str, Collection[str]], draws: TrialDraws | None = None) -> Any:
    """The answer as it is stored. Raises `Broken` or `Empty`. `draws`: those of this task in this response, where they are known."""
    if raw is None:
        raise Empty
    match item.kind:
        case ItemKind.SLIDER | ItemKind.DECIMAL | ItemKind.DURATION:
            return _in_range(item, _number(raw))
        case ItemKind.INTEGER:
            return _in_range(item, _integer(raw))
        case ItemKind.LIKERT:
            return _choice(item, raw, lists) if item.options else _in_range(item, _integer(raw))
        case ItemKind.SINGLE:
            return _choice(item, raw, lists)
        case ItemKind.MULTI | ItemKind.BODY_MAP:
            return _choices(item, raw, lists)
        case ItemKind.YES_NO:
            return _boolean(raw)
        case ItemKind.TEXT:
            return _text(item, raw)
        case ItemKind.TIME | ItemKind.DATE:
            return _wall_clock(item.kind, raw)
        case ItemKind.TASK:
            return _trials(item, raw) if item.task is None else _task(item.task, raw, draws)
        case ItemKind.INFORMATION:
            raise Empty
        case _:
            assert_never(item.kind)


def _boolean(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise Broken("wrong_type", "The answer is true or false.")
    return raw


def _number(raw: Any) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise Broken("wrong_type", "The answer is a number.")
    if isinstance(raw, float) and not math.isfinite(raw):
        raise Broken("wrong_type", "The answer is a finite number.")
    if abs(raw) > 1e15:
        raise Broken("out_of_range", "The number is beyond 1e15.")
    return raw


def _integer(raw: Any) -> int:
    number = _number(raw)
    if number != int(number):
        raise Broken("wrong_type", "The answer is a whole number.")
    return int(number)


def _in_range(item: Item, number: int | float) -> int | float:
    low = 0.0 if item.minimum is None and item.kind is ItemKind.DURATION else item.minimum
    if low is not None and number < low:
        raise Broken("out_of_range", f"The answer is at least {low:g}.")
    if item.maximum is not None and number > item.maximum:
        raise Broken("out_of_range", f"The answer is at most {item.maximum:g}.")
    if item.step is not None and not on_step(number, item.step, low or 0):
        raise Broken("off_step", f"The answer is {low or 0:g} and a whole number of steps of {item.step:g}.", means=number)
    return number


def _allowed(item: Item, lists: Mapping[str, Collection[str]]) -> frozenset[str]:
    own = () if item.options_from is None else (*lists.get(item.options_from, ()), NONE_OF_LIST)
    return frozenset(option.code for option in item.options) | frozenset(own)


def _choice(item: Item, raw: Any, lists: Mapping[str, Collection[str]]) -> str:
    if not isinstance(raw, str):
        raise Broken("wrong_type", "The answer is the code of an option.")
    if raw not in _allowed(item, lists):
        raise Broken("unknown_option", "The answer is not one of the options.")
    return raw


def _choices(item: Item, raw: Any, lists: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    if not isinstance(raw, list | tuple) or not all(isinstance(code, str) for code in raw):
        raise Broken("wrong_type", "The answer is a list of option codes.")
    exclusive = frozenset(option.code for option in item.options if option.exclusive)
    if item.options_from is not None:
        exclusive |= {NONE_OF_LIST}
    if not raw:
        if exclusive:
            raise Empty
        return ()
    if not set(raw) <= _allowed(item, lists):
        raise Broken("unknown_option", "An answer is not one of the options.")
    if len(set(raw)) < len(raw):
        raise Broken("option_twice", "An option is chosen twice.")
    if len(raw) > 1 and not exclusive.isdisjoint(raw):
        raise Broken("exclusive_option", "An option that stands alone is chosen with others.")
    order = {option.code: place for place, option in enumerate(item.options)}
    return tuple(sorted(raw, key=lambda code: (order.get(code, len(order)), code)))


def _text(item: Item, raw: Any) -> str:
    if not isinstance(raw, str):
        raise Broken("wrong_type", "The answer is a text.")
    if not raw.strip():
        raise Empty
    if len(raw) > item.max_length:
        raise Broken("too_long", f"The answer has at most {item.max_length} characters.")
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in raw):
        raise Broken("not_storable", "The text holds a character that cannot be stored.")
    return raw


def _wall_clock(kind: ItemKind, raw: Any) -> str:
    if kind is ItemKind.TIME:
        if not isinstance(raw, str) or not _TIME.match(raw):
            raise Broken("wrong_type", "The answer is a time of day, HH:MM.")
        return raw
    try:
        if not isinstance(raw, str) or not _DATE.match(raw):
            raise ValueError
        return date.fromisoformat(raw).isoformat()
    except ValueError:
        raise Broken("wrong_type", "The answer is a date, YYYY-MM-DD.") from None


def _task(task: Task, raw: Any, draws: TrialDraws | None) -> dict[str, Any]:
    try:
        value = read_task(task, raw, draws)
    except BrokenTask as broken:
        first, *more = (Broken(one.rule, one.message, one.at) for one in broken.parts)
        first.more = tuple(more)
        raise first from None
    if value is None:
        raise Empty
    return value


def _trials(item: Item, raw: Any) -> tuple[Any, ...]:
    if not isinstance(raw, list | tuple) or not all(map(_trial, raw)):
        raise Broken("wrong_type", "The answer is a list of trials: numbers, or flat objects of numbers, booleans and short strings.")
    if not raw:
        raise Empty
    if len(raw) > item.max_length:
        raise Broken("too_long", f"The answer has at most {item.max_length} trials.")
    return tuple(raw)


def _trial(raw: Any) -> bool:
    if isinstance(raw, Mapping):
        return len(raw) <= MAX_TRIAL_MEMBERS and all(
            isinstance(name, str) and len(name) <= MAX_TRIAL_TEXT and _scalar(part) for name, part in raw.items()
        )
    return not isinstance(raw, str) and _scalar(raw)


def _scalar(raw: Any) -> bool:
    if isinstance(raw, str):
        return len(raw) <= MAX_TRIAL_TEXT and raw.isprintable()
    return raw is None or isinstance(raw, bool) or (isinstance(raw, int | float) and abs(raw) <= 1e15)
