"""An estimate as staff see it: never without the age of its evidence (safety.md rule 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy import Row

from api.shapes import Moment, Shape
from models.kinds import EvidenceState
from risk.estimate.evidence import judged
from risk.estimate.explain import sentence


class EstimateOut(Shape):
    """After 24 hours without a craving answer the evidence is `unknown` and every number is null: never low."""

    evidence: EvidenceState
    evidence_age_hours: float | None
    """Null: craving was never answered."""
    level: float | None
    """0 to 100, anchored to the population that the model assumes."""
    rise: float | None
    """In own standard deviations."""
    rising: bool | None
    as_of: Moment | None
    refold_owed: bool
    """True: something arrived late or was edited, and the estimate will be made again."""


class ExplainedEstimate(EstimateOut):
    """The same with what it says in words and what it is made of. Association, never cause."""

    sentence: str = Field(description="For somebody who reads it without the numbers; an association, never a cause or a certainty.")
    contributions: dict[str, float] | None = Field(
        description="What adds up to the craving that the person's own pattern expects, in own standard deviations: R cues and wanting, "
        "Ri the same as it grows with abstinence, S stress and low mood, W withdrawal and pain, E difficulty pausing, RS cues under "
        "stress, lag craving at the last answer, context, content, hour. Null where the evidence is `unknown`."
    )


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a stored estimate says now."""

    evidence: EvidenceState
    level: float | None
    contributions: Mapping[str, float]
    own: Mapping[str, float | None]
    signals: Mapping[str, float]
    rising: bool
    sensitized: Sequence[str]


NOTHING = EstimateOut(
    evidence=EvidenceState.UNKNOWN, evidence_age_hours=None, level=None, rise=None, rising=None, as_of=None, refold_owed=False
)


def estimate_out(row: Row[Any] | None, *, now: datetime) -> EstimateOut:
    """The newest estimate, judged at `now`."""
    if row is None:
        return NOTHING
    age = None if row.age_hours is None else max(0.0, row.age_hours + (now - row.as_of).total_seconds() / 3600)
    evidence = judged(age, learning=row.evidence == EvidenceState.LEARNING)
    known = evidence.state is not EvidenceState.UNKNOWN
    return EstimateOut(
        evidence=evidence.state,
        evidence_age_hours=None if evidence.age_hours is None else round(evidence.age_hours, 2),
        level=row.level if known else None,
        rise=row.rise if known else None,
        rising=row.rising if known else None,
        as_of=row.as_of,
        refold_owed=bool(row.stale),
    )


def explained(row: Row[Any] | None, *, now: datetime) -> ExplainedEstimate:
    """The newest estimate in words, judged at `now`: an old one says that things are unknown, and nothing else."""
    shown = estimate_out(row, now=now)
    detail = {} if row is None else row.detail
    known = shown.evidence is not EvidenceState.UNKNOWN
    contributions = detail.get("contributions", {})
    kept = _Kept(
        shown.evidence,
        shown.level,
        contributions,
        detail.get("own", {}),
        detail.get("signals", {}),
        bool(shown.rising),
        detail.get("sensitized", ()),
    )
    return ExplainedEstimate(**shown.model_dump(), sentence=sentence(kept), contributions=contributions if known else None)
