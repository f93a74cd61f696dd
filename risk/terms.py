"""The values that cross the walls of this room. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from models.kinds import DecisionPointKind, EvidenceState, Mode, Timing, UnavailableReason

USE: Final = "use"
"""The timed event of any opioid use other than as prescribed."""
USED: Final[Mapping[str, tuple[str, str]]] = {"opioid_use": ("yes", "no"), "use_since_report": ("yes", "no")}
"""Variables that ask for use: the answer that says so, and the one that says not."""

ObservationKind = Literal["response", "report", "expiry", "timed_event", "content"]

KIND_ORDER: Mapping[str, int] = {"timed_event": 0, "response": 1, "report": 2, "content": 3, "expiry": 4}
"""Order of observations with the same event time; then by source id."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing the estimator learns from, in the fold's order (event_time, kind, source_id).

    `answers` maps a variable to its indicator value on [0, 1], already turned so that 1 is most active
    for its node; a variable that was not asked or not answered is absent. `floor` names variables reported at the lowest
    value that can be said (a censored observation). `trains` is False for reports the person started.
    `context` is the place x company key, `days_abstinent` None where not known. `event` is what happened at its time: the kind of a timed
    event, or USE where an answer tells of it.
    """

    source_id: str
    kind: ObservationKind
    event_time: datetime
    local_hour: float
    answers: Mapping[str, float] = field(default_factory=dict)
    floor: frozenset[str] = frozenset()
    trains: bool = True
    context: str | None = None
    days_abstinent: float | None = None
    event: str | None = None
    cues: tuple[str, ...] = ()
    """Kinds of reminders met, in order of name."""

    def key(self) -> tuple[datetime, int, str]:
        return (self.event_time, KIND_ORDER[self.kind], self.source_id)


class Band(msgspec.Struct, frozen=True, gc=False):
    """A point with its 90% interval. None where there is no evidence."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Bands(Mapping[str, Band]):
    """Bands by name, worked out when the first of them is read: most who ask for an estimate read none.

    `work_out` gives each point and half the width of its interval, in order of `names`.
    """

    __slots__ = ("_found", "_names", "_work_out")

    def __init__(self, names: Sequence[str], work_out: Callable[[], tuple[Sequence[float], Sequence[float]]]) -> None:
        self._names, self._work_out = names, work_out
        self._found: dict[str, list[float | None]] | None = None

    def rows(self) -> dict[str, list[float | None]]:
        """Value, low and high by name."""
        if self._found is None:
            points, widths = self._work_out()
            self._found = {
                name: [point, point - width, point + width] for name, point, width in zip(self._names, points, widths, strict=True)
            }
        return self._found

    def __getitem__(self, name: str) -> Band:
        return Band(*self.rows()[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return repr(dict(self))


class CueStrength(msgspec.Struct, frozen=True, gc=False):
    """One kind of reminder: first and last day it was met (days since 1970 UTC), and how often it was learned from.

    `beyond`: latent craving when it is met, beyond what reminders do for this person in general (the coupling R).
    """

    first: int
    last: int
    times: int
    beyond: Band


class RiskEstimate(msgspec.Struct, frozen=True):
    """What the model says right after one observation. Association, never cause; not a diagnosis.

    level            0-100, craving-network activity anchored to the population; None without evidence
    rise             own-SD units, fast minus slow level of this person
    nodes            node -> population-anchored level on [0, 1], decayed mean
    own              node -> personal z at this observation
    contributions    name -> share of the drive (exact and additive): lag R S W E RS Ri context content hour
    drive            sum of contributions, own-SD units; `population_drive` the same under population couplings
    discordance      population_drive - reported craving z; never an alert by itself
    nowcast          expected craving given what is present now; `forecast` the one-step-ahead craving: never the same thing
    couplings        name -> Band, nowcast row; edges  "S>E" -> Band, lagged network: worked out when they are read
    signals          kind of signal -> how far what was measured stands from this person's usual, own-SD units; absent: not measured
    cues             kind of reminder -> what it adds for this person; `new_cue` what first meetings of a kind added
    innovation       standardized surprise before the update
    cusum_innovation, cusum_baseline, rising   the two change detectors and whether either is above its limit
    age_hours        hours since the newest craving answer at `as_of`; None where there never was one
    """

    as_of: datetime
    source_id: str
    evidence: EvidenceState
    age_hours: float | None
    level: float | None
    rise: float | None
    craving: float | None
    nodes: Mapping[str, float | None]
    own: Mapping[str, float | None]
    contributions: Mapping[str, float]
    drive: float
    population_drive: float
    discordance: float | None
    nowcast: Band
    forecast: Band
    couplings: Mapping[str, Band]
    edges: Mapping[str, Band]
    innovation: float | None
    cusum_innovation: float
    cusum_baseline: float
    rising: bool
    coverage: Mapping[str, float]
    answered: int
    sensitized: tuple[str, ...]
    prior_id: str
    prior_synthetic: bool
    population_model: str | None
    """Always None: an estimate is a fold of what the person told. What a population model says belongs to a day; a decision names the
    scores that it read."""
    version: str
    features: Mapping[str, float | None]
    cues: Mapping[str, CueStrength] = {}
    new_cue: Band = Band(None)
    signals: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision point, also where nothing was done. Probabilities are those of the draw, not of the outcome."""

    point: DecisionPointKind
    mode: Mode | None
    available: bool
    unavailable: tuple[UnavailableReason, ...]
    rule: str | None
    rule_version: int | None
    rule_hash: str | None
    rule_trace: tuple[tuple[str, bool], ...]
    arm: str | None
    arm_probabilities: Mapping[str, float]
    arm_fraction: float | None
    """The keyed fraction u on [0, 1); the arm is the first whose cumulative probability exceeds it."""
    content: str | None
    content_version: int | None
    content_hash: str | None
    content_probabilities: Mapping[str, float]
    content_fraction: float | None
    reason: str
    """Coded: what was done, or why nothing was."""
    sentence: str
    """The same for a person, without an answer's content."""
    outcome: Mapping[str, Any] | None
    snapshot: Mapping[str, Any]
    """The frozen tailoring variables that the rules read, with what was missing."""
    alerts: tuple[str, ...] = ()
    """Ids of alert rules that hold at this point."""


@dataclass(frozen=True, slots=True)
class PointContext:
    """What the policy knows besides the estimate, read before the draw."""

    point: DecisionPointKind
    now: datetime
    event_time: datetime
    instrument: str | None
    timing: Timing | None
    items: Mapping[str, Any]
    local_hour: float
    study_day: int
    in_wake_window: bool
    started_by_person: bool
    has_scene: bool
    active: bool = True
    consented: bool = True
    paused: bool = False
    safety_tier: int = 0
    last_content_at: datetime | None = None
    content_today: int = 0
    content_history: Mapping[str, datetime] = field(default_factory=dict)
    """Content code -> when it was last shown."""
    rested: frozenset[str] = frozenset()
    """Content the person said hurts, or a study rested."""
    high_craving_24h: int = 0
    event: str | None = None
    content_off: bool = False
    bereaved: bool | None = None
    """None where nobody said."""
    adherence_7d: float | None = None
    missed_in_a_row: int | None = None
    silent_hours: float | None = None
    """These three as `models.definition.decision.TAILORING_VARIABLES` says; None where no rule reads them."""
    risk_day: float | None = None
    risk_week: float | None = None
    risk_crossed: bool | None = None
    """These three in the same way, from the scores of this day."""
    self_help_level: float | None = None
    """The level from which content is offered within the self-help budget."""
    population: Mapping[str, Any] | None = None
    """Ids of the scores, models and thresholds that these were read from; None where no rule reads them or no model is in use."""
