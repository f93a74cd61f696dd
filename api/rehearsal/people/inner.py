"""A person's inner life in continuous time: how they feel at an instant, and when they lapse.

A pure function of person and instant: days are lived in order once and kept (about a kilobyte each), so that asking in any order
gives the same. None of it is evidence about people.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from api.rehearsal.people.course import SPREAD, level
from api.rehearsal.people.days import HOURS, TOLD_WITHIN, Carried, Day, Pull, live
from api.rehearsal.people.terms import Feelings, Lapse, Person

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)

STRESS_SPREAD: Final = 0.25
"""Within-person SD of stress on 0–1 before the scale cuts it (anchor: SD 21–25 of 100, openESM)."""


@dataclass(slots=True)
class InnerLife:
    """One person's inner life.

    `content_effect`: by how many SD craving is lower just after content, with a half-life of 1 h (assumed; 0 by default).
    """

    person: Person
    content_effect: float = 0.0
    _origin: datetime = field(init=False)
    _pull: Pull = field(init=False)
    _carried: Carried = field(init=False)
    _days: list[Day] = field(init=False, default_factory=list)
    _lapses: list[Lapse] = field(init=False, default_factory=list)
    _content: list[datetime] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        local = self.person.joins_at.astimezone(ZoneInfo(self.person.zone))
        self._origin = local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
        self._pull = Pull.of(self.person)
        self._carried = Carried(last_use=-self.person.abstinent_days)

    def feelings(self, at: datetime) -> Feelings:
        """How the person feels at an instant; before the joining day, as in its first hour."""
        hours = max(0.0, (at - self._origin) / _HOUR)
        number, hour = divmod(int(hours), HOURS)
        day, person = self._day(number), self.person
        clock = day.local_start.hour + hours % HOURS
        stress, executive, craving = day.stress[hour], day.executive[hour], day.craving[hour] - self._eased(at)
        return Feelings(
            at=at,
            awake=day.wakes <= clock < day.sleeps or (number > 0 and clock + 24 < self._days[number - 1].sleeps),
            craving=level(person, hours / HOURS) + SPREAD * craving,
            craving_sd=craving / self._pull.spread,
            stress=person.stress_level + STRESS_SPREAD * stress,
            stress_sd=stress,
            reward=0.45 + 0.06 * craving + 0.04 * stress + 0.10 * day.reward[hour],
            executive=0.35 + 0.14 * executive,
            withdrawal=day.withdrawal,
            pain=day.pain,
            cue=bool(day.cues >> hour & 1),
            sleep_hours=day.sleep_hours,
            sleep_quality=day.sleep_quality,
            lapsed=any(at - _DAY < lapse.at for lapse in self._recent(at)),
            tells_use=any(at - _DAY < lapse.told_at <= at for lapse in self._recent(at)),
            missed_dose=day.missed_dose,
            silent_night=day.silent if clock >= 21 else number > 0 and clock < 10 and self._days[number - 1].silent,
        )

    def lapses(self, until: datetime) -> tuple[Lapse, ...]:
        """Every lapse up to an instant, in order."""
        self._day(max(0, (until - self._origin) // _DAY))
        return tuple(lapse for lapse in self._lapses if lapse.at <= until)

    def after_content(self, at: datetime) -> None:
        """Content was shown: eases what is felt after it by `content_effect`, and nothing else."""
        if self.content_effect:
            self._content.append(at)

    def _eased(self, at: datetime) -> float:
        shown = [at - one for one in self._content if one <= at]
        return float(self.content_effect * 0.5 ** (min(shown) / _HOUR)) if shown else 0.0

    def _recent(self, at: datetime) -> list[Lapse]:
        """Those up to `at` that may still be told."""
        last = bisect_right(self._lapses, at, key=lambda lapse: lapse.at)
        first = bisect_right(self._lapses, at - TOLD_WITHIN, key=lambda lapse: lapse.at)
        return self._lapses[first:last]

    def _day(self, number: int) -> Day:
        while len(self._days) <= number:
            new = len(self._days)
            day = live(self.person, self._pull, new, self._origin + new * _DAY, self._carried)
            self._days.append(day)
            if day.lapse:
                self._lapses.append(day.lapse)
        return self._days[number]
