"""Designs that cannot be kept: refused here with the numbers, never bent at run time."""

import itertools
from collections.abc import Iterator
from typing import Final

from models.definition.base import pointer
from models.definition.checks.fit import CLOCK_CHANGE_MINUTES, first_unfit, kept_away, length, minutes, most
from models.definition.prompting import Design, Event, Fixed, FollowUp, Interval, Stratified, Uniform, WakeBounds, Window
from models.definition.protocol import Protocol
from models.errors import Fault
from models.kinds import InstrumentKind

Path = tuple[str | int, ...]

SHORTEST_INTERVAL: Final = 10
"""Minutes. A design that asks more often than this is a slip of the unit."""

LONGEST_MINUTES: Final = 3660 * 1440
"""Of the longest study. What lasts longer is a slip too, and far beyond it no date can be worked out."""


def faults(protocol: Protocol) -> Iterator[Fault]:
    yield from _wake(protocol.wake)
    for place, design in enumerate(protocol.designs):
        at: Path = ("designs", place)
        yield from _days(protocol, at, design)
        yield from _expiry(at, design)
        yield from _longest(at, design)
        yield from _reports(protocol, at, design)
        if isinstance(design, Stratified | Uniform) and design.hours is not None:
            yield from _hours(protocol, at, design)
        if isinstance(design, Stratified | Uniform) and design.exclude_minutes and not design.exclude:
            message = f"These {design.exclude_minutes} minutes hold to the designs in `exclude`, and none is named there."
            yield Fault(pointer(*at, "exclude_minutes"), "nothing_excluded", message)
        if isinstance(design, Stratified):
            yield from _stratified(protocol, at, design)
        if isinstance(design, Uniform):
            yield from _uniform(protocol, at, design)
        if isinstance(design, Interval):
            yield from _interval(at, design)
        if isinstance(design, Fixed):
            yield from _times(at, design)
        if isinstance(design, Window):
            yield from _inside(protocol.wake, at, design)
        if _momentary(protocol, design):
            yield from _overlap(protocol.wake, at, design)


def _wake(wake: WakeBounds) -> Iterator[Fault]:
    if wake.shortest_hours > wake.longest_hours:
        yield Fault(
            "/wake/shortest_hours", "wake_bounds", f"{wake.shortest_hours:g} h is longer than the longest, {wake.longest_hours:g} h."
        )
    for name, window in (("weekday", wake.default.weekday), ("weekend", wake.default.weekend)):
        hours = length(window.start, window.end) / 60
        if not wake.shortest_hours <= hours <= wake.longest_hours:
            message = f"This window has {hours:g} h; allowed are {wake.shortest_hours:g} to {wake.longest_hours:g} h."
            yield Fault(pointer("wake", "default", name), "wake_default_out_of_bounds", message)


def _days(protocol: Protocol, at: Path, design: Design) -> Iterator[Fault]:
    when = design.when
    if when.last_day is not None and when.last_day < when.first_day:
        yield Fault(pointer(*at, "when", "last_day"), "days_reversed", f"Day {when.last_day} is before the first day, {when.first_day}.")
    if when.anchor == "enrollment" and when.first_day > protocol.length_days:
        message = f"Day {when.first_day} is after the last day of the study, {protocol.length_days}."
        yield Fault(pointer(*at, "when", "first_day"), "day_after_end", message)


def _expiry(at: Path, design: Design) -> Iterator[Fault]:
    expiry = design.expiry
    last = expiry.reminders.count * expiry.reminders.every_minutes
    if expiry.reminders.count and last >= expiry.minutes:
        message = f"The last reminder comes after {last} minutes, and the prompt ends after {expiry.minutes}."
        yield Fault(pointer(*at, "expiry", "reminders"), "reminder_after_expiry", message)
    if expiry.snoozes and expiry.snooze_minutes >= expiry.minutes:
        message = f"A snooze of {expiry.snooze_minutes} minutes outlasts the prompt, {expiry.minutes} minutes."
        yield Fault(pointer(*at, "expiry", "snooze_minutes"), "snooze_after_expiry", message)


