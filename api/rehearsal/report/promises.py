"""What the house promises of every prompt and response, looked for in the rows. Each count must be zero. Pure.

The gap of a stratified design holds in absolute time between any two of its prompts of a person, also across clock changes and
travel, and to the designs that it excludes (prompting.md). A diary that a later move brings near a signal already settled stands.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from api.rehearsal.report.records import ASIDE, ENDED, Prompted, Records, Slot
from models.definition.prompting import Stratified, Uniform
from models.definition.protocol import Protocol

EXAMPLES: Final = 5
"""Of each kind, so many are named; the count is always whole."""

UNSENT_AFTER: Final = timedelta(minutes=5)
"""A prompt that was due longer ago and was never sent is stuck: the dispatcher runs every few seconds."""

KINDS: Final[Mapping[str, str]] = {
    "gap": "two prompts of a design nearer than its guaranteed gap",
    "gap_to_excluded": "a prompt too near to one of a design that its own excludes",
    "outside_window": "a prompt planned outside the window that it was drawn from",
    "sent_before_due": "a prompt sent before it was due",
    "sent_after_expiry": "a prompt sent after it had expired",
    "slot_twice": "two prompts for one slot, or for one source of a follow-up",
    "sent_twice": "a prompt sent twice",
    "stored_twice": "a response stored twice under one client id",
    "lost": "a response that was acknowledged and is not in the dataset",
    "unclaimed": "a stored response whose receipt never came to the phone",
    "stuck": "a prompt that is neither in a terminal state nor still to come",
    "probability": "a draw whose logged probabilities are missing or do not add up to 1",
    "decision_twice": "two decisions at one decision point",
    "alert_stalled": "an open alert that nothing has happened to for longer than its ladder allows",
    "compliance": "a count of compliance that differs from the export's own",
    "unexpected_reply": "a reply of the server that nobody had planned",
    "receipt": "a duplicate whose receipt was not byte for byte the first one",
}
"""Kind of fault -> what it means."""


@dataclass(slots=True)
class Faults:
    """How often each promise was broken, with the first few by id."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, *ids: str) -> None:
        self.counts[kind] += 1
        held = self.examples.setdefault(kind, [])
        if len(held) < EXAMPLES:
            held.append(" ".join(ids))

    def add_many(self, kind: str, number: int) -> None:
        self.counts[kind] += number

    def document(self) -> dict[str, Any]:
        return {
            "total": sum(self.counts.values()),
            "counts": dict(self.counts),
            "examples": dict(sorted(self.examples.items())),
        }


def look(records: Records, faults: Faults) -> dict[str, Any]:
    """Adds what is wrong with slots and prompts to `faults`, and gives the least distances that were seen."""
    nearest: dict[str, dict[str, Any]] = {}
    by_person: dict[str, list[Slot]] = {}
    for slot in records.slots:
        by_person.setdefault(slot.participant_id, []).append(slot)
    for slots in by_person.values():
        _gaps([one for one in slots if one.state not in ASIDE], records.protocols, faults, nearest)
        _twice(slots, faults)
    expires = {one.prompt_id: one.expires_utc for one in records.slots}
    _sources(records.prompts, faults)
    _sendings(records.prompts, expires, faults)
    _windows(records.slots, faults)
    _stuck(records, faults)
    return {"nearest_minutes": [{"design": design, **seen} for design, seen in sorted(nearest.items())]}


def sent_twice(events: Iterable[tuple[Any, ...]], faults: Faults) -> None:
    """`events` are (prompt id, state before, state after) of the log: only one of a prompt's rows may lead into `sent`."""
    sent: set[str] = set()
    for prompt_id, before, after in events:
        if after == "sent" and before != "sent":
            if prompt_id in sent:
                faults.add("sent_twice", prompt_id)
            sent.add(prompt_id)


