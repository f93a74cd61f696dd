"""What a day is like for everybody who lives in one zone by the same wake hours.

Most of a plan does not depend on the person: which seconds each block holds, when a diary is due, what the clock on the wall
shows then. It is worked out once for each design, zone, wake windows and date, and shared by a crowd; a person adds the
key, the ids and the study day. Days near a move, a change of wake hours or something already sent are the planner's own work.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from models.definition.prompting import Design, Fixed, Stratified, Uniform, WakeWindow, WakeWindows, Window
from scheduler.plan import fixed, signal, spread, window
from scheduler.plan.calendar import DAY, WakeSpan, ZoneSpan
from scheduler.plan.dayform import DayForm
from scheduler.plan.draw import DayView, Draw, Keep
from scheduler.plan.keyed import PlanKey
from scheduler.plan.moves import views

Planned = Fixed | Window | Stratified | Uniform
"""The designs whose occasions are known beforehand, day by day."""

_DAYS: Final = 512
"""Dates that a pattern remembers."""
_EVER: Final = datetime.min.replace(tzinfo=UTC)
_NOBODY: Final = UUID(int=0)
_OWN: Final = slice(3, 5)
"""Where an occasion holds what is the person's own: id and study day."""


class Ready(NamedTuple):
    """A moment that is the same for everybody, and its occasion before and after what is the person's own.

    `suffix` ends the name of its id.
    """

    at: int
    suffix: bytes
    before: tuple[Any, ...]
    after: tuple[Any, ...]


class Near(NamedTuple):
    """A moment of another design that a draw must stay away from where the person is asked then.

    `jitter` is the design where the moment is drawn by the key; `first` is then the first second that it may stand on.
    """

    design: str
    view: DayView
    ordinal: int
    first: int
    jitter: Window | None

    def at(self, key: PlanKey) -> int:
        return self.first if self.jitter is None else window.draw(key, self.jitter, self.view).at


class Entry(NamedTuple):
    """One design on one date: moments that are ready, or draws by a person's key.

    ready    moments that are the same for everybody
    draws    what is drawn by a key; None: nothing is
    near     moments that draws stay away from
    shared   `draws` holds for everybody who is asked at all of `near`; for others, and where it is False, `apart` does
    apart    what is drawn by a key away from some moments
    chained  a prompt of the day before may stand in the way, so the planner looks at that day first
    """

    form: DayForm
    ready: tuple[Ready, ...] = ()
    draws: Callable[[PlanKey], Mapping[int, Draw]] | None = None
    near: tuple[Near, ...] = ()
    shared: bool = True
    apart: Callable[[PlanKey, Iterable[int]], Mapping[int, Draw]] | None = None
    chained: bool = False