def _longest(at: Path, design: Design) -> Iterator[Fault]:
    spans: list[tuple[Path, int]] = [(("expiry", "minutes"), design.expiry.minutes)]
    if isinstance(design, FollowUp):
        spans += [(("delay_minutes",), design.delay_minutes), (("cooldown_minutes",), design.cooldown_minutes)]
    for member, lasts in spans:
        if lasts > LONGEST_MINUTES:
            message = f"{lasts} minutes are more than the longest study has, {LONGEST_MINUTES}."
            yield Fault(pointer(*at, *member), "longer_than_any_study", message)


def _times(at: Path, design: Fixed) -> Iterator[Fault]:
    for place, time in enumerate(design.times):
        if time in design.times[:place]:
            yield Fault(pointer(*at, "times", place), "time_twice", "This time stands earlier in the list: two prompts would come at once.")


def _reports(protocol: Protocol, at: Path, design: Design) -> Iterator[Fault]:
    instrument = protocol.instrument(design.instrument)
    if instrument is not None and instrument.started_by_person and not isinstance(design, Event):
        yield Fault(
            pointer(*at, "instrument"), "report_scheduled", "A report is started by the person; only a design of kind event may name it."
        )
    if isinstance(design, FollowUp) and not _followed(protocol, design.instrument).isdisjoint(design.after):
        yield Fault(
            pointer(*at, "after"),
            "follow_up_of_itself",
            "A follow-up does not follow its own instrument, nor one that follows it: it would never end.",
        )


def _followed(protocol: Protocol, instrument: str) -> set[str]:
    """The instrument, and all that follow-ups of its answers ask, and follow-ups of theirs."""
    reached, waiting = {instrument}, [instrument]
    while waiting:
        one = waiting.pop()
        asked = {design.instrument for design in protocol.designs if isinstance(design, FollowUp) and one in design.after}
        waiting += asked - reached
        reached |= asked
    return reached


def _stratified(protocol: Protocol, at: Path, design: Stratified) -> Iterator[Fault]:
    shortest = _shortest(protocol.wake, design)
    for window in (shortest, shortest - CLOCK_CHANGE_MINUTES):
        block = _unfit(protocol, design, window)
        if block is not None:
            yield Fault(
                pointer(*at),
                "sampling_infeasible",
                f"{_needs(design, shortest, window)}, and block {block} of {design.prompts} has no room.",
            )
            return


def _unfit(protocol: Protocol, design: Stratified, window: float) -> int | None:
    others = _others(protocol, design)
    start, end = float(design.from_start_minutes), window - design.to_end_minutes
    if end - start < design.prompts - 1:
        return 1
    for away in kept_away(design, others, window):
        block = first_unfit(design.prompts, design.gap_minutes, start, end, away)
        if block is not None:
            return block
    return None


def _others(protocol: Protocol, design: Stratified | Uniform) -> list[Fixed | Window]:
    """The designs that it stays away from."""
    return [one for one in map(protocol.design, design.exclude) if isinstance(one, Fixed | Window)]


def _shortest(wake: WakeBounds, design: Stratified | Uniform) -> float:
    """Minutes of the window on an ordinary day, for the person whose window is shortest."""
    return wake.shortest_hours * 60 if design.hours is None else length(design.hours.start, design.hours.end)


def _hours(protocol: Protocol, at: Path, design: Stratified | Uniform) -> Iterator[Fault]:
    """A clock window that people sleep through would be blocked at run time, day by day."""
    assert design.hours is not None
    open_for = length(design.hours.start, design.hours.end)
    for name, window in (("weekday", protocol.wake.default.weekday), ("weekend", protocol.wake.default.weekend)):
        after = (minutes(design.hours.start) - minutes(window.start)) % 1440
        awake = length(window.start, window.end)
        if after + open_for > awake:
            message = f"These hours begin {after} minutes after the default {name} window and last {open_for}; that window has {awake}."
            yield Fault(pointer(*at, "hours"), "hours_outside_wake", message)
    if any(isinstance(other, Window) for other in _others(protocol, design)):
        message = "In clock hours only designs at fixed times can be kept away from; those relative to waking may fall anywhere."
        yield Fault(pointer(*at, "exclude"), "excluded_design_kind", message)


def _uniform(protocol: Protocol, at: Path, design: Uniform) -> Iterator[Fault]:
    shortest = _shortest(protocol.wake, design)
    for window in (shortest, shortest - CLOCK_CHANGE_MINUTES):
        room = _room(protocol, design, window)
        if room < design.prompts:
            yield Fault(pointer(*at), "sampling_infeasible", f"{_needs(design, shortest, window)}, and there is room for {room}.")
            return


