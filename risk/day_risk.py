"""What population models in use say of today, for rules: the newest score of each person, no older than the day."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from models.queries import budget as rows
from models.queries.population import moves_of
from models.session import ReadSession
from risk.population.verdict import variables_of_day
from risk.serving import standings

FRESH: Final = timedelta(hours=26)
"""A score is made at every local midnight; a day has up to 25 hours, and a duty may be late."""


def in_use(session: ReadSession, study_id: int) -> Collection[int]:
    """Keys of the models whose scores may be read: those in use, and those before them, which serve where their files cannot be read."""
    return {key for one in standings(moves_of(session, study_id)).values() for key in one.promoted}


def scores_of_today(session: ReadSession, people: Iterable[Row[Any]], *, now: datetime) -> Mapping[int, Mapping[str, Any]]:
    """Enrollment -> members of a decision point's context. Who has no score is not in it: nothing is known, and nothing else changes."""
    by_study: dict[int, list[int]] = {}
    for person in people:
        by_study.setdefault(person.study_id, []).append(person.id)
    found: dict[int, dict[str, Row[Any]]] = {}
    for study_id, ids in by_study.items():
        for row in rows.standing_scores(session, ids, in_use(session, study_id), since=now - FRESH, until=now):
            found.setdefault(row.enrollment_id, {})[row.target] = row
    return {person: _members(of_target) for person, of_target in found.items()}


def _members(of_target: Mapping[str, Row[Any]]) -> Mapping[str, Any]:
    """`of_target`: the newest score of each target; one of them at most was judged by the alert budget."""
    judged = next((one for one in of_target.values() if one.judgement is not None), None)
    names: dict[str, Any] = {target: {"score": str(one.uid), "model": one.name} for target, one in sorted(of_target.items())}
    probabilities = {target: one.probability for target, one in of_target.items()}
    evidence = min((one.evidence_hours for one in of_target.values() if one.evidence_hours is not None), default=None)
    crossed = judged is not None and judged.crossed is not None
    said: dict[str, Any] = variables_of_day(probabilities, evidence, judged=judged is not None, crossed=crossed)
    if judged is not None:
        said["self_help_level"] = judged.judgement["self_help"]
        names["threshold"] = judged.judgement["threshold"]
    return {**said, "population": names}
