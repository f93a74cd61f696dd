"""The values that simulated people are made of. Pure and frozen; everything here is synthetic.

The functions over them, each in a module of its own:

- `make.make_people(seed, count, *, start, days, mnar=0.6, preset=Preset.RECOVERY, world=World.USUAL) -> tuple[Person, ...]`
- `inner.InnerLife(person)`: `.feelings(at) -> Feelings` (instants in any order),
  `.lapses(until) -> tuple[Lapse, ...]`, `.after_content(at)`
- `meaning.meant(person, feelings, *, label, due_at, expires_at, trigger, study_day) -> Meant`
- `filling.fill(person, protocol, instrument, feelings, *, drawn, lists, language, label, started_at, order=None, reach=1.0, says=None,
  draws=None) -> Filled`
- `slips.spoiled(filled, instrument, slip, person, label) -> Filled` and `slips.edited(filled, instrument, person, label) -> Filled | None`
- `reporting.reports(person, life, since, until) -> tuple[Report, ...]` and
  `reporting.instrument_for(protocol, report) -> Instrument | None`

Instants are aware and in UTC. `label` names the occasion (a prompt id, or a design with its slot): the same label draws the same.
Levels are on an answer's scale of 0 (floor) to 1 (ceiling) and may lie outside; an answer cuts them off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from models.kinds import Leaving

SYNTHETIC: Final = True
"""Every artefact that is made from these people carries `synthetic`."""


class Preset(StrEnum):
    RECOVERY = "recovery"
    """Lapses on 1.74% of days, 38% of people within 278 days."""
    ACTIVE_USE = "active_use"
    """Use on 12% of days."""


class World(StrEnum):
    """What is true of these people: as the table says, or a null world in which an analysis must find nothing."""

    USUAL = "usual"
    NULL_COUPLING = "null_coupling"
    """Craving follows itself and chance alone: no cue, stress or executive load moves it."""
    NULL_OUTCOME = "null_outcome"
    """Use follows the person and abstinence alone: neither craving nor executive load moves it."""


class CravingClass(StrEnum):
    """Courses of craving over weeks; shares 73, 11, 8.5 and 7.5% (Burgess-Hull 2022)."""

    LOW = "low"
    HIGH_UP = "high_up"
    UP_DOWN = "up_down"
    FAST_DOWN = "fast_down"


class StyleKind(StrEnum):
    """How a person uses a scale (assumption)."""

    WHOLE = "whole"
    MIDPOINT = "midpoint"
    ENDS = "ends"
    FIVES = "fives"


class Says(StrEnum):
    """What a person wants a human to know. Said only where an instrument can say it, never by accident."""

    CALL = "call"
    """Please call me: a disclosure of tier 2."""
    UNSURE = "unsure"
    """Not sure of being safe: tier 3, else 4."""
    NOT_SAFE = "not_safe"
    """Not safe: tier 4, else 3."""


class ReportKind(StrEnum):
    """What a person starts. HELP is the help request itself, which is no instrument (`POST` of the help route)."""

    INTAKE = "intake"
    CRAVING = "craving"
    CUE = "cue"
    STRESS = "stress"
    USE = "use"
    GOOD = "good"
    HELP = "help"


class MeantKind(StrEnum):
    ANSWER = "answer"
    PARTIAL = "partial"
    IGNORE = "ignore"
    DECLINE = "decline"
    SNOOZE = "snooze"


class Twice(StrEnum):
    """The same body two times: one after the other's reply, or both at once."""

    LATER = "later"
    AT_ONCE = "at_once"


class Slip(StrEnum):
    """A wrong body, which the server refuses. The driver sends it first, then the right one."""

    OUT_OF_RANGE = "out_of_range"
    """A value that no item takes (`slips.spoiled`)."""
    UNKNOWN_ITEM = "unknown_item"
    """An answer to an item that the instrument does not have (`slips.spoiled`)."""
    AFTER_SENT = "after_sent"
    """`answered_at` half an hour after `sent_at`; the driver writes the times."""


