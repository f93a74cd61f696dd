"""One day of a person's inner life, from what the day before left.

Hourly values in standard deviations. Sizes and anchors are those of risk-model.md section 4.
"""

import math
from array import array
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from api.rehearsal.people.chance import bells, numbers
from api.rehearsal.people.hazard import use_chance
from api.rehearsal.people.terms import Lapse, Person
from risk.estimate.regressors import incubation

HOURS: Final = 24
Hours: TypeAlias = "array[float]"
"""One value for each of the 24 hours."""
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)

_LASTING: Final = 0.35
"""Share of stress's variance that lasts: with the half-life it gives r 0.26–0.34 at 1.5 h (anchor: lag-1, [D])."""
_OU: Final = 0.5 ** (1 / 7)
"""Ornstein-Uhlenbeck over one hour at a half-life of 7 h (anchor: openESM)."""
_DAILY: Final = 0.25
"""Amplitude of the daily term of stress in SD, highest at 15:00 local (size assumed)."""
_LAG_HOURS: Final = 4
"""Of the table's lag: the distance of two prompts."""
_CUE_SD: Final = 0.43
"""SD of meeting a cue at the mean rate of 0.25: a coupling is craving for one standard deviation of what moves it."""
_USUAL_RATE: Final = 0.25
_IN_A_WEEK: Final = 1.57
"""How much oftener cues are met over a week's waking hours by those who meet twice as many in the evening and at weekends."""
_LASTS: Final = 0.15
"""Share of what moved craving that goes on with craving's own part."""
_OWN_LAG: Final = 1.3
"""How much more of its own part than the table's lag lasts for 4 hours."""
_NOISE: Final = 0.77
"""SD of the own part's noise over 4 hours. These three are calibrated together: between two prompts craving is moved too, and the row
regressed at prompts must show the table's lag, couplings and noise of 0.8 (test_people_life)."""
_CRAVING_LEADS: Final = 0.5
"""Log of how much more often a cue is met for an SD of craving, in those whose craving comes first (assumed)."""
_EXECUTIVE_OF_STRESS: Final = 0.25
_MORNINGS: Final = 0.6
"""How much of today's withdrawal and pain is yesterday's (assumed)."""
TOLD_WITHIN: Final = timedelta(days=9)
"""Longest time from a lapse to a day on which it is still told: up to 7 days and what is left of its day, then 24 hours."""
_HOURLY_BELLS: Final = 5
_DAILY_BELLS: Final = 6


@dataclass(slots=True)
class Carried:
    """What one day hands to the next; `last_use` in days since the first midnight."""

    last_use: float
    stress: float = 0.0
    craving: float = 0.0
    withdrawal: float = 0.0
    pain: float = 0.0


@dataclass(frozen=True, slots=True)
class Day:
    """24 hours from the local midnight of the joining day's clock. Arrays hold one value for each hour, in SD."""

    local_start: datetime
    """What the wall shows at the first hour, naive."""
    stress: Hours
    executive: Hours
    craving: Hours
    reward: Hours
    cues: int
    """Bit h: met a cue in hour h."""
    wakes: float
    sleeps: float
    """Wall-clock hours; over 24 after midnight."""
    withdrawal: float
    pain: float
    sleep_hours: float
    sleep_quality: float
    missed_dose: bool
    silent: bool
    """The night that begins this evening is a gap."""
    lapse: Lapse | None


