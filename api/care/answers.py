"""What a person answered, and what was decided then."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row

from api.actions.open_sealed import open_texts
from api.actions.record_act import act_of, record
from api.auth.staff import StaffViewer
from api.deps import House, TheHouse
from api.pages import cursor_of, read_cursor
from api.problems import responses
from api.router import Router
from api.shapes import Cursor, Limit, Moment, Shape
from models.access import Ability
from models.codec import parse
from models.errors import Missing
from models.kinds import DecisionPointKind, DecisionStatus, OutcomeStatus, Timing
from models.queries import enrollment as people
from models.queries.decision import decisions_of
from models.queries.enrollment import page
from models.queries.response import responses_of
from models.tables import DecisionRow, Response

router = Router(prefix="/v1/care/participants/{enrollment_id}", tags=["care"])


class ResponseRow(Shape):
    """A stored response. Free text is not in the list; it is opened one by one."""

    id: UUID
    revision: int
    instrument: str
    complete: bool
    event_time: Moment
    received_at: Moment
    timing: Timing
    clock_suspect: bool
    answers: dict[str, Any]
    missing: dict[str, str]
    """not_shown, skipped, declined or not_reached, by item."""
    has_text: bool
    decision_status: DecisionStatus


class ResponseList(Shape):
    items: list[ResponseRow]
    next: str | None


class OpenedResponse(Shape):
    response: ResponseRow
    texts: dict[str, Any]
    """Free text by item."""


class DecisionPointOut(Shape):
    """One decision point, also where nothing was done: what, and why, or why not."""

    id: UUID
    point: DecisionPointKind
    source_id: str
    decided_at: Moment
    mode: str | None
    available: bool
    unavailable: list[str]
    rule: str | None
    rule_version: int | None
    rule_trace: list[Any]
    arm: str | None
    arm_probabilities: dict[str, float]
    content_code: str | None
    content_version: int | None
    content_probabilities: dict[str, float]
    reason: str
    sentence: str
    outcome_status: OutcomeStatus
    estimate_revision: int | None
    read: dict[str, Any]
    """The variables that were read, as they stood."""


class DecisionList(Shape):
    items: list[DecisionPointOut]
    next: str | None


@router.get("/responses", response_model=ResponseList, responses=responses(401, 403, 404, 422))
def list_responses(
    enrollment_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request, cursor: Cursor = None, limit: Limit = 50
) -> ResponseList:
    """A person's responses, the newest answer first, each in its newest revision."""
    now, after = house.clock.study(), _after(cursor)
    with house.sessions.reading() as session:
        person = people.person(session, viewer, Ability.SEE_ANSWERS, enrollment_id, now=now)
        statement = responses_of(viewer, Ability.SEE_ANSWERS, enrollment_id, now=now)
        found = session.rows(page(statement, Response.event_time, Response.client_id, after, limit))
    shown = found[:limit]
    _note(house, request, viewer, person, "responses_read", len(shown))
    return ResponseList(
        items=[_response(one) for one in shown],
        next=cursor_of(shown[-1].event_time, shown[-1].client_id) if len(found) > limit else None,
    )


@router.get("/responses/{response_id}", response_model=OpenedResponse, responses=responses(401, 403, 404))
def open_response(enrollment_id: UUID, response_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request) -> OpenedResponse:
    """One response with its free text, which may name people: for roles that see identifiers."""
    now = house.clock.study()
    with house.sessions.reading() as session:
        person = people.person(session, viewer, Ability.SEE_IDENTIFIERS, enrollment_id, now=now)
        statement = responses_of(viewer, Ability.SEE_ANSWERS, enrollment_id, now=now).where(Response.client_id == response_id)
        row = session.row(statement)
    if row is None:
        raise Missing("not_found", "There is no such response.")
    texts = open_texts(house.keys, person, row)
    record(
        house,
        person.study_uid,
        act_of(house, request, viewer, "response_opened", "response", response_id, person=enrollment_id, purpose="care"),
    )
    return OpenedResponse(response=_response(row), texts=texts)


@router.get("/decisions", response_model=DecisionList, responses=responses(401, 403, 404, 422))
def list_decisions(
    enrollment_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request, cursor: Cursor = None, limit: Limit = 50
) -> DecisionList:
    """Every decision point of a person, the newest first: what was done, or why nothing was."""
    now, after = house.clock.study(), _after(cursor)
    with house.sessions.reading() as session:
        person = people.person(session, viewer, Ability.SEE_ESTIMATES, enrollment_id, now=now)
        statement = decisions_of(viewer, Ability.SEE_ESTIMATES, enrollment_id, now=now)
        found = session.rows(page(statement, DecisionRow.decided_at, DecisionRow.uid, after, limit))
    shown = found[:limit]
    _note(house, request, viewer, person, "decisions_read", len(shown))
    return DecisionList(
        items=[_decision(one) for one in shown],
        next=cursor_of(shown[-1].decided_at, shown[-1].uid) if len(found) > limit else None,
    )


def _after(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    at, uid = read_cursor(cursor, datetime, UUID)
    return at, uid


def _note(house: House, request: Request, viewer: StaffViewer, person: Row[Any], action: str, count: int) -> None:
    act = act_of(house, request, viewer, action, "enrollment", person.uid, person=person.uid, purpose="care", rows=count)
    record(house, person.study_uid, act)


def _response(row: Row[Any]) -> ResponseRow:
    return ResponseRow(
        id=row.client_id,
        revision=row.revision,
        instrument=row.instrument,
        complete=row.complete,
        event_time=row.event_time,
        received_at=row.received_at,
        timing=row.timing,
        clock_suspect=row.clock_suspect,
        answers=row.answers,
        missing=row.missing,
        has_text=row.texts_sealed is not None,
        decision_status=row.decision_status,
    )


def _decision(row: Row[Any]) -> DecisionPointOut:
    return DecisionPointOut(
        id=row.uid,
        point=row.point,
        source_id=row.source_id,
        decided_at=row.decided_at,
        mode=row.mode,
        available=row.available,
        unavailable=row.unavailable,
        rule=row.rule,
        rule_version=row.rule_version,
        rule_trace=row.rule_trace,
        arm=row.arm,
        arm_probabilities=row.arm_probabilities,
        content_code=row.content_code,
        content_version=row.content_version,
        content_probabilities=row.content_probabilities,
        reason=row.reason,
        sentence=row.sentence,
        outcome_status=row.outcome_status,
        estimate_revision=row.estimate_revision,
        read=parse(row.snapshot),
    )
