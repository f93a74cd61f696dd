"""What a person's phone does: its clock, its dead spells, its travels, and how it sends. Shares are assumptions (section 4)."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from api.rehearsal.people.chance import bell, chosen, fraction, numbers
from api.rehearsal.people.terms import Habits, PhoneClock, Spell, Trip

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)

LATE: Final = 0.05
TWICE: Final = 0.01
OPENING_AT_ONCE: Final = 0.2
"""Phones that tell each opening as it happens."""
OPENING_TOLD: Final = 0.8
"""Phones that tell it at all; the others leave it to the answer, which says when it was begun."""
OPENING_WAITS: Final = timedelta(minutes=10)
"""So long the others keep it: most answers have gone out by then and say it too, so a request is spared."""
ABROAD: Final = {
    "America/New_York": "Europe/London",
    "America/Chicago": "America/Los_Angeles",
    "America/Los_Angeles": "America/New_York",
    "Europe/London": "America/New_York",
    "Australia/Sydney": "Australia/Perth",
}
OVER_THE_LINE: Final = {"Australia/Sydney": "America/Los_Angeles"}
"""Where the date line is crossed to; from anywhere else to New Zealand."""


def habits(key: bytes, *, clock: PhoneClock, offline: tuple[Spell, ...], trips: tuple[Trip, ...]) -> Habits:
    """One person's phone; the clock, the spells and the trips are decided for the whole group (`roles`)."""
    return Habits(
        clock=clock,
        offline=tuple(sorted(offline, key=lambda spell: spell.start)),
        trips=trips,
        tells_opening_after=_opening(key),
        late_share=LATE,
        twice_share=TWICE,
        snooze_share=0.06,
        decline_share=0.12,
        partial_share=0.08,
        slip_share=0.004,
        edit_share=0.01,
    )


def _opening(key: bytes) -> timedelta | None:
    some = fraction(key, "opening")
    return timedelta() if some < OPENING_AT_ONCE else OPENING_WAITS if some < OPENING_TOLD else None


def usual_clock(key: bytes) -> PhoneClock:
    """Most phones are right to 2 seconds, one in twenty is minutes off."""
    some, size = fraction(key, "clock"), bell(key, "clock is off")
    return PhoneClock(timedelta(seconds=round(min(2.0, max(-2.0, size)), 3) if some < 0.95 else round(180 * size)))


def wrong_clock(key: bytes) -> PhoneClock:
    """One or two hours off, as after a time zone set by hand."""
    hours = chosen(fraction(key, "wrong clock"), ((-2, 1.0), (-1, 1.0), (1, 1.0), (2, 1.0)))
    return PhoneClock(hours * _HOUR)


def corrected_clock(key: bytes, from_: datetime, to: datetime) -> PhoneClock:
    """Some minutes off, and set right midway."""
    size, when = numbers(key, 2, "corrected clock")
    sign = 1 if fraction(key, "sign") < 0.5 else -1
    return PhoneClock(sign * timedelta(minutes=5 + int(25 * size)), whole(from_ + (to - from_) * (0.4 + 0.2 * when)))


def dead_spells(key: bytes, from_: datetime, to: datetime) -> tuple[Spell, ...]:
    """Offline now and then: on 4% of days, for a quarter of an hour to half a day."""
    out = []
    for day in range(max(0, (to - from_) // _DAY)):
        happens, start, length = numbers(key, 3, "offline", day)
        if happens < 0.04:
            at = from_ + (day + start) * _DAY
            out.append(Spell(whole(at), whole(at + (0.25 + 11.75 * length**2) * _HOUR)))
    return tuple(out)


def long_spell(key: bytes, from_: datetime, to: datetime) -> Spell:
    """Two to four days without a network, in the first two thirds of the study."""
    start, length = numbers(key, 2, "long spell")
    at = from_ + (to - from_) * 0.5 * start
    return Spell(whole(at), whole(at + (2.0 + 2.0 * length) * _DAY))


def trip(key: bytes, home: str, from_: datetime, to: datetime, *, over_the_line: bool = False) -> Trip:
    """Three to six days elsewhere, out and back at midday of the home clock."""
    start, length = numbers(key, 2, "trip")
    zone = OVER_THE_LINE.get(home, "Pacific/Auckland") if over_the_line else ABROAD[home]
    out = from_ + max(timedelta(), to - from_ - 7 * _DAY) * start
    midday = out.astimezone(ZoneInfo(home)).replace(hour=12, minute=0, second=0, microsecond=0).astimezone(UTC)
    return Trip(zone, midday, midday + (3 + int(4 * length)) * _DAY)


def whole(at: datetime) -> datetime:
    """On the second: phones and databases round differently below it."""
    return at.replace(microsecond=0)
