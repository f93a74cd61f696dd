"""Work an alert: what a human decided, on the version that the human saw, and written down."""

from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Ability, Viewer
from models.errors import Fault, Invalid
from models.kinds import AlertState
from models.queries import alert as rows
from models.queries.enrollment import lock_person
from models.queries.staff import staff_by_uid
from models.sealed import person_key, place, seal
from models.session import ReadSession
from risk.alert_terms import Acknowledge, Move, Resolve
from risk.alerting import act

WORD = {
    "Acknowledge": "alert_acknowledged",
    "Progress": "alert_progressed",
    "Snooze": "alert_snoozed",
    "Reassign": "alert_reassigned",
    "Resolve": "alert_resolved",
    "Reopen": "alert_reopened",
    "Note": "alert_noted",
}
"""The act's name in the audit."""


def handle_alert(
    house: House, request: Request, viewer: Viewer, alert_uid: UUID, move: Move, *, version: int | None, note: str | None = None
) -> None:
    """Does it once: who says again what is already so, by their own hand, changes nothing and is not refused.

    Raises Missing, Forbidden, PreconditionFailed, Conflict or Invalid as `risk.alerting.act`; Gone for a note about someone whose
    identifiers were erased, since nothing can be sealed for them any more. Locks the enrollment before the alert, as every
    other path does.
    """
    now = house.clock.study()
    with house.sessions.transaction() as session:
        row, _ = rows.alert(session, viewer, alert_uid, now=now)
        if _is_so(row, move, viewer):
            return
        person = lock_person(session, viewer, Ability.SEE_ALERTS, row.enrollment_uid, now=now)
        acted = act(
            session,
            viewer,
            alert_uid,
            move,
            version=version,
            now=now,
            system_now=house.clock.system(),
            note_sealed=None if note is None else _sealed(house, person, alert_uid, note),
        )
        written = act_of(
            house, request, viewer, WORD[type(move).__name__], "alert", alert_uid, person=person.uid, purpose="care", version=acted.version
        )
        add_act(session, house, person.study_uid, written)


def _is_so(row: Row[Any], move: Move, viewer: Viewer) -> bool:
    match move:
        case Acknowledge():
            return row.state in {AlertState.ACKNOWLEDGED, AlertState.IN_PROGRESS} and row.acknowledged_by == viewer.staff_id
        case Resolve():
            return row.state is AlertState.RESOLVED and row.resolved_by == viewer.staff_id and row.disposition is move.disposition
        case _:
            return False


def note_place(alert_uid: UUID) -> bytes:
    """Where a note about an alert is bound to."""
    return place("alert_event", "note", str(alert_uid))


def _sealed(house: House, person: Row[Any], alert_uid: UUID, note: str) -> bytes:
    key = person_key(house.keys, person.data_key, person.person_key_id, str(person.participant_uid))
    return seal(key, note.encode(), note_place(alert_uid))


def staff_key(session: ReadSession, staff_uid: UUID) -> int:
    """The internal key of the person to whom an alert is handed. Raises Invalid where there is none."""
    row = staff_by_uid(session, staff_uid)
    if row is None:
        raise Invalid("alert_move_invalid", "There is no such person.", (Fault("/owner_id", "not_assignable", "There is no such person."),))
    key: int = row.id
    return key
