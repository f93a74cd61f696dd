"""From one protocol revision to another: what it would change, the move of a study, and the withdrawal of a revision."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import Field, StrictInt
from sqlalchemy import Row

from api.actions.move_study import Asked, Done, move_study, withdraw_revision
from api.actions.preview_revision import Ahead, PersonAhead, Wish, preview_move
from api.actions.publish_protocol import checked
from api.actions.record_act import act_of, record
from api.deps import House, TheHouse
from api.pages import cursor_of, read_cursor
from api.problems import responses
from api.research.protocols import DOCUMENT, Raw
from api.research.study import Manager, StudyRow
from api.router import Router
from api.shapes import AS_JSON, Cursor, Day, Line, Moment, Shape
from models.access import Viewer
from models.definition.load import MAX_BYTES
from models.definition.protocol import Protocol
from models.kinds import TimedEventKind
from models.queries import revision as rows
from scheduler.foresee import Change, Foreseen

router = Router(prefix="/v1/research/studies/{study_id}", tags=["research"])

Revision = Annotated[int, Field(ge=1, le=2**31 - 1)]
StrictRevision = Annotated[StrictInt, Field(ge=1, le=2**31 - 1), AS_JSON]
Days = Annotated[int, Query(ge=1, le=28, description="Local days to look at, from the day of the move on.")]
People = Annotated[int, Query(ge=1, le=100, description="People on a page.")]
Arm = Annotated[str | None, Query(max_length=40, pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class DayCount(Shape):
    """What becomes of the prompts of one design on one local day."""

    day: date
    design: str
    gains: int
    """Would be asked only after the move."""
    loses: int
    """Would not be asked any more."""
    moves: int
    """Would be asked at another time, or with another instrument."""
    keeps: int
    """Stay at their time, with the words of the revision."""


class PromptAhead(Shape):
    id: UUID
    day: date
    design: str
    instrument: str
    change: Change
    due_before: Moment | None
    due_after: Moment | None


class PersonAheadOut(Shape):
    enrollment_id: UUID
    arm: str | None
    gains: int
    loses: int
    moves: int
    keeps: int
    prompts: list[PromptAhead]
    """What is gained, lost or moved; what stays is only counted."""


class WaitingCount(Shape):
    """A design that asks nobody before what it counts from was told, or set for a day."""

    design: str
    anchor: TimedEventKind
    people: int
    """Of those counted, whom it would not ask yet."""


class AheadPage(Shape):
    """Planned prompts alone: follow-ups and what people start come of answers."""

    valid_from: date
    """Local day of each person."""
    days: int
    people: int
    """Who would be moved."""
    not_started: int
    """Of these, who has no plan yet."""
    staying: int
    """Who is on the revision then, or not on the one that is left."""
    counted: int
    """`counts` and `waiting` are of this many people: at most 7,000 days of people, spread evenly over those with a plan, and only on the
    first page."""
    counts: list[DayCount]
    waiting: list[WaitingCount]
    items: list[PersonAheadOut]
    next: str | None


class StudyMoveIn(Shape):
    id: UUID
    """Made by the caller: the same again moves nobody twice."""
    valid_from: Day | None = None
    """Local day of each person, not past for anybody; null: the next day of everybody."""
    leaves: StrictRevision | None = None
    """Only who is on this revision then."""
    site_id: UUID | None = None
    arm: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")] | None = None


class WithdrawIn(Shape):
    id: UUID
    """Made by the caller: the same again withdraws nothing twice."""
    valid_from: Day | None = None
    """Local day from which people are taken off it; where that is past, their today. Null: at once."""
    to: StrictRevision | None = None
    """Where they go; null: each back to the revision before."""
    note: Line | None = None
    """Why; no names."""


class StudyMoveOut(Shape):
    id: UUID
    valid_from: date
    people: int
    """How many were moved. Plans follow within the next ticks, each on the person's own day."""
    created: bool
    """False: the same was asked before."""


class StudyMoveRow(Shape):
    id: UUID
    revision: int | None
    """Null in a withdrawal: each went back to the one before."""
    leaves: int | None
    withdraws: bool
    site_id: UUID | None
    arm: str | None
    valid_from: date
    people: int
    moved_at: Moment


class StudyMoveList(Shape):
    items: list[StudyMoveRow]


@router.post(
    "/protocols/preview",
    response_model=AheadPage,
    responses=responses(401, 403, 404, 409, 413, 422),
    openapi_extra=DOCUMENT,
    max_body_size=MAX_BYTES,
)
def preview_draft(
    study: StudyRow,
    viewer: Manager,
    raw: Raw,
    house: TheHouse,
    request: Request,
    valid_from: Day | None = None,
    days: Days = 7,
    leaves: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    site_id: UUID | None = None,
    arm: Arm = None,
    cursor: Cursor = None,
    limit: People = 25,
) -> AheadPage:
    """Who would gain or lose which prompts if this document were published and the study moved to it. Stores nothing."""
    return _preview(house, request, viewer, study, checked(raw), Wish(valid_from, days, leaves, site_id, arm), cursor, limit)


