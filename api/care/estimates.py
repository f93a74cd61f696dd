"""An estimate as staff see it: never without the age of its evidence (safety.md rule 5)."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from api.shapes import Moment, Shape
from models.kinds import EvidenceState
from risk.estimate.evidence import judged


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