class Pattern:
    """The days of some designs in one zone and by one pair of wake windows."""

    __slots__ = ("_days", "_designs", "_wake", "_zones")

    def __init__(self, designs: Sequence[Design], zone: ZoneSpan, wake: WakeSpan) -> None:
        self._zones, self._wake = (zone,), (wake,)
        self._designs = [one for one in designs if isinstance(one, Planned)]
        self._days: dict[date, dict[str, Entry]] = {}

    def day(self, day: date) -> dict[str, Entry]:
        """The entries of this date so far, by design; `entry` adds one where somebody is asked by it."""
        found = self._days.get(day)
        if found is None:
            if len(self._days) >= _DAYS:
                self._days.clear()
            found = self._days[day] = {}
        return found

    def entry(self, design: Planned, day: date) -> Entry:
        """What a design is like on this date. Of hundreds of designs few are active on a day, so each is made when it is asked for."""
        found = self.day(day)[design.id] = self._entry(design, day)
        return found

    def _view(self, day: date) -> DayView:
        return views(self._zones, self._wake, day)[0]

    def _entry(self, design: Planned, day: date) -> Entry:
        view = self._view(day)
        blank = Entry(DayForm(design, view, self._wake))
        if isinstance(design, Stratified | Uniform):
            before = signal.trimmed(design, self._view(day - DAY))[1] + design.gap_minutes * 60
            if before > signal.trimmed(design, view)[0]:
                return blank._replace(chained=True)
            return self._drawn(design, view, blank)
        if isinstance(design, Fixed):
            return _ready(blank, fixed.draw(design, view, range(len(design.times))))
        if not design.jitter_minutes:
            return _ready(blank, {0: window.still(design, view)})
        return blank._replace(draws=lambda key: {0: window.draw(key, design, view)})

    def _drawn(self, design: Stratified | Uniform, view: DayView, blank: Entry) -> Entry:
        whole, slots = signal.trimmed(design, view), range(design.prompts)
        distance = max(design.gap_minutes, design.exclude_minutes) * 60
        near = tuple(
            one for one, last in self._excluded(design, view.day) if last + distance > whole[0] and one.first - distance < whole[1]
        )
        shared = all(one.jitter is None for one in near)
        blank = blank._replace(near=near, shared=shared)
        away = [(one.first, distance) for one in near] if shared else []
        if isinstance(design, Uniform):
            return _spread(design, view, blank, slots, away, distance)
        return _signal(design, view, blank, slots, away, distance)

    def _excluded(self, design: Stratified | Uniform, day: date) -> Iterator[tuple[Near, int]]:
        """The moments of excluded designs on this date and the two beside it, each with the last second that it may stand on."""
        for other in self._designs:
            if other.id not in design.exclude or isinstance(other, Stratified | Uniform):
                continue
            for near in (self._view(day + DAY * number) for number in (-1, 0, 1) if _on(other, day + DAY * number)):
                ordinal = near.day.toordinal()
                if isinstance(other, Fixed):
                    for one in fixed.draw(other, near, range(len(other.times))).values():
                        yield Near(other.id, near, ordinal, one.at, None), one.at
                else:
                    first, last = window.span(other, near)
                    yield Near(other.id, near, ordinal, first, other if other.jitter_minutes else None), last


def _on(design: Planned, day: date) -> bool:
    return not design.when.weekdays or day.isoweekday() in design.when.weekdays


def _signal(design: Stratified, view: DayView, blank: Entry, slots: Sequence[int], away: Sequence[Keep], distance: int) -> Entry:
    rooms, gap = signal.rooms(design, view, slots, away), design.gap_minutes * 60

    def apart(key: PlanKey, instants: Iterable[int]) -> Mapping[int, Draw]:
        return signal.draw(key, design, view, slots, keeps=[(at, distance) for at in instants])

    return blank._replace(draws=lambda key: signal.pick(key, rooms, gap), apart=apart)


def _spread(design: Uniform, view: DayView, blank: Entry, slots: Sequence[int], away: Sequence[Keep], distance: int) -> Entry:
    room = spread.room(design, view, slots, away=away)

    def apart(key: PlanKey, instants: Iterable[int]) -> Mapping[int, Draw]:
        return spread.draw(key, design, view, slots, away=[(at, distance) for at in instants])

    return blank._replace(draws=lambda key: spread.pick(key, room, slots), apart=apart)


def _ready(blank: Entry, draws: Mapping[int, Draw]) -> Entry:
    made = ((draw.at, blank.form.suffix(k), blank.form.occasion(k, draw, _NOBODY, 0)) for k, draw in draws.items())
    return blank._replace(ready=tuple(Ready(at, suffix, one[: _OWN.start], one[_OWN.stop :]) for at, suffix, one in made))


class _Same:
    """A list of designs by its identity: what is published never changes, and comparing documents costs more than planning."""

    __slots__ = ("designs",)

    def __init__(self, designs: Sequence[Design]) -> None:
        self.designs = designs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.designs is self.designs

    def __hash__(self) -> int:
        return id(self.designs)


def pattern(designs: Sequence[Design], zone: str, windows: WakeWindows) -> Pattern:
    """The pattern of these designs in a zone and by wake windows that hold on every date that will be asked for."""
    week, end = windows.weekday, windows.weekend
    return _pattern(_Same(designs), zone, week.start, week.end, end.start, end.end)


@lru_cache(maxsize=512)
def _pattern(same: _Same, zone: str, week_start: str, week_end: str, end_start: str, end_end: str) -> Pattern:
    windows = WakeWindows(weekday=WakeWindow(start=week_start, end=week_end), weekend=WakeWindow(start=end_start, end=end_end))
    return Pattern(same.designs, ZoneSpan(_EVER, zone), WakeSpan(date.min, windows))
