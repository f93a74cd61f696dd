"""What moves of one person and of a whole study have in common: which versions hold for whom, and how a decision becomes rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row

from models.kinds import EnrollmentState
from models.queries import planning, revision
from models.session import ReadSession, WriteSession
from scheduler.plan.calendar import local
from scheduler.plan.versions import Decision, Versions
from scheduler.plan_inputs import versions_of


@dataclass(frozen=True, slots=True)
class Moving:
    """Someone who may be moved. `today` is what the calendar shows where the person is; `new` says that no move is written down yet."""

    enrollment: Row[Any]
    today: date
    versions: Versions
    new: bool

    @property
    def started(self) -> bool:
        return self.enrollment.state is EnrollmentState.ACTIVE and self.enrollment.started_at is not None


def read_moving(session: ReadSession, people: Sequence[Row[Any]], *, now: datetime) -> list[Moving]:
    """These enrollments, each its whole row, with what was decided for them so far."""
    moves: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in planning.protocol_moves(session, [one.id for one in people]):
        moves[row.enrollment_id].append(row)
    found = []
    for one in people:
        today = local(now, one.zone).date
        found.append(Moving(one, today, versions_of(one, moves[one.id], today), not moves[one.id]))
    return found


def write_moves(
    session: WriteSession,
    decided: Iterable[tuple[Moving, Sequence[Decision]]],
    *,
    moved_by: int | None,
    now: datetime,
    study_move_id: int | None = None,
) -> int:
    """Writes decisions about people who are locked, and gives how many people they move.

    A person's first move also writes down what held before, so that a past day can be planned again; on a journey west their today may be
    a date before the one that the study began on. Those who have started are planned again at the next tick; the others begin with what
    holds on their day. All or nothing, with the caller's transaction.
    """
    moving = [(one, decisions) for one, decisions in decided if decisions]
    begun = [
        _row(one, one.enrollment.protocol_version_id, min(_first_day(one), *(day for day, _ in decisions)), None, None, now)
        for one, decisions in moving
        if one.new
    ]
    moves = [_row(one, version, day, study_move_id, moved_by, now) for one, decisions in moving for day, version in decisions]
    revision.add_moves(session, [*begun, *moves])
    for version, people in _beginning(moving).items():
        revision.put_on(session, people, version)
    keys = [one.enrollment.id for one, _ in moving]
    revision.touch(session, keys, stale=[one.enrollment.id for one, _ in moving if one.started])
    return len(keys)


def _first_day(one: Moving) -> date:
    started: date | None = one.enrollment.start_date
    return one.today if started is None else started


def _beginning(moving: Iterable[tuple[Moving, Sequence[Decision]]]) -> dict[int, list[int]]:
    """Version -> the people who have not started and would begin with it today."""
    found: dict[int, list[int]] = defaultdict(list)
    for one, decisions in moving:
        version = one.versions.after(decisions).on(one.today)
        if not one.started and version is not None:
            found[version].append(one.enrollment.id)
    return found


def _row(one: Moving, version: int, day: date, study_move_id: int | None, moved_by: int | None, now: datetime) -> dict[str, Any]:
    return {
        "study_id": one.enrollment.study_id,
        "enrollment_id": one.enrollment.id,
        "protocol_version_id": version,
        "valid_from": day,
        "study_move_id": study_move_id,
        "moved_by": moved_by,
        "moved_at": now,
    }
