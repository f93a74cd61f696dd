"""Store what a phone or a watch measured, point by point: one that is refused holds no other back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from api.actions.judge_submission import FUTURE_LIMIT, SKEW_TOLERANCE
from api.actions.open_mhealth import Measured, id_of, read_point
from models.definition.signal import Signals
from models.errors import Conflict, Fault, Gone, Invalid, Problem
from models.kinds import EnrollmentState, Node
from models.queries import signals as queries
from models.queries.enrollment_phone import add_consent
from models.session import WriteSession
from risk.mind import Mind
from risk.owed import take_in_signals


@dataclass(frozen=True, slots=True)
class Upload:
    """Points as they came, when they were sent by the phone's clock, and whether the person agrees to signals."""

    agreed: bool
    sent_at: datetime
    points: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one point. `problem` where it was refused; `created` False where it was there already."""

    client_id: UUID | None
    created: bool = False
    problem: Problem | None = None


def agree(session: WriteSession, person: Row[Any], upload: Upload, *, actor: str, now: datetime) -> bool:
    """Writes down that the person agrees to signals, or no longer does, where that is new; gives whether it was.

    Raises Invalid for points without agreement.
    """
    if upload.points and not upload.agreed:
        fault = Fault("/agreed", "not_agreed", "Points are taken from people who have agreed to it in the app.")
        raise Invalid("invalid", "The upload breaks the rules named in errors.", (fault,))
    if queries.agreed_to_signals(session, person.id) == upload.agreed:
        return False
    add_consent(session, person, "signals", given=upload.agreed, leaving=None, actor=actor, now=now)
    return True


def require_open(person: Row[Any], signals: Signals | None) -> Signals:
    """What the person's protocol asks for. Raises Gone after leaving, Invalid (`signals_not_asked`) where it asks for nothing."""
    if person.state not in {EnrollmentState.ACTIVE, EnrollmentState.COMPLETED} or not person.consent_collect:
        raise Gone("collection_stopped", "Nothing more is collected about this person.")
    if signals is None:
        raise Invalid("signals_not_asked", "This study asks for no signals; nothing was stored.")
    return signals


def take_signals(session: WriteSession, mind: Mind, person: Row[Any], signals: Signals, upload: Upload, *, now: datetime) -> list[Taken]:
    """What became of each point, in the order sent. `person` is the locked enrollment.

    New points are stored in one statement; answers that were given after them are folded again.
    """
    read = [_read(raw, signals, upload, person, place, now) for place, raw in enumerate(upload.points)]
    known = dict(queries.known_points(session, person.id, [one.client_id for one in read if isinstance(one, Measured)]))
    results, new = [], []
    for one in read:
        if isinstance(one, Taken):
            results.append(one)
        elif one.client_id not in known:
            known[one.client_id] = one.content_hash
            new.append(one)
            results.append(Taken(one.client_id, created=True))
        elif known[one.client_id] == one.content_hash:
            results.append(Taken(one.client_id))
        else:
            results.append(Taken(one.client_id, problem=Conflict("signal_differs", "Another point is stored under this id; it stands.")))
    stored = [_corrected(one, upload, now) for one in new]
    queries.add_points(session, [_row(one, before, person, now) for one, before in zip(stored, new, strict=True)])
    speaking = {one.kind for one in signals.series if one.node is not Node.NONE}
    take_in_signals(session, mind, person, [one.ended_at for one in stored if one.kind in speaking], now=now)
    return results


def _read(raw: Any, signals: Signals, upload: Upload, person: Row[Any], place: int, now: datetime) -> Measured | Taken:
    try:
        point = read_point(raw)
        faults = list(_faults(point, signals, upload, person, now))
        if faults:
            raise Invalid("invalid", "The point breaks the rules named in errors.", faults)
    except Invalid as problem:
        placed = [Fault(f"/points/{place}{one.pointer}", one.rule, one.message) for one in problem.faults]
        return Taken(id_of(raw), problem=Invalid(problem.code, problem.detail, placed))
    return point


def _faults(point: Measured, signals: Signals, upload: Upload, person: Row[Any], now: datetime) -> list[Fault]:
    faults, at = [], "/body/effective_time_frame"
    if not signals.of(point.kind):
        faults.append(Fault("/header/schema_id/name", "not_asked", "The study does not ask for this signal."))
    if point.ended_at > upload.sent_at + FUTURE_LIMIT:
        faults.append(Fault(at, "after_sent", "The measurement ends after its own upload was sent."))
    begins = _corrected(point, upload, now)
    if person.started_at is None or (begins.started_at or begins.ended_at) < person.started_at:
        faults.append(Fault(at, "before_enrollment", "What was measured before the person joined is not collected."))
    return faults


def _corrected(point: Measured, upload: Upload, now: datetime) -> Measured:
    """The same by the server's clock: corrected by the phone's error where that is notable, and never after now."""
    skew = now - upload.sent_at
    moved = min(point.ended_at + (skew if abs(skew) > SKEW_TOLERANCE else timedelta()), now) - point.ended_at
    started_at = None if point.started_at is None else point.started_at + moved
    return replace(point, started_at=started_at, ended_at=point.ended_at + moved)


def _row(point: Measured, sent: Measured, person: Row[Any], now: datetime) -> dict[str, Any]:
    return {
        "study_id": person.study_id,
        "enrollment_id": person.id,
        "client_id": point.client_id,
        "protocol_version_id": person.protocol_version_id,
        "kind": point.kind,
        "started_at": point.started_at,
        "ended_at": point.ended_at,
        "value": point.value,
        "received_at": now,
        "content_hash": sent.content_hash,
        "synthetic": person.synthetic,
    }