@dataclass(frozen=True, slots=True)
class Couplings:
    """Craving for one standard deviation of what moves it, where its noise has 0.8: mean (SD over people), assumed; directions from
    risk-model.md 1.1."""

    lag: float
    """Of craving on itself at 4 hours: 0.35 (0.12)."""
    cue: float
    """0.45 (0.25)."""
    stress: float
    """0.30 (0.20), women +0.12."""
    executive: float
    """0.15 (0.10)."""
    cue_stress: float
    """Cue and stress above the usual together: 0.10 (0.08)."""
    incubation: float
    """g of cue × (1 + g i(abstinence)): 0 or 0.6."""
    cue_leads: bool
    """Cue to craving (73%); else craving makes cues met (27%)."""


@dataclass(frozen=True, slots=True)
class Style:
    """How feelings become answers."""

    kind: StyleKind
    shift: float
    """Where this person's scale starts, added to every level."""
    straight_lines: float
    """The chance that a whole response is one place on every scale."""
    skips: float
    """The chance that an item is skipped: 3% (assumption)."""
    seconds_per_item: float


@dataclass(frozen=True, slots=True)
class Wake:
    """Wall-clock ends, `HH:MM`; an end at or before the start lies on the next day."""

    weekday: tuple[str, str]
    weekend: tuple[str, str]


@dataclass(frozen=True, slots=True)
class PhoneClock:
    """By how much the phone's clock is ahead (negative: behind), until it is set right."""

    ahead: timedelta
    corrected_at: datetime | None = None

    def ahead_at(self, at: datetime) -> timedelta:
        """What the phone shows minus what it is."""
        return timedelta(0) if self.corrected_at is not None and at >= self.corrected_at else self.ahead


@dataclass(frozen=True, slots=True)
class Spell:
    """From `start` up to `end`."""

    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Trip:
    """Elsewhere from `out_at` up to `back_at`."""

    zone: str
    out_at: datetime
    back_at: datetime


@dataclass(frozen=True, slots=True)
class Habits:
    """What this person's phone does. Shares are chances per occasion (assumptions, risk-model.md section 4)."""

    clock: PhoneClock
    offline: tuple[Spell, ...]
    trips: tuple[Trip, ...]
    tells_opening_after: timedelta | None
    """How long the phone keeps an opening, which is not told where its answer has gone out meanwhile; None: it tells none."""
    late_share: float
    """Uploads that wait up to 72 hours: 5%."""
    twice_share: float
    """Uploads sent two times: 1%."""
    snooze_share: float
    decline_share: float
    partial_share: float
    slip_share: float
    edit_share: float


@dataclass(frozen=True, slots=True)
class Pause:
    """The person pauses prompting; `hours` None: until resumed, which happens at `resumes_at`."""

    at: datetime
    hours: int | None
    resumes_at: datetime


@dataclass(frozen=True, slots=True)
class Leave:
    at: datetime
    how: Leaving


