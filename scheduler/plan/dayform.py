"""The occasions of one design on one date, as far as they are the same for everybody."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from models.definition.prompting import Fixed, Stratified, Uniform, Window
from scheduler.plan.calendar import WakeSpan, awake_at, offsets
from scheduler.plan.draw import DayView, Draw
from scheduler.plan.occasion import Blocked, Form, Occasion
from scheduler.plan.seconds import DAY_SECONDS, clock, edge, midnight, to_instant
from scheduler.plan.slots import Slot

_new = tuple.__new__
"""`Occasion._make` without a call of its own: it stands in the innermost loop."""


class DayForm:
    """Makes occasions on a date that no move is near; what does not depend on the draw is worked out once."""

    __slots__ = ("_base", "_date", "_easy", "_form", "_laters", "_midnight", "_minutes", "_slots", "_view", "_wake")

    def __init__(self, design: Fixed | Window | Stratified | Uniform, view: DayView, wake: Sequence[WakeSpan]) -> None:
        form, day = Form(design), view.day.isoformat()
        self._form, self._view, self._wake, self._date = form, view, wake, day
        self._slots = tuple((Slot(view.day, k), f"{day}/{k}".encode()) for k in range(count(design)))
        self._base = to_instant(view.start)
        self._laters = [later for _, later in form.reminders]
        offset = view.offset or 0
        self._midnight, self._minutes = midnight(view.day) - offset, offset // 60
        last = min(view.end - form.last, self._midnight + DAY_SECONDS - 1) if view.offset is not None else view.start - 1
        self._easy = range(view.start, last + 1)

    def suffix(self, index: int) -> bytes:
        """How the name of a slot's id ends."""
        return self._slots[index][1]

    def occasion(self, index: int, draw: Draw, uid: UUID, study_day: int) -> Occasion:
        """The occasion of a draw; blocked where it does not fit or the person sleeps."""
        if draw.fits and draw.at in self._easy:
            return self._plain(index, draw, uid, study_day)
        at, view = draw.at, self._view
        blocked: Blocked | None = None if draw.fits else "window"
        if blocked is None and not view.start <= at <= view.end and not self._awake(at):
            blocked = "quiet_hours"
        offset = offsets(view.zone).at(at)
        slot = self._slots[index][0]
        return self._form.occasion(slot, uid, study_day, draw, zone=view.zone, offset=offset, blocked=blocked, awake=self._awake)

    def _plain(self, index: int, draw: Draw, uid: UUID, study_day: int) -> Occasion:
        """`Form.occasion` for what nearly all are; each line here is paid for a hundred thousand times a second."""
        at, start, end, density, _ = draw
        form, view = self._form, self._view
        due_at = self._base + timedelta(0, at - view.start)
        return _new(
            Occasion,
            (
                due_at,
                form.design,
                self._slots[index][0],
                uid,
                study_day,
                form.kind,
                form.instrument,
                edge(start),
                edge(end),
                due_at + form.expiry,
                view.zone,
                self._date + clock(at - self._midnight),
                self._minutes,
                density,
                form.day_probability,
                tuple([due_at + later for later in self._laters]),
                None,
                None,
            ),
        )

    def _awake(self, at: int) -> bool:
        return awake_at(at, at, self._view.zone, self._wake)


def count(design: Fixed | Window | Stratified | Uniform) -> int:
    """How many slots a design has on a day."""
    if isinstance(design, Fixed):
        return len(design.times)
    return design.prompts if isinstance(design, Stratified | Uniform) else 1
