"""Write down who read or did what, in the chain of the study."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import Request

from api.deps import House
from models.access import Viewer
from models.queries.audit import SYSTEM_CHAIN, Act, append
from models.session import WriteSession


def act_of(
    house: House,
    request: Request | None,
    viewer: Viewer,
    action: str,
    object_kind: str,
    object_id: object = None,
    *,
    person: UUID | None = None,
    purpose: str | None = None,
    **detail: Any,
) -> Act:
    """One act of this request, or of the command line. `detail` holds codes and counts, never content."""
    return Act(
        at=house.clock.study(),
        actor=viewer.actor,
        action=action,
        object_kind=object_kind,
        object_id=None if object_id is None else str(object_id),
        enrollment_uid=None if person is None else str(person),
        purpose=purpose,
        request_id=None if request is None else request.scope.get("request_id"),
        detail=detail,
    )


def add_act(session: WriteSession, house: House, study_uid: UUID | None, act: Act) -> None:
    """Adds an act to the chain of a study, or to the system's. Last in its transaction: the chain's head is locked from here on."""
    append(session, house.keys, SYSTEM_CHAIN if study_uid is None else str(study_uid), [act])


def record(house: House, study_uid: UUID | None, act: Act) -> None:
    """The same in a transaction of its own, for what was read. Where it fails nothing is handed out."""
    with house.sessions.transaction() as session:
        add_act(session, house, study_uid, act)


def record_reading(house: House, acts: Mapping[UUID, Act]) -> None:
    """One act for each study that a list touched, in one transaction; chains in order of study."""
    if not acts:
        return
    with house.sessions.transaction() as session:
        for study_uid in sorted(acts, key=str):
            add_act(session, house, study_uid, acts[study_uid])