@dataclass(frozen=True, slots=True)
class Telling:
    """From `at` on the person wants to say it: in a report started at `at`, or, `in_prompt`, in the next scheduled
    response before `until` that can say it."""

    at: datetime
    until: datetime
    says: Says
    in_prompt: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """One simulated person. The seed and the number say everything, including the draws that are made later."""

    number: int
    seed: int
    key: bytes
    """Of every later draw of this person (`chance`)."""
    preset: Preset
    world: World
    zone: str
    """Home, IANA."""
    language: str
    female: bool
    joins_at: datetime
    ends_at: datetime
    """The end of the simulated run."""
    wake: Wake
    abstinent_days: float
    """At `joins_at`."""
    craving_class: CravingClass
    craving_level: float
    """Mean of craving on 0–1 before its course over weeks."""
    stress_level: float
    cue_rate: float
    """Of meeting a cue in an hour awake: Beta(2, 6) (assumption)."""
    cue_evenings: bool
    """Twice as often in evenings and on weekends: half of all people."""
    withdrawal_level: float
    pain_level: float
    couplings: Couplings
    lapse_logit: float
    """The personal term u of the daily lapse."""
    answer_logit: float
    """The personal term of answering."""
    mnar: float
    """How strongly not answering depends on craving and lapse: 0, 0.6 or 1.2."""
    style: Style
    habits: Habits
    pauses: tuple[Pause, ...]
    leave: Leave | None
    tellings: tuple[Telling, ...]
    help_at: tuple[datetime, ...]
    """Instants of asking for help now."""
    use_report_at: datetime | None
    """A use report that happens whatever the lapses do (so that any demo shows one)."""

    def zone_at(self, at: datetime) -> str:
        """The zone that the phone shows."""
        return next((trip.zone for trip in self.habits.trips if trip.out_at <= at < trip.back_at), self.zone)

    def ahead_at(self, at: datetime) -> timedelta:
        """What the phone's clock shows minus what it is."""
        return self.habits.clock.ahead_at(at)

    def offline_until(self, at: datetime) -> datetime | None:
        """The end of the offline spell that holds at this instant; None: online."""
        return next((spell.end for spell in self.habits.offline if spell.holds(at)), None)


@dataclass(frozen=True, slots=True)
class Lapse:
    """Use on a day that began abstinent (preset recovery) or a day of use."""

    at: datetime
    told_at: datetime
    """From when the person says so: 70% the same day, the rest up to 7 days later (assumption)."""


@dataclass(frozen=True, slots=True)
class Feelings:
    """A person at an instant. Levels on 0–1, uncut; `..._sd` in the person's own standard deviations from their usual."""

    at: datetime
    awake: bool
    craving: float
    craving_sd: float
    stress: float
    stress_sd: float
    reward: float
    executive: float
    """1: little control."""
    withdrawal: float
    pain: float
    cue: bool
    """Met a reminder within the hour."""
    sleep_hours: float
    sleep_quality: float
    lapsed: bool
    """Used within 24 hours, told or not."""
    tells_use: bool
    """Would say yes where asked about use since yesterday."""
    missed_dose: bool
    """Missed the medicine today, and says so where asked."""
    silent_night: bool
    """In a night gap: nothing is answered from late evening to the morning."""


@dataclass(frozen=True, slots=True)
class Filled:
    """Answers by item id: `{"value" | "skipped" | "declined": …, "at": ISO instant by the true clock}`, as the API takes them."""

    answers: Mapping[str, Mapping[str, Any]]
    complete: bool
    finished_at: datetime
    discloses: tuple[str, ...]
    """Ids of the protocol's disclosures that these answers hold: what must reach a human."""
    bound: frozenset[str] = frozenset()
    """Items that a disclosure or a branch reads: an edit leaves them alone."""


@dataclass(frozen=True, slots=True)
class Meant:
    """What a person does about one prompt. Delays count from `due_at` unless said otherwise."""

    kind: MeantKind
    opens_after: timedelta | None
    """None: never looks at it. May lie past the expiry: an answer after the end."""
    upload_after: timedelta
    """From the end of answering to the upload; 0: at once. An offline spell can delay it further."""
    twice: Twice | None
    slip: Slip | None
    edit_after: timedelta | None
    """From the upload to a deliberate edit (`slips.edited`); None: no edit."""
    reason: str | None
    """Of a decline, in the words of the decline route."""
    reach: float
    """How much of the instrument is reached: 1, or less where the kind is partial."""
    says: Says | None


@dataclass(frozen=True, slots=True)
class Report:
    """Something that the person starts. `instrument_for` says which instrument of a protocol it is."""

    at: datetime
    what: ReportKind
    says: Says | None = None
    happened_at: datetime | None = None
    """Of a use: when it was."""

    @property
    def label(self) -> str:
        """Names the occasion for `fill`."""
        return f"report/{self.what}/{self.at.isoformat()}"
