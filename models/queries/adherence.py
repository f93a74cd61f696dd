"""Prompts counted in groups that are alike, for adherence, and who is to be looked at for it.

A group shares everything that the fate of a prompt depends on (`models.dataset.alike`): `told`, `opened` and `unexpired` are 1 or 0;
`complete` and `timing` are of the response that counts (a complete one first, then the first stored), null where there is none.
A slot that vanished without an answer is in no group.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Integer, Row, Select, and_, bindparam, case, exists, func, or_, select, text, update
from sqlalchemy.orm import aliased

from models.kinds import AlertState, PromptState
from models.session import ReadSession, WriteSession
from models.tables import Alert, Enrollment, Prompt, Response

WINDOW: Final = timedelta(days=7)
"""How far back recent adherence looks, by due time."""

_PEOPLE: BindParameter[Any] = bindparam("people", expanding=True)
_NOW, _AT, _SINCE = (bindparam(name, type_=Prompt.due_at.type) for name in ("now", "at", "since"))
_BUT = bindparam("but", type_=Integer)

_ACTIVE = text("enrollment.state = 'active'")
"""Said as the partial index says it: neither database uses one for a bound parameter."""


def study_groups(session: ReadSession, study_id: int, *, now: datetime) -> Sequence[Row[Any]]:
    """Prompts whose moment has come, of people whose data may be used, by `design` and `week` (1 is study days 1 to 7).

    No viewer: counts, for a caller who may see the whole study. Relies on ix_response_prompt.
    """
    kept = Prompt.enrollment_id.in_(select(Enrollment.id).where(Enrollment.study_id == study_id, Enrollment.consent_use))
    statement = _groups((Prompt.design, _week()), Prompt.study_id == study_id, Prompt.due_at <= now, kept)
    return session.rows(statement, {"now": now})


def person_groups(session: ReadSession, enrollment_id: int, *, now: datetime) -> Sequence[Row[Any]]:
    """The same of one person whom the caller was allowed to read (ix_prompt_enrollment_due, ix_response_prompt)."""
    statement = _groups((Prompt.design, _week()), Prompt.enrollment_id == enrollment_id, Prompt.due_at <= now)
    return session.rows(statement, {"now": now})


def recent_groups(
    session: ReadSession, enrollment_ids: Collection[int], *, at: datetime, now: datetime, but: int | None = None
) -> Sequence[Row[Any]]:
    """Prompts due in the 7 days up to `at`, by `enrollment_id` and `unheard`: 1 where due after the last that was answered or refused.

    Judged by what is known at `now`. `but` leaves out the prompt of one response. Relies on ix_prompt_enrollment_due, ix_response_prompt.
    """
    asked = {"people": sorted(enrollment_ids), "since": at - WINDOW, "at": at, "now": now}
    return session.rows(_recent_groups(but is not None), asked if but is None else {**asked, "but": but})


@cache
def _recent_groups(but: bool) -> Any:
    """Asked of everyone on a coordinator's list and at every answer that a rule on adherence reads, so built once."""
    one = aliased(Prompt)
    heard = (
        select(one.enrollment_id, func.max(one.due_at).label("due_at"))
        .where(_within(one, but), one.first_answer_at.is_not(None))
        .group_by(one.enrollment_id)
        .subquery()
    )
    unheard = _flag(or_(heard.c.due_at.is_(None), Prompt.due_at > heard.c.due_at)).label("unheard")
    joined = (heard, heard.c.enrollment_id == Prompt.enrollment_id)
    return _groups((Prompt.enrollment_id, unheard), _within(Prompt, but), joined=joined)


def last_heard(
    session: ReadSession, enrollment_ids: Collection[int], *, at: datetime, but: int | None = None
) -> Mapping[int, datetime | None]:
    """Enrollment -> when the newest answer up to `at` was given, or the start where none came; `but` leaves out one response.

    Relies on ix_response_enrollment_time.
    """
    asked = {"people": sorted(enrollment_ids), "at": at}
    rows = session.rows(_last_heard(but is not None), asked if but is None else {**asked, "but": but})
    return {row.id: row.heard_at for row in rows}


