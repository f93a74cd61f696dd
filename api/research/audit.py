"""Who read and did what in a study, and whether the record is whole."""

from typing import Any

from fastapi import Request

from api.actions.record_act import act_of, record
from api.deps import TheHouse
from api.pages import cursor_of, read_cursor
from api.problems import responses
from api.research.study import Auditor, StudyRow
from api.router import Router
from api.shapes import Cursor, Limit, Moment, Shape
from models.queries.audit import broken_links
from models.queries.reports import audit_page

router = Router(prefix="/v1/research/studies/{study_id}/audit", tags=["research"])

BROKEN_SHOWN = 100


class ActOut(Shape):
    sequence: int
    at: Moment
    actor: str
    """staff:<id>, device:<id> or system."""
    action: str
    object_kind: str
    object_id: str | None
    enrollment_id: str | None
    purpose: str | None
    request_id: str | None
    detail: dict[str, Any]
    """Codes and counts, never content."""
    mac: str


class ActList(Shape):
    items: list[ActOut]
    next: str | None


class ChainOut(Shape):
    whole: bool
    links: int
    broken: list[str]
    """What is wrong, link by link; at most 100."""


@router.get("", response_model=ActList, responses=responses(401, 403, 404, 422))
def list_audit(study: StudyRow, viewer: Auditor, house: TheHouse, request: Request, cursor: Cursor = None, limit: Limit = 50) -> ActList:
    """The acts of a study, the newest first. Reading the audit is an act too."""
    before = None if cursor is None else int(read_cursor(cursor, int)[0])
    with house.sessions.reading() as session:
        found = audit_page(session, str(study.uid), before=before, limit=limit + 1)
    record(house, study.uid, act_of(house, request, viewer, "audit_read", "study", study.uid))
    shown = found[:limit]
    return ActList(
        items=[
            ActOut(
                sequence=one.sequence,
                at=one.at,
                actor=one.actor,
                action=one.action,
                object_kind=one.object_kind,
                object_id=one.object_id,
                enrollment_id=one.enrollment_uid,
                purpose=one.purpose,
                request_id=one.request_id,
                detail=one.detail,
                mac=one.mac.hex(),
            )
            for one in shown
        ],
        next=cursor_of(shown[-1].sequence) if len(found) > limit else None,
    )


@router.get("/verify", response_model=ChainOut, responses=responses(401, 403, 404))
def verify_audit(study: StudyRow, viewer: Auditor, house: TheHouse, request: Request) -> ChainOut:
    """Goes through the whole chain under its key. An edit, a removal, a swap or a cut tail shows."""
    with house.sessions.reading() as session:
        broken = []
        for number, one in enumerate(broken_links(session, house.keys, str(study.uid))):
            if number == BROKEN_SHOWN:
                break
            broken.append(one)
        newest = audit_page(session, str(study.uid), before=None, limit=1)
    record(house, study.uid, act_of(house, request, viewer, "audit_verified", "study", study.uid, whole=not broken))
    return ChainOut(whole=not broken, links=newest[0].sequence if newest else 0, broken=broken)
