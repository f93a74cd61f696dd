"""What a population model said when it raised an alert: its number, the usual one, the thresholds, and what goes with the difference."""

from typing import Any, Literal

from sqlalchemy import Row

from api.shapes import Moment, Shape
from models.queries.budget import score_raised
from models.session import ReadSession
from risk.population.reasons import Reasons, sentence


class GroupOut(Shape):
    group: str
    """A group of answers, as the model's columns name it."""
    logit: float
    """How much lower the number's logit would be if these were as usual for the person."""


class ScoreOut(Shape):
    """Of the midnight that raised the alert last. An association, never a cause, and not a diagnosis."""

    as_of: Moment
    """The local midnight: nothing known later was read."""
    evidence_age_hours: float | None
    """At that midnight, since the newest answer."""
    target: str
    probability: float
    usual: float
    """The number for the person's own usual day of the four weeks before."""
    crossed: Literal["probability", "rise"]
    groups: list[GroupOut]
    """At most three, the most first."""
    sentence: str
    model: str
    threshold: str
    """Names the thresholds: the model and the budget."""
    threshold_probability: float
    threshold_rise: float | None
    shift: float
    """How far the site's threshold stood above the calibrated one, on the logit."""
    synthetic: bool


def score_behind(session: ReadSession, alert: Row[Any]) -> Row[Any] | None:
    """The score that raised an alert, or raised it again; None where something else did."""
    if not alert.source_id.startswith("score:"):
        return None
    return score_raised(session, alert.enrollment_id, alert.last_occurred_at)


def score_out(row: Row[Any] | None) -> ScoreOut | None:
    if row is None:
        return None
    said = row.judgement
    why = Reasons(said["usual"], tuple((name, share) for name, share in said["groups"]))
    return ScoreOut(
        as_of=row.as_of,
        evidence_age_hours=None if row.evidence_hours is None else round(row.evidence_hours, 2),
        target=row.target,
        probability=row.probability,
        usual=why.usual,
        crossed=row.crossed,
        groups=[GroupOut(group=name, logit=share) for name, share in why.groups],
        sentence=sentence(row.target, row.probability, why, row.crossed, said["own_rise"]),
        model=row.name,
        threshold=said["threshold"],
        threshold_probability=said["probability"],
        threshold_rise=said["rise"],
        shift=row.shift,
        synthetic=row.synthetic,
    )