@cache
def _last_heard(but: bool) -> Any:
    newest = select(Response.event_time).where(Response.enrollment_id == Enrollment.id, Response.event_time <= _AT)
    if but:
        newest = newest.where(Response.id != _BUT)
    answered = newest.order_by(Response.event_time.desc()).limit(1).scalar_subquery()
    return select(Enrollment.id, func.coalesce(answered, Enrollment.started_at).label("heard_at")).where(Enrollment.id.in_(_PEOPLE))


def _groups(keys: Sequence[Any], *conditions: ColumnElement[bool], joined: tuple[Any, Any] | None = None) -> Select[Any]:
    """Judged by what is known at the bound `now`."""
    answer = aliased(Response)
    counts = (
        select(answer.id)
        .where(answer.prompt_id == Prompt.id, answer.superseded.is_(False))
        .order_by(answer.complete.desc(), answer.id)
        .limit(1)
        .correlate(Prompt)
        .scalar_subquery()
    )
    columns = (
        *keys,
        Prompt.state,
        Prompt.reason,
        _flag(Prompt.sent_at.is_not(None) | Prompt.delivered_at.is_not(None)).label("told"),
        _flag(Prompt.opened_at.is_not(None)).label("opened"),
        _flag(Prompt.expires_at > _NOW).label("unexpired"),
        Response.complete,
        Response.timing,
    )
    statement = select(*columns, func.count().label("number")).select_from(Prompt).join(Response, Response.id == counts, isouter=True)
    if joined is not None:
        statement = statement.join(*joined, isouter=True)
    there = or_(Prompt.state != PromptState.SUPERSEDED, Response.id.is_not(None))
    return statement.where(*conditions, there).group_by(*columns).order_by(*keys)


def _within(prompt: Any, but: bool) -> ColumnElement[bool]:
    found = and_(prompt.enrollment_id.in_(_PEOPLE), prompt.due_at > _SINCE, prompt.due_at <= _AT)
    if not but:
        return found
    answer = aliased(Response)
    return and_(found, ~exists(select(answer.id).where(answer.id == _BUT, answer.prompt_id == prompt.id)))


def _week() -> Any:
    return ((Prompt.study_day - 1) // 7 + 1).label("week")


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


# From here on no viewer: the house looks by itself.


def watch_due(session: ReadSession, *, now: datetime) -> bool:
    """Whether anyone is to be looked at (ix_enrollment_watch)."""
    return bool(session.value(select(exists(select(Enrollment.id).where(_ACTIVE, Enrollment.watch_at <= now)))))


def lock_watched(session: WriteSession, *, now: datetime, limit: int) -> Sequence[Row[Any]]:
    """Active enrollments to look at, locked, in order of id; skips what another transaction holds (ix_enrollment_watch)."""
    statement = select(Enrollment).where(_ACTIVE, Enrollment.watch_at <= now).order_by(Enrollment.watch_at, Enrollment.id).limit(limit)
    return sorted(session.rows(statement.with_for_update(skip_locked=True, key_share=True)), key=lambda row: row.id)


def watched(session: WriteSession, enrollment_ids: Collection[int], *, again_at: datetime) -> None:
    """When to look at these people again."""
    session.execute(update(Enrollment).where(Enrollment.id.in_(sorted(enrollment_ids))).values(watch_at=again_at))


def newest_alerts(session: ReadSession, enrollment_ids: Collection[int], families: Collection[str]) -> Mapping[tuple[int, str], Row[Any]]:
    """(enrollment, rule) -> whether an alert of the rule is unresolved, and when the newest opened (ix_alert_enrollment)."""
    unresolved = func.max(_flag(Alert.state != AlertState.RESOLVED)).label("unresolved")
    rows = session.rows(
        select(Alert.enrollment_id, Alert.family, unresolved, func.max(Alert.opened_at).label("opened_at"))
        .where(Alert.enrollment_id.in_(sorted(enrollment_ids)), Alert.family.in_(sorted(families)))
        .group_by(Alert.enrollment_id, Alert.family)
    )
    return {(row.enrollment_id, row.family): row for row in rows}
