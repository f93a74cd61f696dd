"""Which response closes which proximal outcome, and what silence means. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from models.definition.instrument import Instrument, Item

LONGEST: Final = timedelta(days=7)
"""No outcome closes later than this after its decision: `definition.decision.Outcome` allows no more."""

MissingReason = Literal["no_response", "not_answered", "left"]

FILLABLE: Final[tuple[MissingReason, ...]] = ("no_response", "not_answered")
"""Missing until a phone that was offline sends what it holds."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """An outcome that a response may still close. `decided_on` is the response behind the decision, which never closes its own."""

    id: int
    enrollment_id: int
    variable: str
    opens_at: datetime
    closes_at: datetime
    decided_on: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A stored response. `values` maps a variable to its number on the item's own scale; what was not answered is absent."""

    enrollment_id: int
    response_id: int
    source_id: str
    event_time: datetime
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Observed:
    """Outcome `id` is closed by a response with this value."""

    id: int
    response_id: int
    value: float


def observed(awaited: Sequence[Awaited], answered: Sequence[Answered]) -> tuple[Observed, ...]:
    """What these responses close: for each outcome the earliest response of its person that answers its variable in its window.

    Both ends of the window count. Of responses at the same instant, the first by source id; the order of the arguments
    does not matter.
    """
    ordered = sorted(answered, key=lambda one: (one.event_time, one.source_id))
    closed = []
    for outcome in awaited:
        first = next((one for one in ordered if closes(outcome, one)), None)
        if first is not None:
            closed.append(Observed(outcome.id, first.response_id, first.values[outcome.variable]))
    return tuple(closed)


def closes(outcome: Awaited, response: Answered) -> bool:
    """True where this response may close this outcome."""
    return (
        response.enrollment_id == outcome.enrollment_id
        and response.response_id != outcome.decided_on
        and outcome.variable in response.values
        and outcome.opens_at <= response.event_time <= outcome.closes_at
    )


def missing_reason(*, answered: bool, active: bool) -> MissingReason:
    """Why an outcome whose window has closed is missing: nothing came, what came left it out, or the person had left.

    >>> missing_reason(answered=False, active=True), missing_reason(answered=True, active=False)
    ('no_response', 'not_answered')
    """
    if answered:
        return "not_answered"
    return "no_response" if active else "left"


def outcome_values(instrument: Instrument, values: Mapping[str, Any]) -> dict[str, float]:
    """Variable -> number, from valid answers by item: numbers as they are, yes as 1, a choice as its option's score.

    Where several items share a variable, the first answered counts; what has no number is left out.
    """
    found: dict[str, float] = {}
    for item in instrument.series():
        number = _number(item, values.get(item.id))
        if number is not None:
            found.setdefault(item.variable, number)
    return found


def _number(item: Item, value: Any) -> float | None:
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        return next((option.score for option in item.options if option.code == value), None)
    return None
