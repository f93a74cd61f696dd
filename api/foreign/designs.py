"""Foreign schedules on our designs. This file alone knows which of our designs says what; it widens as the designs do.

A cycle of days becomes fixed wall-clock times over ranges of study days: one design for each run of days with the same times. Times that
were written by hand stay as they are, or are drawn anew for each person where that is asked for.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final, Literal

from api.foreign.names import code_of
from api.foreign.notes import Kind, Notes
from api.foreign.schedule import Schedule
from models.definition.checks.fit import minutes
from models.definition.checks.texts import neutral
from models.definition.prompting import Design, Event, Expiry, Fixed, Reminders, Stratified, When
from models.kinds import TimedEventKind

MAX_REMINDERS: Final = 5


@dataclass(frozen=True, slots=True)
class Target:
    """The study that the designs are for. `by_chance`: draw anew what was written by hand. A push must be in its `language`."""

    length_days: int
    language: str
    by_chance: bool = False


def designs_of(schedule: Schedule, instrument: str, design: str, taken: Set[str], target: Target, notes: Notes) -> tuple[Design, ...]:
    """The designs of a schedule. Their ids begin with `design`, and none is of `taken`."""
    expiry, push, length_days = _expiry(schedule, notes), _push(schedule, target.language, notes), target.length_days
    if schedule.start == "person":
        return (Event(id=design, instrument=instrument, expiry=expiry, push=push),)
    anchor: Literal["enrollment"] | TimedEventKind = TimedEventKind.VISIT if schedule.start == "visit" else "enrollment"
    if schedule.start == "enrollment" and schedule.last_day > length_days:
        message = f"Its cycle goes on to day {schedule.last_day}; the study has {length_days}."
        notes.add(Kind.SCHEDULE_CUT, schedule.place, schedule.name, message)
    if schedule.written_by_hand:
        drawn = _drawn(schedule, instrument, design, expiry, push, length_days) if target.by_chance else None
        if drawn is not None:
            message = "Times that were written by hand are drawn anew for each person, in equal blocks of the wake window."
            notes.add(Kind.TIMES_DRAWN_ANEW, schedule.place, schedule.name, message)
            return (drawn,)
        message = "Times that differ from day to day were written by hand and are the same for everybody; no chance is in them."
        notes.add(Kind.TIMES_WRITTEN_BY_HAND, schedule.place, schedule.name, message)
    runs = list(_runs(schedule.by_day(length_days if schedule.start == "enrollment" else max(1, schedule.last_day))))
    ends = None if schedule.start == "visit" else length_days
    return tuple(
        Fixed(
            id=design if len(runs) == 1 else code_of(f"{design}_d{first}", taken),
            instrument=instrument,
            when=When(first_day=first, last_day=None if last == ends else last, anchor=anchor),
            expiry=expiry,
            push=push,
            times=times,
        )
        for first, last, times in runs
    )


def _drawn(
    schedule: Schedule, instrument: str, design: str, expiry: Expiry, push: dict[str, str] | None, length_days: int
) -> Stratified | None:
    """As many prompts a day, as far apart as the nearest two of the study; None where some day has none, or another number."""
    days = schedule.by_day(length_days)
    numbers = {len(times) for times in days.values()}
    if schedule.start != "enrollment" or len(days) < length_days or len(numbers) != 1:
        return None
    clocks = [sorted(map(minutes, times)) for times in days.values()]
    gap = min((later - earlier for times in clocks for earlier, later in pairwise(times)), default=0)
    return Stratified(id=design, instrument=instrument, expiry=expiry, push=push, prompts=numbers.pop(), gap_minutes=gap)


def _runs(days: dict[int, tuple[str, ...]]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """First day, last day and times of each run of days that follow each other with the same times."""
    for (_, times), run in groupby(enumerate(days.items()), key=lambda one: (one[1][0] - one[0], one[1][1])):
        numbers = [day for _, (day, _) in run]
        yield numbers[0], numbers[-1], times


def _expiry(schedule: Schedule, notes: Notes) -> Expiry:
    """Reminders here are equally far apart and end before the prompt does."""
    wanted = tuple(sorted(set(schedule.reminders)))
    every = wanted[0] if wanted else 15
    kept = [one for number, one in enumerate(wanted[:MAX_REMINDERS], start=1) if one == every * number and one < schedule.expiry_minutes]
    if len(kept) < len(wanted):
        asked = " ".join(str(one) for one in wanted)
        message = f"{len(wanted) - len(kept)} reminders come after the end, or are not equally far apart."
        notes.add(Kind.REMINDER_NOT_CARRIED, schedule.place, schedule.name, message, f"minutes after the prompt: {asked}")
    reminders = Reminders(count=len(kept), every_minutes=every) if kept else Reminders()
    return Expiry(minutes=schedule.expiry_minutes, reminders=reminders)


def _push(schedule: Schedule, language: str, notes: Notes) -> dict[str, str] | None:
    """The words of the lock screen, where nothing in them is about health."""
    if all(neutral(words) for words in schedule.push.values()):
        return dict(schedule.push) if language in schedule.push else None
    words = " | ".join(schedule.push.values())
    notes.add(Kind.PUSH_NOT_NEUTRAL, schedule.place, schedule.name, "A notification speaks of health; the neutral one is sent.", words)
    return None
