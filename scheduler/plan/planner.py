"""One run of planning: settles the slots of designs day by day, and remembers what other days and designs look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from models.definition.prompting import Fixed, Stratified, Window
from scheduler.plan import fixed, signal, window
from scheduler.plan.calendar import DAY
from scheduler.plan.draw import DayView, Draw, Keep, to_instant, to_seconds
from scheduler.plan.inputs import PlanInput
from scheduler.plan.moves import Settled, label, same_clock, standing, views
from scheduler.plan.slots import prompt_uid
from scheduler.plan.when import opens_at

Planned = Fixed | Window | Stratified
"""The designs whose occasions are known beforehand."""

Day = Mapping[int, Settled]


@dataclass(slots=True)
class Planner:
    """Settled slots by (design, local date, epoch). A day in an epoch depends on the day before it in that epoch, where the gap
    reaches so far, and on the epoch before; a signal design also on the designs that it excludes."""

    inputs: PlanInput
    _views: dict[date, tuple[DayView, ...]] = field(default_factory=dict)
    _days: dict[tuple[str, date, int], Day] = field(default_factory=dict)

    def final(self, design: Planned, day: date) -> Day:
        """The slots of an active day with all that is known."""
        return self._day(design, day, self.views(day)[-1].epoch)

    def views(self, day: date) -> tuple[DayView, ...]:
        if day not in self._views:
            self._views[day] = views(self.inputs.zones, self.inputs.wake, day)
        return self._views[day]

    def uid(self, design: Planned, day: date, index: int) -> UUID:
        return prompt_uid(self.inputs.enrollment_uid, design.id, day, index)

    def _day(self, design: Planned, day: date, epoch: int) -> Day:
        """The day as planned in an epoch. Days before it that the gap can reach are settled first, oldest first: no deep recursion."""
        pending: list[tuple[date, int]] = []
        one = day, self._clamp(day, epoch)
        wanted = one
        while (design.id, *one) not in self._days:
            pending.append(one)
            if not (isinstance(design, Stratified) and self._touches_yesterday(design, one[0])):
                break
            one = one[0] - DAY, self._clamp(one[0] - DAY, epoch)
        for each in reversed(pending):
            self._days[design.id, *each] = self._settle(design, *each)
        return self._days[design.id, *wanted]

    def _clamp(self, day: date, epoch: int) -> int:
        day_views = self.views(day)
        return min(max(epoch, day_views[0].epoch), day_views[-1].epoch)

    def _settle(self, design: Planned, day: date, epoch: int) -> Day:
        day_views = self.views(day)
        position = epoch - day_views[0].epoch
        view = day_views[position]
        stands: Day = {}
        if position:
            earlier = self._day(design, day, epoch - 1)
            stands = earlier if same_clock(day_views[position - 1], view) else standing(earlier, view.since or 0)
        settled = self._fill(design, view, stands, label(day_views, position))
        if view is not day_views[-1]:
            return settled
        sent = self._sent(design, day)
        if all(settled[k].draw.fits and settled[k].draw.at == one.draw.at for k, one in sent.items()):
            return settled
        return self._fill(design, view, {**stands, **sent}, label(day_views, position))

    def _fill(self, design: Planned, view: DayView, stands: Day, fresh: str) -> Day:
        """The standing slots and a draw for each of the others."""
        slots = [k for k in range(_slots(design)) if k not in stands]
        if not slots:
            return stands
        keeps = self._keeps(design, view) if isinstance(design, Stratified) else []
        placed = [one.draw.at for one in stands.values() if one.draw.fits]
        draws = self._draw(design, view, slots, keeps=keeps, placed=placed, fresh=fresh)
        if view.since is None or all(draw.fits for draw in draws.values()):
            return {**stands, **{k: Settled(draw) for k, draw in draws.items()}}
        at_home = replace(view, since=None)
        unmoved = self._draw(design, at_home, range(_slots(design)), keeps=keeps, placed=[], fresh="")
        return {**stands, **{k: Settled(draw, moved=not draw.fits and unmoved[k].fits) for k, draw in draws.items()}}

    def _draw(
        self, design: Planned, view: DayView, slots: Sequence[int], *, keeps: Sequence[Keep], placed: Sequence[int], fresh: str
    ) -> Mapping[int, Draw]:
        if isinstance(design, Fixed):
            return fixed.draw(design, view, slots)
        if isinstance(design, Window):
            return {k: window.draw(self.inputs.plan_key, design, view, label=fresh) for k in slots}
        apart = [*keeps, *((at, design.gap_minutes * 60) for at in placed)]
        return signal.draw(self.inputs.plan_key, design, view, slots, keeps=apart, label=fresh)

    def _keeps(self, design: Stratified, view: DayView) -> list[Keep]:
        """What draws stay away from, as known in this epoch: excluded designs, and this design's prompts of the days beside it."""
        gap, apart = design.gap_minutes * 60, max(design.gap_minutes, design.exclude_minutes) * 60
        yesterday, tomorrow = view.day - DAY, view.day + DAY
        excluded = [one for one in self.inputs.designs if one.id in design.exclude and isinstance(one, Fixed | Window)]
        near = (yesterday, view.day, tomorrow)
        keeps = [(at, apart) for other in excluded for day in near for at in self._instants(other, day, view.epoch)]
        if self._touches_yesterday(design, view.day):
            keeps += [(at, gap) for at in self._instants(design, yesterday, view.epoch)]
        known = self.views(tomorrow)[0].epoch < view.epoch
        if view.since is not None and known and self._touches_yesterday(design, tomorrow):
            # Prompts of the next day that went out before a move back over the date line.
            keeps += [(at, gap) for at in self._instants(design, tomorrow, view.epoch - 1) if at < view.since]
        if self.inputs.sent:
            keeps += [(one.draw.at, gap) for day in (yesterday, tomorrow) for one in self._sent(design, day).values()]
        return keeps

    def _instants(self, design: Planned, day: date, epoch: int) -> list[int]:
        opens = opens_at(self.inputs, design, day)
        if opens is None:
            return []
        found = (one.draw for one in self._day(design, day, epoch).values())
        return [draw.at for draw in found if draw.fits and to_instant(draw.at) >= opens]

    def _touches_yesterday(self, design: Stratified, day: date) -> bool:
        """Whether a prompt of the day before can lie within the gap of one of this day."""
        if opens_at(self.inputs, design, day) is None or opens_at(self.inputs, design, day - DAY) is None:
            return False
        last = max(signal.trimmed(design, view)[1] for view in self.views(day - DAY))
        first = min(signal.trimmed(design, view)[0] for view in self.views(day))
        return last + design.gap_minutes * 60 > first

    def _sent(self, design: Planned, day: date) -> dict[int, Settled]:
        if not self.inputs.sent:
            return {}
        sent = {k: self.inputs.sent.get(self.uid(design, day, k)) for k in range(_slots(design))}
        instants = {k: to_seconds(at) for k, at in sent.items() if at is not None}
        return {k: Settled(Draw(at, at, at)) for k, at in instants.items()}


def _slots(design: Planned) -> int:
    if isinstance(design, Fixed):
        return len(design.times)
    return design.prompts if isinstance(design, Stratified) else 1