def _room(protocol: Protocol, design: Uniform, window: float) -> int:
    """How many prompts fit, however the person's hours lie to the designs that it stays away from."""
    start, end = float(design.from_start_minutes), window - design.to_end_minutes
    return min(most(design.gap_minutes, start, end, away) for away in kept_away(design, _others(protocol, design), window))


def _step(design: Interval) -> int:
    """Minutes of an ordinary interval."""
    return design.every * {"minutes": 1, "hours": 60, "days": 1440}[design.unit]


def _interval(at: Path, design: Interval) -> Iterator[Fault]:
    step = _step(design)
    if step < SHORTEST_INTERVAL:
        message = f"An interval of {step} minutes is shorter than {SHORTEST_INTERVAL}."
        yield Fault(pointer(*at, "every"), "interval_too_short", message)
    shortest = step - (CLOCK_CHANGE_MINUTES if design.unit == "days" else 0)
    if design.jitter_minutes >= shortest:
        message = f"A jitter of {design.jitter_minutes} minutes reaches the next prompt, at the nearest {shortest} minutes later."
        yield Fault(pointer(*at, "jitter_minutes"), "jitter_reaches_next", message)


def _needs(design: Stratified | Uniform, shortest: float, window: float) -> str:
    change = "" if window == shortest else f", {window:g} on the day the clocks go forward"
    left = window - design.from_start_minutes - design.to_end_minutes
    apart = max(design.gap_minutes, design.exclude_minutes)
    near = f" and {apart} minutes from {', '.join(design.exclude)}" if design.exclude else ""
    return (
        f"{design.prompts} prompts, {design.gap_minutes} minutes apart{near}, do not fit: "
        f"the shortest {'wake ' if design.hours is None else ''}window has {shortest:g} minutes{change}; "
        f"after {design.from_start_minutes} at its start and {design.to_end_minutes} at its end {max(left, 0):g} are left, "
        f"{(design.prompts - 1) * design.gap_minutes} are needed for the gaps alone"
    )


def _inside(wake: WakeBounds, at: Path, design: Window) -> Iterator[Fault]:
    shortest = wake.shortest_hours * 60 - CLOCK_CHANGE_MINUTES
    first, last = design.offset_minutes, design.offset_minutes + design.jitter_minutes
    low, high = (0.0, shortest) if design.edge == "start" else (-shortest, 0.0)
    if not (low <= first and last <= high):
        message = (
            f"From the {design.edge} of the wake window the prompt comes between {first} and {last} minutes; "
            f"in the shortest window that a clock change leaves, it must lie between {low:g} and {high:g}."
        )
        yield Fault(pointer(*at, "offset_minutes"), "prompt_outside_window", message)


def _momentary(protocol: Protocol, design: Design) -> bool:
    instrument = protocol.instrument(design.instrument)
    return instrument is not None and instrument.kind is InstrumentKind.MOMENTARY


def _overlap(wake: WakeBounds, at: Path, design: Design) -> Iterator[Fault]:
    """Only where no draw can avoid it that a check-in is still open when the next is due."""
    open_for = design.expiry.minutes
    if isinstance(design, Stratified | Uniform) and design.prompts > 1:
        left = _shortest(wake, design) - design.from_start_minutes - design.to_end_minutes
        if (design.prompts - 1) * open_for > left >= 0:
            message = (
                f"{design.prompts} prompts, each open for {open_for} minutes, always overlap in the shortest window's {left:g} minutes."
            )
            yield Fault(pointer(*at, "expiry", "minutes"), "expiry_overlaps", message)
    if isinstance(design, Interval) and open_for > (farthest := _step(design) + design.jitter_minutes):
        message = f"The next prompt comes at the latest {farthest} minutes later, and each is open for {open_for} minutes."
        yield Fault(pointer(*at, "expiry", "minutes"), "expiry_overlaps", message)
    if isinstance(design, Fixed):
        clocks = sorted(minutes(time) for time in design.times)
        nearest = min((later - earlier for earlier, later in itertools.pairwise(clocks)), default=None)
        if nearest is not None and nearest < open_for:
            message = f"Two times are {nearest} minutes apart, and each prompt is open for {open_for} minutes."
            yield Fault(pointer(*at, "expiry", "minutes"), "expiry_overlaps", message)