@dataclass(frozen=True, slots=True)
class Pull:
    """What moves a person's craving, by the hour: what is present moves it while it is there."""

    kept: float
    """Of craving's own part, from hour to hour."""
    cue: float
    """Of a cue that is met, before incubation."""
    stress: float
    executive: float
    cue_stress: float
    """Of a cue that is met, for each SD of stress above the usual."""
    noise: float
    cue_base: float
    """The share of waking hours with a cue over a week: craving is told about its usual level."""
    cue_at_entry: float
    """Of a cue that is met, as incubated as on the first day: for the usual spread of craving."""

    @classmethod
    def of(cls, person: Person) -> "Pull":
        couplings = person.couplings
        lag = min(0.8, _OWN_LAG * couplings.lag)
        kept = lag ** (1 / _LAG_HOURS)
        noise = _NOISE * math.sqrt((1.0 - kept**2) / (1.0 - lag**2))
        cue = (couplings.cue if couplings.cue_leads else 0.25 * couplings.cue) / _CUE_SD
        both = couplings.cue_stress * (1.0 - _USUAL_RATE) / _CUE_SD
        at_entry = cue * (1.0 + couplings.incubation * incubation(person.abstinent_days))
        return cls(kept, cue, couplings.stress, couplings.executive, both, noise, usual_rate(person), at_entry)

    @property
    def spread(self) -> float:
        """SD of craving: noise and inputs, as if these were independent from hour to hour."""
        met = self.cue_base * ((1.0 - self.cue_base) * self.cue_at_entry**2 + self.cue_stress**2 / 2.0)
        moved = met + self.stress**2 + self.executive**2 + 2.0 * _EXECUTIVE_OF_STRESS * self.stress * self.executive
        return math.sqrt((self.noise**2 + (_LASTS * self.kept) ** 2 * moved) / (1.0 - self.kept**2) + moved)


def live(person: Person, pull: Pull, number: int, start: datetime, carried: Carried) -> Day:
    """Day `number`, which begins at the instant `start`. Changes `carried`."""
    local = start.astimezone(ZoneInfo(person.zone_at(start + _DAY / 2))).replace(tzinfo=None)
    unit = numbers(person.key, HOURS + 10, "day", number)
    normal = bells(person.key, HOURS * _HOURLY_BELLS + _DAILY_BELLS, "life", number)
    wakes, sleeps = _waking(person, local, unit[24], unit[25])
    abstinent = number - carried.last_use
    stress, executive, reward = _load(local.hour, normal, carried)
    craving, cues = _craving(person, pull, local, (wakes, sleeps), (stress, executive), (unit, normal), abstinent, carried)
    lapse = _lapse(person, pull, start, abstinent, (wakes - local.hour, sleeps - local.hour), (craving, executive), unit[26:30])
    daily = normal[-_DAILY_BELLS:]
    sick = 0.15 if abstinent < 4 else 0.0
    carried.withdrawal = _MORNINGS * carried.withdrawal + 0.8 * daily[0]
    carried.pain = _MORNINGS * carried.pain + 0.8 * daily[1]
    if lapse:
        carried.last_use = number + (lapse.at - start) / _DAY
    return Day(
        local_start=local,
        stress=stress,
        executive=executive,
        craving=craving,
        reward=reward,
        cues=cues,
        wakes=wakes,
        sleeps=sleeps,
        withdrawal=person.withdrawal_level + sick + 0.08 * carried.withdrawal,
        pain=person.pain_level + 0.08 * carried.pain,
        sleep_hours=min(12.0, max(0.0, 6.8 + 1.3 * daily[2])),
        sleep_quality=0.55 + 0.18 * daily[2] + 0.10 * daily[3] - 0.10 * stress[0],
        missed_dose=unit[31] < (0.05 if lapse else 0.012),
        silent=unit[30] < 0.03 * (1.0 + (person.mnar / 0.3 if lapse else 0.0)),
        lapse=lapse,
    )


def _waking(person: Person, local: datetime, early: float, late: float) -> tuple[float, float]:
    """When the person wakes and sleeps on this day: up to half an hour outside the hours they gave, now and then a little inside."""
    start, end = person.wake.weekend if local.weekday() >= 5 else person.wake.weekday
    wakes, sleeps = _hours(start), _hours(end)
    return wakes + 0.6 * early - 0.5, sleeps + (24.0 if sleeps <= wakes else 0.0) + 0.6 * late - 0.1


def _hours(wall: str) -> float:
    return int(wall[:2]) + int(wall[3:]) / 60


