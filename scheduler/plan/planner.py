"""One run of planning: settles the slots of designs day by day, and remembers what other days and designs look at."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from models.definition.prompting import MOST_PROMPTS, Fixed, Interval, Stratified, Uniform, Window
from scheduler.plan import fixed, signal, spread, window
from scheduler.plan.calendar import DAY
from scheduler.plan.dayform import count
from scheduler.plan.draw import DayView, Draw, Keep
from scheduler.plan.inputs import PlanInput
from scheduler.plan.interval import Intervals
from scheduler.plan.keyed import PlanKey
from scheduler.plan.moves import Settled, calm, label, same_clock, standing, views
from scheduler.plan.occasion import Blocked, Form, Occasion
from scheduler.plan.pattern import Entry, Near, Pattern, Planned, pattern
from scheduler.plan.placing import placed
from scheduler.plan.seconds import to_seconds
from scheduler.plan.slots import Slot, derived, prefix
from scheduler.plan.when import Activity

Day = Mapping[int, Settled]

_new = tuple.__new__
"""`Occasion._make` without a call of its own: it stands in the innermost loop."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A design as it is for this person, worked out once."""

    design: Planned
    activity: Activity
    form: Form
    slots: range
    name: "hashlib._Hash"
    """How the names of its slots' ids begin."""

    def uid(self, day: date, index: int) -> UUID:
        """`prompt_uid` of a slot."""
        return derived(self.name, f"{day.isoformat()}/{index}".encode())