@router.get("/protocols/{revision}/preview", response_model=AheadPage, responses=responses(401, 403, 404, 409, 422))
def preview_revision(
    study: StudyRow,
    revision: Revision,
    viewer: Manager,
    house: TheHouse,
    request: Request,
    valid_from: Day | None = None,
    days: Days = 7,
    leaves: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    site_id: UUID | None = None,
    arm: Arm = None,
    cursor: Cursor = None,
    limit: People = 25,
) -> AheadPage:
    """Who would gain or lose which prompts if the study were moved to this revision. Stores nothing."""
    return _preview(house, request, viewer, study, revision, Wish(valid_from, days, leaves, site_id, arm), cursor, limit)


@router.post(
    "/protocols/{revision}/moves",
    status_code=201,
    response_model=StudyMoveOut,
    responses={200: {"model": StudyMoveOut, "description": "Asked before."}, **responses(401, 403, 404, 409, 422)},
)
def move_study_to(
    study: StudyRow, revision: Revision, body: StudyMoveIn, viewer: Manager, house: TheHouse, request: Request, response: Response
) -> StudyMoveOut:
    """Move the study, a site or an arm to this revision. Each plan switches when the day begins for the person; what was sent stays."""
    asked = Asked(body.id, revision, body.valid_from, leaves=body.leaves, site=body.site_id, arm=body.arm)
    return _done(move_study(house, request, viewer, study, asked), response)


@router.post(
    "/protocols/{revision}/withdraw",
    status_code=201,
    response_model=StudyMoveOut,
    responses={200: {"model": StudyMoveOut, "description": "Asked before."}, **responses(401, 403, 404, 409, 422)},
)
def withdraw_protocol(
    study: StudyRow, revision: Revision, body: WithdrawIn, viewer: Manager, house: TheHouse, request: Request, response: Response
) -> StudyMoveOut:
    """Withdraw a revision: nobody is moved to it any more, and who is on it goes back. It stays readable for answers that name it."""
    asked = Asked(body.id, body.to, body.valid_from)
    return _done(withdraw_revision(house, request, viewer, study, revision, asked, note=body.note), response)


@router.get("/moves", response_model=StudyMoveList, responses=responses(401, 403, 404))
def list_study_moves(study: StudyRow, _viewer: Manager, house: TheHouse) -> StudyMoveList:
    """The newest 100 moves and withdrawals of the study."""
    with house.sessions.reading() as session:
        return StudyMoveList(items=[_move(one) for one in rows.study_moves(session, study.id, 100)])


def _preview(
    house: House, request: Request, viewer: Viewer, study: Row[Any], to: int | Protocol, wish: Wish, cursor: str | None, limit: int
) -> AheadPage:
    after = None if cursor is None else read_cursor(cursor, UUID)[0]
    ahead = preview_move(house, viewer, study, to, wish, after=after, limit=limit)
    act = act_of(house, request, viewer, "revision_previewed", "study", study.uid, people=max(ahead.counted, len(ahead.page)))
    record(house, study.uid, act)
    return _page(ahead, wish.days)


def _page(ahead: Ahead, days: int) -> AheadPage:
    return AheadPage(
        valid_from=ahead.valid_from,
        days=days,
        people=ahead.people,
        not_started=ahead.not_started,
        staying=ahead.staying,
        counted=ahead.counted,
        counts=[DayCount(day=day, design=design, **_numbers(number)) for (day, design), number in sorted(ahead.counts.items())],
        waiting=[WaitingCount(design=one.design, anchor=one.anchor, people=people) for one, people in sorted(ahead.waiting.items())],
        items=[_person(one) for one in ahead.page],
        next=cursor_of(ahead.page[-1].enrollment.uid) if ahead.more else None,
    )


def _numbers(counts: Any) -> dict[str, int]:
    return {change: counts.get(change, 0) for change in ("gains", "loses", "moves", "keeps")}


def _person(one: PersonAhead) -> PersonAheadOut:
    changes = [found.change for found in one.prompts]
    return PersonAheadOut(
        enrollment_id=one.enrollment.uid,
        arm=one.enrollment.arm,
        **_numbers({change: changes.count(change) for change in changes}),
        prompts=[_prompt(found) for found in one.prompts if found.change != "keeps"],
    )


def _prompt(found: Foreseen) -> PromptAhead:
    one = found.occasion
    return PromptAhead(
        id=one.uid,
        day=one.slot.local_date,
        design=one.design,
        instrument=one.instrument,
        change=found.change,
        due_before=None if found.before is None else found.before.due_at,
        due_after=None if found.after is None else found.after.due_at,
    )


def _done(done: Done, response: Response) -> StudyMoveOut:
    response.status_code = 201 if done.created else 200
    return StudyMoveOut(id=done.uid, valid_from=done.valid_from, people=done.people, created=done.created)


def _move(row: Row[Any]) -> StudyMoveRow:
    return StudyMoveRow(
        id=row.uid,
        revision=row.revision,
        leaves=row.leaves,
        withdraws=row.withdraws,
        site_id=row.site_uid,
        arm=row.arm,
        valid_from=row.valid_from,
        people=row.people,
        moved_at=row.moved_at,
    )
