"""What a rehearsal's driver itself saw: the record that its report stands on, beside the exported dataset.

Nothing here was read from the database. Frozen, and JSON by `document()`; `read` gives it back.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Replies:
    """One route as its callers saw it; latencies in milliseconds of the wall clock, from request sent to body read."""

    method: str
    route: str
    """The path with its ids as names: `/v1/participant/responses/{id}`."""
    statuses: Mapping[str, int]
    """Replies by HTTP status, as text: JSON has no other keys. `0`: no reply came."""
    count: int
    p50: float
    p99: float
    slowest: float
    histogram: tuple[tuple[float, int], ...]
    """(upper bound in milliseconds, how many were at or below it and above the one before), ascending; empty ones are left out."""


@dataclass(frozen=True, slots=True)
class PersonSaw:
    """One simulated person, by number; instants are study time."""

    number: int
    enrollment_id: str
    zone: str
    """Where the person lives."""
    acknowledged: int
    """Distinct response ids for which a receipt came."""
    left: str | None
    """How the person left: pause_prompts, stop_collection, stop_use, erase_identifiers; None: stayed."""
    left_at: datetime | None
    acts: Mapping[str, int]
    """By kind; the words are those of `Happened.acts`."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Submissions refused by the server, by reason. `expected`: the phone sent it to be refused."""

    status: int
    code: str
    expected: bool
    count: int


@dataclass(frozen=True, slots=True)
class AlertWorked:
    """One alert as the coordinators worked it; minutes of study time since it opened, None where the act did not happen."""

    alert_id: str
    tier: int
    opened_at: datetime
    opened_staffed: bool
    """Whether it opened in hours in which a coordinator of this rehearsal was at work."""
    seen_minutes: float | None
    acknowledged_minutes: float | None
    resolved_minutes: float | None
    disposition: str | None
    rung: int
    """The rung it had reached when it was acknowledged, or where it was last seen; from 1."""
    minutes_spent: int | None


@dataclass(frozen=True, slots=True)
class HouseSaw:
    """One of several houses that a rehearsal was lived in side by side."""

    house: int
    """From 1; its files are in `house-1`."""
    people: int
    staff: int
    study_id: str
    ended_at: datetime
    """Study time when it stopped; each house has a clock of its own."""
    requests: int
    wall_seconds: float
    drive_seconds: float
    export_sha256: str | None
    export_bytes: int


@dataclass(frozen=True, slots=True)
class Unexpected:
    """A reply that nobody planned: the rehearsal has found a fault, of the server or of the driver."""

    at: datetime
    """Study time."""
    method: str
    route: str
    status: int
    code: str | None
    person: int | None


@dataclass(frozen=True, slots=True)
class Happened:
    """Everything the driver saw, from the first request to the export; of several houses, what their drivers saw together."""

    synthetic: bool
    """Always true: simulated people."""
    seed: int
    people: int
    days: int
    staff: int
    preset: str | None
    mnar: float | None
    protocol_name: str
    protocol_version: str
    protocol_checksum: str
    study_id: str
    """Each house has a study of its own: of several it is the first one's, and `houses` has all."""
    started_at: datetime
    """Study time at the first enrollment."""
    ended_at: datetime
    """Study time when the rehearsal stopped, after the drain; of several houses, when the last one did."""
    complete: bool
    """False: stopped before the end (Ctrl-C); the figures are those until `ended_at`."""
    wall_seconds: float
    """Of several houses this one and the three below are the slowest one's: they were lived at the same time."""
    drive_seconds: float
    """Of these, driving: without starting the server, exporting and reporting."""
    clock_seconds: float
    """Of these, moving study time: the duties."""
    ticks: int
    versions: Mapping[str, str]
    """breakwater, python, sqlite or postgresql, tzdata …"""
    platform: str
    database: str
    """sqlite or postgresql."""
    routes: tuple[Replies, ...]
    persons: tuple[PersonSaw, ...]
    acknowledged: int
    """Distinct (person, response id) for which a receipt came."""
    acknowledged_digest: str
    """sha256 over the sorted `number response-id` lines; the report compares sets by it without carrying them."""
    duplicates_sent: int
    """Submissions sent again under the same id and content, one after the other or at once."""
    duplicates_equal: int
    """Of these, those whose receipt was byte for byte the first one."""
    conflicts: int
    """Other content under a taken id, refused with 409 as it must be."""
    refusals: tuple[Refusal, ...]
    content: Mapping[str, int]
    """Content that came in replies, by kind (steps, scene, own_reminder …); `none` where the decision had none."""
    prompts_noticed: int
    prompts_ignored: int
    alerts: tuple[AlertWorked, ...]
    acts: Mapping[str, int]
    """How often: answer, late_answer, self_report, batch, duplicate, simultaneous, conflict, wrong, edit, snooze, decline, open,
    event, list, scene, rating, engagement, trip, zone_change, pause, resume, leave, disclosure, ask_for_help, clock_error,
    offline_spell, token_refresh, retry …"""
    unexpected: tuple[Unexpected, ...]
    """Must be empty."""
    export_sha256: str | None
    """Of several houses None: each has a dataset of its own (`houses`)."""
    export_bytes: int
    world: str | None = None
    stored: int | None = None
    """Distinct (person, response id) that the server lists at the end, read over the API for everyone; None: stopped before."""
    lost: int | None = None
    """Acknowledged and not listed. Must be 0."""
    doubled: int | None = None
    """Listed two times with the same revision. Must be 0."""
    unclaimed: int | None = None
    """Listed, and the receipt never came. Must be 0: every upload was tried until it was answered."""
    houses: tuple[HouseSaw, ...] = ()
    """Where it was lived in several; empty for one."""

    def document(self) -> dict[str, Any]:
        """As plain JSON types; instants in ISO 8601."""
        plain: dict[str, Any] = msgspec.to_builtins(asdict(self))
        return plain


def read(document: Mapping[str, Any]) -> Happened:
    """What `document()` gave. Raises msgspec.ValidationError where it is none."""
    return msgspec.convert(document, Happened)
