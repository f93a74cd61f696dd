"""Proximal outcomes as rows: opened with a decision, closed by a response or by time."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models.kinds import EnrollmentState
from models.queries import outcome as rows
from models.session import WriteSession
from risk.outcome import FILLABLE, LONGEST, Answered, Awaited, missing_reason, observed


def open_outcome(session: WriteSession, *, study_id: int, enrollment_id: int, decision_id: int, outcome: Mapping[str, Any]) -> bool:
    """Stores what a decision declares (`Decision.outcome`), treated or not; False where it is stored already."""
    return rows.add_outcome(
        session,
        {
            "study_id": study_id,
            "enrollment_id": enrollment_id,
            "decision_id": decision_id,
            "variable": outcome["variable"],
            "opens_at": datetime.fromisoformat(outcome["opens_at"]),
            "closes_at": datetime.fromisoformat(outcome["closes_at"]),
        },
    )


def close_outcomes_for(session: WriteSession, answered: Sequence[Answered], *, now: datetime) -> int:
    """Closes what these responses observe and gives how many outcomes that were; one look for a whole batch.

    An observed outcome is final. One that ran out unanswered is observed after all when an answer from within its
    window arrives late. Call it for first arrivals, before or after their own decisions are stored: no response closes
    the outcome of its own decision. The caller holds the locks of the enrollments.
    """
    given = [one for one in answered if one.values]
    if not given:
        return 0
    times = [one.event_time for one in given]
    found = rows.awaited(
        session,
        {one.enrollment_id for one in given},
        earliest=min(times),
        latest=max(times),
        longest=LONGEST,
        fillable=FILLABLE,
    )
    closed = observed([Awaited(**row._asdict()) for row in found], given)
    rows.set_observed(session, [{"key": one.id, "number": one.value, "response": one.response_id} for one in closed], now=now)
    return len(closed)


def expire_outcomes(session: WriteSession, *, now: datetime, limit: int = 500) -> int:
    """Closes outcomes whose window has passed as missing, each with its reason, and gives how many.

    Call again while it gives `limit`.
    """
    ended: dict[str, list[int]] = defaultdict(list)
    for row in rows.run_out(session, now=now, limit=limit):
        ended[missing_reason(answered=row.answered, active=row.state is EnrollmentState.ACTIVE)].append(row.id)
    return sum(rows.set_missing(session, ids, reason, now=now) for reason, ids in sorted(ended.items()))