def _load(first: int, normal: list[float], carried: Carried) -> tuple[Hours, Hours, Hours]:
    """Stress: a lasting part (Ornstein-Uhlenbeck), a passing part and the daily term. Executive load: 0.25 stress + noise."""
    kick = math.sqrt(_LASTING * (1.0 - _OU**2))
    passing = math.sqrt(1.0 - _LASTING - _DAILY**2 / 2)
    own = math.sqrt(1.0 - _EXECUTIVE_OF_STRESS**2)
    stress, executive, reward = array("d"), array("d"), array("d")
    slow = carried.stress
    for hour in range(HOURS):
        lasting, moment, load, wish = normal[hour], normal[24 + hour], normal[48 + hour], normal[72 + hour]
        slow = _OU * slow + kick * lasting
        now = slow + passing * moment + _DAILY * _SUN[(first + hour) % 24]
        stress.append(now)
        executive.append(_EXECUTIVE_OF_STRESS * now + own * load)
        reward.append(wish)
    carried.stress = slow
    return stress, executive, reward


_SUN: Final = tuple(math.cos(2.0 * math.pi * (hour - 15) / 24) for hour in range(24))


def _craving(
    person: Person,
    pull: Pull,
    local: datetime,
    waking: tuple[float, float],
    load: tuple[Hours, Hours],
    draws: tuple[list[float], list[float]],
    abstinent: float,
    carried: Carried,
) -> tuple[Hours, int]:
    """Craving about the person's level: its own lag and noise, and the cues, stress and executive load that are there in the hour."""
    (unit, normal), (stress, executive) = draws, load
    cue = pull.cue * (1.0 + person.couplings.incubation * incubation(abstinent))
    often = _often(person, local)
    own, now, met, out = carried.craving, carried.craving, 0, array("d")
    for hour in range(HOURS):
        wall, pressed = local.hour + hour, stress[hour]
        own = pull.kept * own + pull.noise * normal[96 + hour]
        moved = pull.stress * pressed + pull.executive * executive[hour]
        if waking[0] <= wall < waking[1]:
            rate = often[wall % 24]
            if not person.couplings.cue_leads:
                rate = min(0.9, rate * math.exp(min(2.0, _CRAVING_LEADS * now)))
            here = unit[hour] < rate
            met |= here << hour
            moved += cue * (here - pull.cue_base) + (pull.cue_stress * max(0.0, pressed) if here else 0.0)
        now = own + moved
        out.append(now)
        own += _LASTS * moved
    carried.craving = own
    return out, met


def usual_rate(person: Person) -> float:
    """The chance of a cue in a waking hour over a week."""
    return min(0.9, _IN_A_WEEK * person.cue_rate) if person.cue_evenings else person.cue_rate


def _often(person: Person, local: datetime) -> tuple[float, ...]:
    """The chance of a cue by hour of the wall clock: doubled in evenings and on weekends for half of all people."""
    twice = min(0.9, 2.0 * person.cue_rate)
    if not person.cue_evenings:
        return (person.cue_rate,) * 24
    return (twice,) * 24 if local.weekday() >= 5 else (person.cue_rate,) * 17 + (twice,) * 7


def _lapse(
    person: Person,
    pull: Pull,
    start: datetime,
    abstinent: float,
    waking: tuple[float, float],
    felt: tuple[Hours, Hours],
    unit: list[float],
) -> Lapse | None:
    """Use on this day, more often late than early; what was felt between waking and that hour counts."""
    first = min(HOURS - 2, max(0, int(waking[0])))
    last = max(first + 1.0, min(HOURS - 0.01, waking[1]))
    at = first + 1.0 + (last - first - 1.0) * math.sqrt(unit[0])
    craving, executive = felt[0][first : int(at) + 1], felt[1][first : int(at) + 1]
    chance = use_chance(
        person,
        abstinent_days=max(0.0, abstinent),
        craving_sd=sum(craving) / len(craving) / pull.spread,
        executive_sd=sum(executive) / len(executive),
    )
    if unit[1] >= chance:
        return None
    when = start + at * _HOUR
    later = (last - at) * unit[3] if unit[2] < 0.7 else last - at + 6 * HOURS * unit[3]
    return Lapse(when, when + later * _HOUR)
