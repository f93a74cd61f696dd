"""What no study may loosen: someone answers, in time, and a screen says so when nobody does (safety.md 5 to 7)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from models.definition.base import pointer
from models.definition.checks.fit import uncovered
from models.definition.escalation import Disclosure, Ladder
from models.definition.expression import items_read
from models.definition.instrument import CUES
from models.definition.prompting import Event, FollowUp
from models.definition.protocol import Protocol
from models.errors import Fault
from models.kinds import RungTarget


@dataclass(frozen=True, slots=True)
class Bound:
    """The slowest that a ladder may be, in minutes; studies may only be quicker. None: no bound."""

    acknowledge: int
    snooze: int
    acknowledgement: int
    wait: int | None


BOUNDS: Final[Mapping[int, Bound]] = {
    4: Bound(acknowledge=15, snooze=0, acknowledgement=30, wait=0),
    3: Bound(acknowledge=60, snooze=240, acknowledgement=240, wait=0),
    2: Bound(acknowledge=4320, snooze=1440, acknowledgement=4320, wait=None),
}
"""Tier 2 is one business day, which over a weekend is 72 hours."""


def faults(protocol: Protocol) -> Iterator[Fault]:
    yield from _tiers(protocol)
    for place, ladder in enumerate(protocol.ladders):
        yield from _ladder(place, ladder)
    yield from _staffed(protocol)
    yield from _cues(protocol)
    for place, disclosure in enumerate(protocol.disclosures):
        if disclosure.tier == 4 and disclosure.screen != "crisis":
            yield Fault(
                pointer("disclosures", place, "screen"),
                "screen_not_crisis",
                "After a tier 4 disclosure the phone shows the crisis page first.",
            )


def _tiers(protocol: Protocol) -> Iterator[Fault]:
    uses = [(pointer("disclosures", place, "tier"), one.tier) for place, one in enumerate(protocol.disclosures)]
    uses += [(pointer("alert_rules", place, "tier"), one.tier) for place, one in enumerate(protocol.alert_rules)]
    for where, tier in uses:
        if protocol.ladder(tier) is None:
            yield Fault(where, "ladder_missing", f"There is no ladder for tier {tier}.")


def _ladder(place: int, ladder: Ladder) -> Iterator[Fault]:
    at = ("ladders", place)
    last = len(ladder.rungs) - 1
    if ladder.rungs[last].to is RungTarget.SYSTEM:
        yield Fault(
            pointer(*at, "rungs", last, "to"), "ladder_without_human", "The last rung repeats until a human acts, so it is a human."
        )
    bound = BOUNDS[ladder.tier]
    for number, rung in enumerate(ladder.rungs):
        if rung.acknowledge_minutes > bound.acknowledge:
            where = pointer(*at, "rungs", number, "acknowledge_minutes")
            yield Fault(where, "ladder_too_slow", f"Tier {ladder.tier} waits at most {bound.acknowledge} minutes on a rung.")
        if rung.repeat_minutes > rung.acknowledge_minutes:
            yield Fault(pointer(*at, "rungs", number, "repeat_minutes"), "ladder_never_repeats", "The rung ends before it is told again.")
    limits = (
        ("snooze_limit_minutes", ladder.snooze_limit_minutes, bound.snooze),
        ("acknowledgement_minutes", ladder.acknowledgement_minutes, bound.acknowledgement),
        ("group_wait_minutes", ladder.group_wait_minutes, bound.wait),
    )
    for name, value, limit in limits:
        if limit is not None and value > limit:
            yield Fault(pointer(*at, name), "ladder_too_slow", f"Tier {ladder.tier} allows at most {limit} minutes here.")


def _staffed(protocol: Protocol) -> Iterator[Fault]:
    staffing = protocol.staffing
    unstaffed = sorted({one.tier for one in _reachable(protocol)} - staffing.tiers())
    if unstaffed:
        tiers = " and ".join(str(tier) for tier in unstaffed)
        message = f"Nobody is staffed for tier {tiers}: no scheduled item can reach tier 3 or 4 unless someone is."
        yield Fault("/staffing/hours", "no_staffed_path", message)
    for tier in sorted({one.tier for one in protocol.disclosures if one.tier >= 3}):
        spans = [(day, hours.start, hours.end) for hours in staffing.hours if tier in hours.tiers for day in hours.weekdays]
        missing = uncovered(spans)
        if missing and staffing.outside_hours is None:
            message = f"Tier {tier} is not staffed for {missing / 60:g} of the week's 168 hours: say what a person is told then."
            yield Fault("/staffing/outside_hours", "outside_hours_missing", message)


def _cues(protocol: Protocol) -> Iterator[Fault]:
    """Prompts do not cue (safety.md rule 1): the person's own reminders stand in what they start, and nowhere else."""
    prompted = protocol.prompted()
    for i, instrument in enumerate(protocol.instruments):
        for j, item in enumerate(instrument.items):
            if item.options_from == CUES and instrument.id in prompted:
                where = pointer("instruments", i, "items", j, "options_from")
                yield Fault(where, "cue_in_prompt", "A prompt that the person did not start offers none of their own reminders.")


def _reachable(protocol: Protocol) -> Iterator[Disclosure]:
    """Disclosures of tier 3 and 4 that an answer to a scheduled prompt can make."""
    scheduled = {design.instrument for design in protocol.designs if not isinstance(design, Event | FollowUp)}
    for disclosure in protocol.disclosures:
        about = set(disclosure.instruments) & scheduled if disclosure.instruments else scheduled
        asked = {item.id for instrument in protocol.instruments if instrument.id in about for item in instrument.items}
        if disclosure.tier >= 3 and not asked.isdisjoint(items_read(disclosure.when)):
            yield disclosure