def _gaps(slots: Sequence[Slot], protocols: Mapping[int, Protocol], faults: Faults, nearest: dict[str, dict[str, Any]]) -> None:
    slots = sorted(slots, key=lambda one: (one.scheduled_utc, one.prompt_id))
    by_design: dict[str, list[Slot]] = {}
    for slot in slots:
        by_design.setdefault(slot.design, []).append(slot)
    for name, own in by_design.items():
        design = protocols[own[-1].protocol_revision].design(name)
        if not isinstance(design, Stratified | Uniform):
            continue
        seen = nearest.setdefault(
            name, {"promised": design.gap_minutes, "seen": None, "promised_to_excluded": None, "seen_to_excluded": None}
        )
        for one, other in pairwise(own):
            _near(one, other, design.gap_minutes, "gap", "seen", faults, seen)
        others = sorted((slot for code in design.exclude for slot in by_design.get(code, ())), key=lambda one: one.scheduled_utc)
        apart = max(design.gap_minutes, design.exclude_minutes)
        if others:
            seen["promised_to_excluded"] = apart
        for one, other in _neighbors(own, others):
            _near(one, other, apart, "gap_to_excluded", "seen_to_excluded", faults, seen)


def _near(one: Slot, other: Slot, promised: int, kind: str, name: str, faults: Faults, seen: dict[str, Any]) -> None:
    apart = abs(other.scheduled_utc - one.scheduled_utc)
    minutes = apart / timedelta(minutes=1)
    seen[name] = minutes if seen[name] is None else min(seen[name], minutes)
    if apart < timedelta(minutes=promised):
        faults.add(kind, one.prompt_id, other.prompt_id)


def _neighbors(own: Sequence[Slot], others: Sequence[Slot]) -> Iterator[tuple[Slot, Slot]]:
    """Each prompt with the nearest excluded ones before and after it, both in order of time; without those that a later move brought."""
    place = 0
    for one in own:
        while place < len(others) and others[place].scheduled_utc <= one.scheduled_utc:
            place += 1
        if place:
            yield one, others[place - 1]
        if place < len(others) and others[place].iana_tz == one.iana_tz:
            yield one, others[place]


def _twice(slots: Iterable[Slot], faults: Faults) -> None:
    """A follow-up's slot is its source, which `_sources` looks at."""
    seen: set[tuple[str, object, int]] = set()
    for slot in slots:
        key = (slot.design, slot.slot_date, slot.slot_index)
        if slot.design_kind != "follow_up" and key in seen:
            faults.add("slot_twice", slot.prompt_id)
        seen.add(key)


def _sources(prompts: Iterable[Prompted], faults: Faults) -> None:
    seen: set[tuple[str | None, ...]] = set()
    for row in prompts:
        if row.source_response_id is None:
            continue
        key = (row.participant_id, row.design, row.source_response_id)
        if key in seen:
            faults.add("slot_twice", row.prompt_id or "")
        seen.add(key)


def _sendings(prompts: Iterable[Prompted], expires: Mapping[str, datetime], faults: Faults) -> None:
    for row in prompts:
        if row.sent_utc is None or row.prompt_id is None or row.scheduled_utc is None:
            continue
        if row.sent_utc < row.scheduled_utc:
            faults.add("sent_before_due", row.prompt_id)
        if row.sent_utc > expires[row.prompt_id]:
            faults.add("sent_after_expiry", row.prompt_id)


def _windows(slots: Iterable[Slot], faults: Faults) -> None:
    for slot in slots:
        if slot.state not in ASIDE and not slot.window_start_utc <= slot.scheduled_utc <= slot.window_end_utc:
            faults.add("outside_window", slot.prompt_id)


def _stuck(records: Records, faults: Faults) -> None:
    for slot in records.slots:
        if slot.state in ENDED:
            continue
        as_of = records.known_until(slot.participant_id)
        unsent = slot.state in {"planned", "queued"} and slot.scheduled_utc + UNSENT_AFTER < as_of
        if unsent or slot.expires_utc < as_of:
            faults.add("stuck", slot.prompt_id)