@dataclass(slots=True)
class Planner:
    """Settled slots by (design, local date, epoch). A day in an epoch depends on the day before it in that epoch, where the gap
    reaches so far, and on the epoch before; a signal design also on the designs that it excludes.

    On a calm date none of this matters, and a pattern shared with others gives what the long way would give.

    `before`: who plans the dates up to `begins`, where another protocol version holds on them. What is asked on the first date keeps
    its distance from what that version asked on the date before it.
    """

    inputs: PlanInput
    before: "Planner | None" = None
    begins: date = date.min
    _key: PlanKey = field(init=False)
    _parts: dict[str, _Part] = field(init=False)
    _patterns: list[tuple[int, int, Pattern]] = field(init=False)
    _intervals: list[Intervals] = field(init=False)
    _views: dict[date, tuple[DayView, ...]] = field(default_factory=dict)
    _days: dict[tuple[str, date, int], Day] = field(default_factory=dict)
    _known: dict[tuple[str, date, int], list[int]] = field(default_factory=dict)
    _sent_near: frozenset[date] = field(init=False)
    _strays: dict[tuple[str, date], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        inputs = self.inputs
        self._sent_near = frozenset(at.date() + DAY * number for at in inputs.sent.values() for number in (-2, -1, 0, 1))
        self._key = PlanKey(inputs.plan_key)
        self._parts = {one.id: self._part(one) for one in inputs.designs if isinstance(one, Planned)}
        self._intervals = [Intervals(inputs, one, self._key) for one in inputs.designs if isinstance(one, Interval)]
        runs = calm(inputs.zones, inputs.wake, inputs.sent.values())
        self._patterns = [(one.first, one.last, pattern(inputs.designs, one.zone, one.wake.windows)) for one in runs]

    def _part(self, design: Planned) -> _Part:
        activity = Activity(self.inputs, design, self._key)
        return _Part(design, activity, Form(design), range(count(design)), prefix(f"{self.inputs.enrollment_uid}/{design.id}/"))

    def occasions(self, day: date) -> list[Occasion]:
        """Every occasion whose slot lies on this local date, with all that is known, blocked ones included."""
        ordinal = day.toordinal()
        shared = next((found for first, last, found in self._patterns if first <= ordinal <= last), None)
        found = self.settled(day) if shared is None or self._another(day - DAY) else self._calm(shared, day)
        for one in self._intervals:
            found += one.occasions(day)
        return found

    def dates(self, first: date, last: date) -> list[Occasion]:
        """Every occasion of the local dates from `first` to `last`, both included, in order of (due_at, design, slot)."""
        found: list[Occasion] = []
        for number in range((last - first).days + 1):
            found += self.occasions(first + DAY * number)
        found.sort()
        return found

    def settled(self, day: date) -> list[Occasion]:
        """`occasions` by the long way, which holds on every date; without the intervals, which have one way only."""
        return [one for part in self._parts.values() for one in self._settled(part, day, part.activity.opens_at(day))]

    def _settled(self, part: _Part, day: date, opens: int | None) -> Iterator[Occasion]:
        if opens is None:
            return
        for index, (draw, moved) in self._day(part, day, self.views(day)[-1].epoch).items():
            # A slot that a move took away was planned once, so it stays a row even where its window now lies before the enrollment.
            if moved or draw.at >= opens:
                blocked: Blocked | None = None if draw.fits else "travel" if moved else "window"
                yield placed(self.inputs, part.form, Slot(day, index), part.uid(day, index), draw, blocked)

    def _calm(self, shared: Pattern, day: date) -> list[Occasion]:
        found: list[Occasion] = []
        number = day.toordinal() - self.inputs.start_date.toordinal() + 1
        entries = shared.day(day)
        for code, part in self._parts.items():
            opens = part.activity.opens_at(day)
            if opens is None:
                continue
            entry = entries.get(code) or shared.entry(part.design, day)
            if entry.chained:
                found += self._settled(part, day, opens)
                continue
            name = part.name
            for at, suffix, before, after in entry.ready:
                if at >= opens:
                    found.append(_new(Occasion, (*before, derived(name, suffix), number, *after)))
            if entry.draws is None:
                continue
            form = entry.form
            for index, draw in self._draws(entry).items():
                if draw.at >= opens:
                    found.append(form.occasion(index, draw, derived(name, form.suffix(index)), number))
        return [self._paused(one) for one in found] if self.inputs.pauses else found

    def _draws(self, entry: Entry) -> Mapping[int, Draw]:
        """What is drawn on a calm date, away from what this person is asked near it."""
        assert entry.draws is not None
        if entry.shared and self._asked_all(entry.near):
            return entry.draws(self._key)
        assert entry.apart is not None
        found = ((near.at(self._key), self._parts[near.design].activity.opens_at(near.view.day)) for near in entry.near)
        return entry.apart(self._key, [at for at, opens in found if opens is not None and at >= opens])

    def _asked_all(self, near: Iterable[Near]) -> bool:
        for one in near:  # noqa: SIM110  # a generator costs more than what it looks at
            if not self._parts[one.design].activity.surely(one.ordinal, one.first):
                return False
        return True

    def _paused(self, one: Occasion) -> Occasion:
        return one._replace(blocked="paused", reminders=()) if one.blocked is None and self.inputs.paused(one.due_at) else one

    def views(self, day: date) -> tuple[DayView, ...]:
        """The date in each epoch that can matter to it."""
        if day not in self._views:
            self._views[day] = views(self.inputs.zones, self.inputs.wake, day)
        return self._views[day]

    def _day(self, part: _Part, day: date, epoch: int) -> Day:
        """The day as planned in an epoch. Days before it that the gap can reach are settled first, oldest first: no deep recursion."""
        design = part.design
        pending: list[tuple[date, int]] = []
        one = wanted = day, self._clamp(day, epoch)
        while (design.id, *one) not in self._days:
            pending.append(one)
            if self._another(one[0] - DAY) or not isinstance(design, Stratified | Uniform):
                break
            if not self._touches_yesterday(part, design, one[0]):
                break
            one = one[0] - DAY, self._clamp(one[0] - DAY, epoch)
        for each in reversed(pending):
            self._days[design.id, *each] = self._settle(part, *each)
        return self._days[design.id, *wanted]

    def _clamp(self, day: date, epoch: int) -> int:
        day_views = self.views(day)
        return min(max(epoch, day_views[0].epoch), day_views[-1].epoch)

    def _settle(self, part: _Part, day: date, epoch: int) -> Day:
        day_views = self.views(day)
        position = epoch - day_views[0].epoch
        view = day_views[position]
        stands: Day = {}
        if position:
            earlier = self._day(part, day, epoch - 1)
            stands = earlier if same_clock(day_views[position - 1], view) else standing(earlier, view.since or 0)
        settled = self._fill(part, view, stands, label(day_views, position))
        if view is not day_views[-1] or not self.inputs.sent:
            return settled
        sent = self._sent(part, day)
        if all(settled[k].draw.fits and settled[k].draw.at == one.draw.at for k, one in sent.items()):
            return settled
        return self._fill(part, view, {**stands, **sent}, label(day_views, position))

    def _fill(self, part: _Part, view: DayView, stands: Day, fresh: str) -> Day:
        """The standing slots and a draw for each of the others."""
        slots = [k for k in part.slots if k not in stands]
        if not slots:
            return stands
        drawn = part.design if isinstance(part.design, Stratified | Uniform) else None
        keeps = self._keeps(part, drawn, view) if drawn else []
        away = list(self._excluded(drawn, view)) if drawn else []
        placed = [one.draw.at for one in stands.values() if one.draw.fits]
        draws = self._draw(part.design, view, slots, keeps=keeps, away=away, placed=placed, fresh=fresh)
        if view.since is None or all(draw.fits for draw in draws.values()):
            return {**stands, **{k: Settled(draw) for k, draw in draws.items()}}
        at_home = replace(view, since=None)
        unmoved = self._draw(part.design, at_home, part.slots, keeps=keeps, away=away, placed=[], fresh="")
        return {**stands, **{k: Settled(draw, not draw.fits and unmoved[k].fits) for k, draw in draws.items()}}

    def _draw(
        self,
        design: Planned,
        view: DayView,
        slots: Sequence[int],
        *,
        keeps: Sequence[Keep],
        away: Sequence[Keep],
        placed: Sequence[int],
        fresh: str,
    ) -> Mapping[int, Draw]:
        if isinstance(design, Fixed):
            return fixed.draw(design, view, slots)
        if isinstance(design, Window):
            return {k: window.draw(self._key, design, view, label=fresh) for k in slots}
        apart = [*keeps, *((at, design.gap_minutes * 60) for at in placed)]
        if isinstance(design, Uniform):
            return spread.draw(self._key, design, view, slots, keeps=apart, away=away, label=fresh)
        return signal.draw(self._key, design, view, slots, keeps=[*apart, *away], label=fresh)

    def _keeps(self, part: _Part, design: Stratified | Uniform, view: DayView) -> list[Keep]:
        """What draws stay away from, as known in this epoch, of this design's prompts on the days beside it."""
        gap = design.gap_minutes * 60
        yesterday, tomorrow = view.day - DAY, view.day + DAY
        keeps: list[Keep] = []
        if self._touches_yesterday(part, design, view.day):
            keeps += [(at, gap) for at in self._instants(part, yesterday, view.epoch)]
        known = view.since is not None and self.views(tomorrow)[0].epoch < view.epoch
        if view.since is not None and known and self._touches_yesterday(part, design, tomorrow):
            # Prompts of the next day that went out before a move back over the date line.
            keeps += [(at, gap) for at in self._instants(part, tomorrow, view.epoch - 1) if at < view.since]
        if self.inputs.sent:
            keeps += [(one.draw.at, gap) for day in (yesterday, tomorrow) for one in self._sent(part, day).values()]
            keeps += [(at, gap) for day in (yesterday, view.day, tomorrow) for at in self._sent_beyond(part, day)]
        return keeps

    def _excluded(self, design: Stratified | Uniform, view: DayView) -> Iterator[Keep]:
        """The prompts of excluded designs near this date, as known in this epoch."""
        apart = max(design.gap_minutes, design.exclude_minutes) * 60
        others = [other for code in design.exclude if (other := self._parts.get(code)) and isinstance(other.design, Fixed | Window)]
        for other in others:
            for day in (view.day - DAY, view.day, view.day + DAY):
                yield from ((at, apart) for at in self._instants(other, day, view.epoch))

    def _instants(self, part: _Part, day: date, epoch: int) -> list[int]:
        """When this design asks on this date, as known in an epoch; before this version began, as that one had it."""
        if self.before is not None and self._another(day):
            other = self.before._parts.get(part.design.id)
            return [] if other is None else self.before._instants(other, day, epoch)
        name = part.design.id, day, epoch
        if name not in self._known:
            opens = part.activity.opens_at(day)
            draws = () if opens is None else (one.draw for one in self._day(part, day, epoch).values())
            self._known[name] = [draw.at for draw in draws if draw.fits and opens is not None and draw.at >= opens]
        return self._known[name]

    def _touches_yesterday(self, part: _Part, design: Stratified | Uniform, day: date) -> bool:
        """Whether a prompt of the day before can lie within the gap of one of this day. Of another version's day it is not known."""
        if self._another(day - DAY):
            return True
        last = max(signal.trimmed(design, view)[1] for view in self.views(day - DAY))
        first = min(signal.trimmed(design, view)[0] for view in self.views(day))
        if last + design.gap_minutes * 60 <= first:
            return False
        return part.activity.opens_at(day) is not None and part.activity.opens_at(day - DAY) is not None

    def _another(self, day: date) -> bool:
        """Whether another version is known to hold on this date."""
        return self.before is not None and day < self.begins

    def _sent(self, part: _Part, day: date) -> dict[int, Settled]:
        sent = {k: self.inputs.sent.get(part.uid(day, k)) for k in part.slots}
        instants = {k: to_seconds(at) for k, at in sent.items() if at is not None}
        return {k: Settled(Draw(at, at, at)) for k, at in instants.items()}

    def _sent_beyond(self, part: _Part, day: date) -> list[int]:
        """What was sent of slots that this version does not have: one that had more prompts held for a part of the date."""
        if day not in self._sent_near:
            return []
        name = part.design.id, day
        if name not in self._strays:
            found = (self.inputs.sent.get(part.uid(day, k)) for k in range(len(part.slots), MOST_PROMPTS))
            self._strays[name] = [to_seconds(at) for at in found if at is not None]
        return self._strays[name]
