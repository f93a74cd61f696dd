"""What comes to a decision point and what leaves it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from models.kinds import Missing, Timing
from risk.refold import Folded
from risk.terms import Decision


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The local facts of a moment, worked out where local time lives (scheduler.moment)."""

    study_day: int
    in_wake_window: bool
    day_started_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """A stored response that opens a decision point. `edit`: it changes history and opens none."""

    response_id: int
    client_id: UUID
    enrollment: Row[Any]
    version_id: int
    instrument: str
    values: Mapping[str, Any]
    missing: Mapping[str, Missing]
    event_time: datetime
    zone: str
    offset_minutes: int
    timing: Timing
    safety_tier: int
    whereabouts: Whereabouts
    edit: bool = False
    source: str = field(init=False)
    """`client_id` as text: what the decision, the draw and the observation are named by."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", str(self.client_id))


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision with what it plays. Has the columns of its row that a reply reads."""

    decision: Decision
    uid: UUID
    scene_id: int | None
    scene_version: int | None
    response_id: int
    protocol_version_id: int

    @property
    def reason(self) -> str:
        return self.decision.reason

    @property
    def sentence(self) -> str:
        return self.decision.sentence

    @property
    def content_code(self) -> str | None:
        return self.decision.content


@dataclass(slots=True)
class Memory:
    """What a batch has read about its people, and what it will write."""

    people: Mapping[int, Row[Any]]
    states: Mapping[int, Row[Any]]
    shown: dict[int, list[tuple[datetime, str]]]
    """(instant, content code) in order of time."""
    high: Mapping[int, list[datetime]]
    scenes: Mapping[int, Row[Any]]
    rested: Mapping[int, frozenset[str]]
    open_tiers: Mapping[int, int]
    unfolded: frozenset[int]
    """Who has a past that no state has seen: the first answer folds it too."""
    limit: int | None
    scores: Mapping[int, Mapping[str, Any]] | None = None
    """What models in use said of the day, by person, as columns of the context; None until a rule asks."""
    folded: dict[int, Folded] = field(default_factory=dict)
    estimates: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[tuple[Arrival, Decided]] = field(default_factory=list)
    stale: set[int] = field(default_factory=set)
