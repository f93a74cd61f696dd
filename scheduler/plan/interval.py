"""Prompts at equal intervals from an anchor, with an optional jitter.

A slot is the anchor's instant and the number of intervals since; an anchor that is taken back and told anew at another time
is another anchor, so what was asked for the old one stands and the new one is asked afresh.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from models.definition.prompting import Interval
from scheduler.plan.anchors import Anchor, anchors, shown_where_the_person_is
from scheduler.plan.calendar import DAY, offsets, study_date
from scheduler.plan.draw import Draw
from scheduler.plan.inputs import PlanInput
from scheduler.plan.keyed import PlanKey
from scheduler.plan.occasion import Form, Occasion
from scheduler.plan.placing import placed
from scheduler.plan.seconds import DAY_SECONDS, date_of, midnight, to_instant, to_seconds
from scheduler.plan.slots import Slot, interval_uid
from scheduler.plan.when import Activity

_AROUND = 40 * 3600
"""How far from midnight UTC of a date, before it and after its end, an instant may lie that counts to it, in any zone and window."""


class _Series(NamedTuple):
    """The moments after an anchor, up to the next anchor of its kind."""

    anchor: int
    start: date
    until: int | None


class Intervals:
    """The occasions of one interval design for one person."""

    __slots__ = ("_activity", "_design", "_form", "_inputs", "_key", "_series")

    def __init__(self, inputs: PlanInput, design: Interval, key: PlanKey) -> None:
        self._inputs, self._design, self._key = inputs, design, key
        self._form, self._activity = Form(design), Activity(inputs, design, key)
        anchor = design.when.anchor
        if anchor == "enrollment":
            marks: tuple[Anchor, ...] = (Anchor(to_seconds(inputs.started_at), inputs.start_date),)
        else:
            marks = anchors(inputs, anchor)
        nexts = [*(at for at, _ in marks[1:]), None]
        self._series = [_Series(at, start, until) for (at, start), until in zip(marks, nexts, strict=False)]

    def occasions(self, day: date) -> Iterator[Occasion]:
        """Every occasion whose undisturbed moment counts to this local date, blocked ones included."""
        for series in self._series:
            if self._activity.counts(day, series.start):
                for index, at, moved in self._moments(series, day):
                    yield self._occasion(series, day, index, at, moved=moved)

    def _occasion(self, series: _Series, day: date, index: int, at: int, *, moved: bool) -> Occasion:
        design, inputs = self._design, self._inputs
        jitter = 60 * design.jitter_minutes
        shift = self._key.pick(jitter + 1, design.id, str(series.anchor), str(index), "time") if jitter else 0
        draw = Draw(at + shift, at, at + jitter, 60 / (jitter + 1) if jitter else None)
        slot = Slot(day, index, anchor=series.anchor)
        uid = interval_uid(inputs.enrollment_uid, design.id, series.anchor, index)
        return placed(inputs, self._form, slot, uid, draw, "travel" if moved else None)

    def _moments(self, series: _Series, day: date) -> Iterator[tuple[int, int, bool]]:
        """Index from the anchor, the moment before jitter, and whether a move took it away."""
        opens = max(series.anchor, to_seconds(self._inputs.started_at))
        for index, at, moved in self._days(series, day) if self._design.unit == "days" else self._steps(series, day):
            counted = study_date(to_instant(at), self._inputs.zones, self._inputs.wake) == day
            if counted and at >= opens and (series.until is None or at < series.until):
                yield index, at, moved

    def _steps(self, series: _Series, day: date) -> Iterator[tuple[int, int, bool]]:
        step = self._design.every * (60 if self._design.unit == "minutes" else 3600)
        first = max(1, (midnight(day) - _AROUND - series.anchor) // step)
        last = (midnight(day) + DAY_SECONDS + _AROUND - series.anchor) // step
        for index in range(first, last + 1):
            yield index, series.anchor + index * step, False

    def _days(self, series: _Series, day: date) -> Iterator[tuple[int, int, bool]]:
        """The wall time of the anchor, on this calendar date or the next (a window over midnight)."""
        home = offsets(self._home(series.anchor))
        begun, second = divmod(series.anchor + home.at(series.anchor), DAY_SECONDS)
        for each in (day, day + DAY):
            index, between = divmod((each - date_of(begun)).days, self._design.every)
            if index >= 1 and not between:
                at, _, skipped = shown_where_the_person_is(self._inputs.zones, midnight(each) + second)
                yield index, at, skipped

    def _home(self, instant: int) -> str:
        moment = to_instant(instant)
        spans = [span for span in self._inputs.zones if span.valid_from <= moment]
        return (spans or self._inputs.zones)[-1 if spans else 0].zone
