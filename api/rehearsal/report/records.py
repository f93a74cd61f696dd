"""The rows of a dataset as a report reads them. Pure but for `load`, which reads the archive."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import Any, Final, Self

from api.rehearsal.report.dataset import Dataset
from models.definition.protocol import Protocol
from models.errors import Invalid

ASIDE: Final = frozenset({"blocked", "superseded", "cancelled"})
"""States of a slot that asks nothing."""

ENDED: Final = ASIDE | {"completed", "partial", "declined", "expired"}


@dataclass(frozen=True, slots=True)
class Person:
    participant_id: str
    state: str
    start_date: date
    started_utc: datetime
    ended_utc: datetime | None
    last_study_day: int | None
    n_zones: int
    left: str | None


@dataclass(frozen=True, slots=True)
class Prompted:
    """A row of the prompt table. The field names are the column names."""

    participant_id: str
    row_kind: str
    prompt_id: str | None
    response_id: str | None
    instrument: str
    design: str | None
    trigger: str
    study_day: int | None
    weekday: int | None
    scheduled_local: str | None
    scheduled_utc: datetime | None
    sent_utc: datetime | None
    first_answer_local: str | None
    completed_local: str | None
    completed_utc: datetime | None
    server_received_utc: datetime | None
    iana_tz: str | None
    tz_changed: bool | None
    state: str | None
    status: str
    reason: str | None
    timing: str | None
    n_responses: int | None
    duration_s: float | None
    clock_suspect: bool | None
    source_response_id: str | None

    @property
    def answered(self) -> bool:
        return self.response_id is not None

    @property
    def asked_hour(self) -> int | None:
        """Local clock hour of the planned moment, 0 to 23."""
        return _hour(self.scheduled_local)

    @property
    def answer_hour(self) -> int | None:
        """Local clock hour of the answer; of a partial one, of its first item."""
        return _hour(self.completed_local or self.first_answer_local)


@dataclass(frozen=True, slots=True)
class Slot:
    """A row of the schedule."""

    participant_id: str
    prompt_id: str
    design: str
    design_kind: str
    instrument: str
    protocol_revision: int
    slot_date: date
    slot_index: int
    study_day: int | None
    scheduled_utc: datetime
    window_start_utc: datetime
    window_end_utc: datetime
    expires_utc: datetime
    iana_tz: str
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Decided:
    """A row of the decisions."""

    participant_id: str
    decision_id: str
    point: str
    source_id: str
    decided_utc: datetime
    availability: bool
    unavailable: str | None
    mode: str | None
    rule: str | None
    arm: str | None
    prob_arm: float | None
    treatment: bool
    prob_treatment: float | None
    arm_probabilities: Mapping[str, float] | None
    content: str | None
    prob_content: float | None
    content_probabilities: Mapping[str, float] | None
    reason: str | None
    outcome_status: str | None


@dataclass(frozen=True, slots=True)
class Alerted:
    """A row of the alerts."""

    participant_id: str
    alert_id: str
    tier: int
    family: str
    state: str
    opened_utc: datetime
    acknowledged_utc: datetime | None
    resolved_utc: datetime | None
    disposition: str | None
    minutes_spent: int | None
    highest_rung: int | None


@dataclass(frozen=True, slots=True)
class Estimated:
    """A row of the estimates: revision 1, what was known then."""

    participant_id: str
    as_of_utc: datetime
    evidence: str
    age_hours: float | None
    level: float | None
    rise: float | None


@dataclass(frozen=True, slots=True)
class Records:
    """What a report holds in memory: one row per person, slot, entry, decision and alert, never one per answer."""

    persons: tuple[Person, ...]
    prompts: tuple[Prompted, ...]
    slots: tuple[Slot, ...]
    decisions: tuple[Decided, ...]
    alerts: tuple[Alerted, ...]
    estimates: tuple[Estimated, ...]
    protocols: Mapping[int, Protocol]
    as_of: datetime
    """The study time of the export; of several houses the latest."""
    ended: Mapping[str, datetime] = field(default_factory=dict)
    """By person, where several houses were joined: the study time of the own house's export."""

    @classmethod
    def load(cls, dataset: Dataset) -> Self:
        return cls(
            persons=_all(dataset, "participants", Person),
            prompts=_all(dataset, "prompts", Prompted),
            slots=_all(dataset, "schedule", Slot),
            decisions=_all(dataset, "decisions", Decided),
            alerts=_all(dataset, "alerts", Alerted),
            estimates=_estimates(dataset),
            protocols=dataset.protocols(),
            as_of=datetime.fromisoformat(dataset.manifest["as_of"]),
        )

    @classmethod
    def joined(cls, houses: Sequence[Self]) -> Self:
        """Everyone of several houses that lived the same protocol. Raises Invalid where an id stands in two of them."""
        if len(houses) == 1:
            return houses[0]
        people = [one.participant_id for house in houses for one in house.persons]
        if len(set(people)) < len(people):
            raise Invalid("houses_collide", "Two houses' datasets name the same person: they are no parts of one rehearsal.")
        if any(one.protocols != houses[0].protocols for one in houses):
            raise Invalid("houses_differ", "The houses' datasets were made under different protocols: they are no parts of one rehearsal.")
        return cls(
            persons=tuple(chain.from_iterable(one.persons for one in houses)),
            prompts=tuple(chain.from_iterable(one.prompts for one in houses)),
            slots=tuple(chain.from_iterable(one.slots for one in houses)),
            decisions=tuple(chain.from_iterable(one.decisions for one in houses)),
            alerts=tuple(chain.from_iterable(one.alerts for one in houses)),
            estimates=tuple(chain.from_iterable(one.estimates for one in houses)),
            protocols=houses[0].protocols,
            as_of=max(one.as_of for one in houses),
            ended={one.participant_id: house.as_of for house in houses for one in house.persons},
        )

    def known_until(self, participant_id: str) -> datetime:
        """Until when the rows tell of this person."""
        return self.ended.get(participant_id, self.as_of)

    def come(self) -> Iterator[Prompted]:
        """Prompts and entries whose moment has come. A prompt that was answered early is a row before that."""
        return (one for one in self.prompts if one.scheduled_utc is None or one.scheduled_utc <= self.known_until(one.participant_id))

    @property
    def protocol(self) -> Protocol:
        """The newest revision."""
        return self.protocols[max(self.protocols)]

    def days(self, until: datetime) -> dict[str, int]:
        """Study days that each person has taken part in: to the last planned prompt, to the day of leaving, or to `until`.

        A rehearsal goes on past its last day, everyone paused, until the last prompt has ended; those days are nobody's.
        """
        return {one.participant_id: _days(one, min(until, self.known_until(one.participant_id))) for one in self.persons}


def _days(person: Person, until: datetime) -> int:
    ended = until if person.ended_utc is None else min(until, person.ended_utc)
    last = (ended.date() - person.start_date).days + (person.ended_utc is not None and person.ended_utc < until)
    return max(min(person.last_study_day or 0, last), 0)


def _all(dataset: Dataset, table: str, row: Any) -> tuple[Any, ...]:
    return tuple(row(*cells) for cells in dataset.rows(table, *row.__slots__))


def _estimates(dataset: Dataset) -> tuple[Estimated, ...]:
    rows = dataset.rows("estimates", "revision", *Estimated.__slots__)
    return tuple(Estimated(*cells) for revision, *cells in rows if revision == 1)


def _hour(stamp: str | None) -> int | None:
    return None if stamp is None else int(stamp[11:13])
