"""Passive signals: what a study asks of phones and watches, and what the points of a window come to.

A signal is heard beside an answer and relative to the person alone: no sensor has a place on the population's scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import fsum
from typing import Annotated, Final

from pydantic import Field

from models.definition.base import Code, Document, Text
from models.kinds import Domain, Node, SignalKind, SignalSummary

LONGEST_HOURS: Final = 72
"""The longest window: a point that comes late can change no answer that was given later than this after it."""

UNITS: Final = {
    SignalKind.HEART_RATE: "beats/min",
    SignalKind.HEART_RATE_VARIABILITY_RMSSD: "ms",
    SignalKind.HEART_RATE_VARIABILITY_SDNN: "ms",
    SignalKind.SLEEP_DURATION: "h",
    SignalKind.STEP_COUNT: "steps",
}
"""In which every point is kept, whatever the phone sent."""

ADDITIVE: Final = frozenset({SignalKind.SLEEP_DURATION, SignalKind.STEP_COUNT})
"""Amounts: only these may be summed."""

Finite = Annotated[float, Field(allow_inf_nan=False)]


class Signal(Document):
    """One series that is made of points: what is measured, over which hours before an answer, and what it speaks for."""

    kind: SignalKind
    variable: Code
    summary: SignalSummary
    hours: float = Field(gt=0, le=LONGEST_HOURS)
    """The window ends with the answer. A point counts from the moment at which it was over."""
    least_points: int = Field(default=1, ge=1, le=10_000)
    """With fewer in the window nothing is said."""
    minimum: Finite
    maximum: Finite
    """Where the summary counts as 0 and as 1, in the unit of its kind: linear between, no less and no more beyond."""
    domain: Domain | None = None
    node: Node = Node.NONE
    """R, S, W, E or none: no sensor is a report of craving."""
    direction: int = Field(default=1, ge=-1, le=1)
    """+1 where more means more of the node's activity, -1 where it means less, 0 where it has no direction."""
    weight: float = Field(default=1.0, gt=0)


class Signals(Document):
    """The signals that a study asks for. Without the block none is taken."""

    consent: Text
    """What a person reads and agrees to before the first point is sent, and whenever they switch it on again."""
    series: tuple[Signal, ...] = Field(min_length=1, max_length=20)

    def of(self, kind: SignalKind) -> tuple[Signal, ...]:
        return tuple(one for one in self.series if one.kind is kind)


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement in the unit of its kind, as of the moment at which it was over. `uid` is the phone's, as text."""

    ended_at: datetime
    uid: str
    value: float


def summarized(signal: Signal, points: Sequence[Point]) -> float | None:
    """What the points of its window come to, in the unit of the kind; None with fewer than `least_points`.

    Sums are exact before they are rounded once, so the order of the points makes no difference in any bit; of points that were
    over at the same moment the one with the greatest id is the newest.

    >>> from datetime import UTC
    >>> beats = Signal(kind=SignalKind.HEART_RATE, variable="beats", summary=SignalSummary.MEAN, hours=1, minimum=40.0, maximum=140.0)
    >>> summarized(beats, [Point(datetime(2026, 3, 4, tzinfo=UTC), str(number), 60.0 + number) for number in range(3)])
    61.0
    """
    if len(points) < signal.least_points:
        return None
    values = [one.value for one in points]
    match signal.summary:
        case SignalSummary.MEAN:
            return fsum(values) / len(values)
        case SignalSummary.SUM:
            return fsum(values)
        case SignalSummary.MINIMUM:
            return min(values)
        case SignalSummary.MAXIMUM:
            return max(values)
        case SignalSummary.NEWEST:
            return max(points, key=lambda one: (one.ended_at, one.uid)).value


def turned(signal: Signal, summary: float) -> float:
    """The summary on [0, 1], turned so that 1 is most active for the node.

    >>> sleep = Signal(kind=SignalKind.SLEEP_DURATION, variable="slept", summary=SignalSummary.SUM, hours=24, minimum=2.0, maximum=10.0,
    ...                node=Node.S, direction=-1)
    >>> turned(sleep, 8.0), turned(sleep, 12.0)
    (0.25, 0.0)
    """
    place = min(1.0, max(0.0, (summary - signal.minimum) / (signal.maximum - signal.minimum)))
    return place if signal.direction > 0 else round(1.0 - place, 12)
