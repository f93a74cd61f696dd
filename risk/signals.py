"""What phones and watches measured before an answer."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from models.definition.signal import Point, Signal, summarized, turned
from models.kinds import Node, SignalKind
from models.queries.signals import points_before
from models.session import ReadSession
from risk.observe import NO_SIGNALS
from risk.step import Reading


def heard(session: ReadSession, reading: Reading, enrollment_id: int, event_time: datetime) -> Mapping[str, float]:
    """The signals of one person right before an answer, by variable on [0, 1]; a series with too few points is absent.

    Read only for a protocol whose signals speak for a node: one statement for each kind, over the longest of its windows.
    """
    asked = speaking(reading)
    if not asked:
        return NO_SIGNALS
    points = {kind: _points(session, enrollment_id, kind, asked, event_time) for kind in {one.kind for one in asked}}
    said = {one.variable: (one, summarized(one, _within(points[one.kind], one, event_time))) for one in asked}
    return {variable: turned(signal, summary) for variable, (signal, summary) in said.items() if summary is not None}


def speaking(reading: Reading) -> Sequence[Signal]:
    """The series of a protocol that speak for a node."""
    signals = reading.protocol.signals
    return () if signals is None else [one for one in signals.series if one.node is not Node.NONE]


def _points(session: ReadSession, enrollment_id: int, kind: SignalKind, asked: Sequence[Signal], event_time: datetime) -> list[Point]:
    hours = max(one.hours for one in asked if one.kind is kind)
    rows = points_before(session, enrollment_id, kind, after=event_time - timedelta(hours=hours), until=event_time)
    return [Point(row.ended_at, str(row.client_id), row.value) for row in rows]


def _within(points: Sequence[Point], signal: Signal, event_time: datetime) -> list[Point]:
    since = event_time - timedelta(hours=signal.hours)
    return [one for one in points if one.ended_at > since]
