"""The person's own data: what is held, what was answered, who looked. Open also after leaving."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import Row

from api.actions.open_sealed import open_texts
from api.auth.participant import OwnViewer, own_of
from api.deps import TheHouse
from api.pages import cursor_of, read_cursor
from api.participant.devices import StudyDayOut
from api.participant.direct import said
from api.problems import responses
from api.router import Router
from api.shapes import Cursor, Limit, Moment, Page, Shape
from models.definition.prompting import WakeWindows
from models.kinds import EnrollmentState, Leaving, Role, Timing
from models.queries import enrollment_phone as queries
from scheduler.plan.calendar import study_day
from scheduler.quiet import hours_of

router = Router(prefix="/v1/participant/me", tags=["participant"])


class HeldCounts(Shape):
    responses: int
    prompts: int
    """That were due up to now."""
    events: int
    signals: int


class Agreed(Shape):
    """What the person agrees to now."""

    collect: bool
    use: bool
    contact: bool


class MeOut(Shape):
    enrollment_id: UUID
    state: EnrollmentState
    study: StudyDayOut
    wake_windows: WakeWindows
    protocol_revision: int
    own_word: str | None
    """The code that the person chose; texts show its label for `{own_word}`."""
    last_check_ins: dict[str, Moment]
    """Instrument -> when it was last answered to the end: what a new phone needs for `{since}`."""
    agreed: Agreed
    held: HeldCounts
    started_at: Moment
    ended_at: Moment | None


class OwnResponse(Shape):
    id: UUID
    revision: int
    instrument: str
    event_time: Moment
    timing: Timing
    complete: bool
    answers: dict[str, Any]
    texts: dict[str, Any]
    """Own words, opened for the own phone."""
    missing: dict[str, str]


class AccessOut(Shape):
    """One time that someone looked at or changed something of the person's."""

    at: Moment
    roles: list[Role]
    """What the one who did it was in the study then; empty: the house itself."""
    action: str
    what: str
    purpose: str | None


class ConsentOut(Shape):
    at: Moment
    scope: str
    given: bool
    leaving: Leaving | None


class ConsentList(Shape):
    items: list[ConsentOut]


@router.get("", name="get_me", response_model=MeOut, responses=responses(401))
def get_me(house: TheHouse, viewer: OwnViewer) -> MeOut:
    """What the study holds about the person, counted."""
    now = house.clock.study()
    with house.sessions.reading() as session:
        row = queries.own(session, viewer)
        hours = hours_of(session, (row.id,))[row.id]
        length_days = house.protocols.get(session, row.protocol_version_id).length_days
        held = queries.held_counts(session, row.id, now=now)
        checked_in = queries.last_check_ins(session, row.id)
    return MeOut(
        enrollment_id=row.uid,
        state=row.state,
        study=StudyDayOut(
            study_day=study_day(now, row.start_date, hours.zones, hours.wake),
            start_date=row.start_date,
            length_days=length_days,
            zone=row.zone,
        ),
        wake_windows=hours.wake[-1].windows,
        protocol_revision=row.revision,
        own_word=row.own_word,
        last_check_ins=dict(checked_in),
        agreed=Agreed(collect=row.consent_collect, use=row.consent_use, contact=row.consent_contact),
        held=HeldCounts(responses=held.responses, prompts=held.prompts, events=held.events, signals=held.signals),
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


async def get_directly(request: Request) -> Response | None:
    """`get_me` from the bare request."""
    viewer = await own_of(request)
    return await said(lambda _: get_me(request.app.state.house, viewer))


@router.get("/responses", name="list_my_responses", response_model=Page[OwnResponse], responses=responses(401, 422))
def list_my_responses(house: TheHouse, viewer: OwnViewer, cursor: Cursor = None, limit: Limit = 50) -> Page[OwnResponse]:
    """Everything that the person answered, newest first."""
    at, key = read_cursor(cursor, datetime, UUID) if cursor is not None else (None, None)
    after = None if at is None else (at, key)
    with house.sessions.reading() as session:
        person = queries.own(session, viewer)
        rows = queries.responses_page(session, viewer, person.uid, after=after, limit=limit, now=house.clock.study())
    shown = rows[:limit]
    following = cursor_of(shown[-1].event_time, shown[-1].client_id) if len(rows) > limit else None
    return Page(
        items=[
            OwnResponse(
                id=row.client_id,
                revision=row.revision,
                instrument=row.instrument,
                event_time=row.event_time,
                timing=row.timing,
                complete=row.complete,
                answers=row.answers,
                texts=open_texts(house.keys, person, row),
                missing=row.missing,
            )
            for row in shown
        ],
        next=following,
    )


@router.get("/access", name="list_my_access", response_model=Page[AccessOut], responses=responses(401, 422))
def list_my_access(house: TheHouse, viewer: OwnViewer, cursor: Cursor = None, limit: Limit = 50) -> Page[AccessOut]:
    """Who looked, when, in which role and why: no names, and not what the person did on this phone."""
    before = read_cursor(cursor, int)[0] if cursor is not None else None
    with house.sessions.reading() as session:
        person = queries.own(session, viewer)
        rows = queries.readings(session, person.uid, before=before, limit=limit + 1)
        grants = queries.roles_of(session, person.study_id, sorted({uid for row in rows if (uid := _staff(row)) is not None}))
    shown = rows[:limit]
    return Page(
        items=[
            AccessOut(at=row.at, roles=_roles(row, grants), action=row.action, what=row.object_kind, purpose=row.purpose) for row in shown
        ],
        next=cursor_of(shown[-1].sequence) if len(rows) > limit else None,
    )


async def list_access_directly(request: Request) -> Response | None:
    """The first page of `list_my_access` from the bare request; None where anything else is asked for."""
    if request.scope["query_string"]:
        return None
    viewer = await own_of(request)
    return await said(lambda _: list_my_access(request.app.state.house, viewer))


@router.get("/consents", name="list_my_consents", response_model=ConsentList, responses=responses(401))
def list_my_consents(house: TheHouse, viewer: OwnViewer) -> ConsentList:
    """Every act of agreeing and leaving, oldest first."""
    with house.sessions.reading() as session:
        rows = queries.consents(session, queries.own(session, viewer).id)
    return ConsentList(items=[ConsentOut(at=row.at, scope=row.scope, given=row.given, leaving=row.leaving) for row in rows])


def _staff(row: Row[Any]) -> UUID | None:
    kind, _, uid = row.actor.partition(":")
    return UUID(uid) if kind == "staff" else None


def _roles(row: Row[Any], grants: Sequence[Row[Any]]) -> list[Role]:
    held = {
        one.role
        for one in grants
        if one.uid == _staff(row) and one.valid_from <= row.at and (one.valid_until is None or one.valid_until > row.at)
    }
    return sorted(held)
