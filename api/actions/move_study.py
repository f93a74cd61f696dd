"""Move a study, a site or an arm to a revision from a local day on; or withdraw a revision, and take everybody off it.

Either is one transaction: people's moves are written together or not at all, and the horizon carries them out afterwards, each on the
person's own day. A crash in between leaves plans that are stale, and the next tick goes on with those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row, Select

from api.actions.moving import Moving, read_moving, write_moves
from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Ability, Viewer
from models.errors import Conflict, Fault, Invalid
from models.queries import revision as rows
from models.queries.study import protocol_for, site_by_uid
from models.session import ReadSession, WriteSession
from scheduler.plan.calendar import DAY, local
from scheduler.plan.versions import moved, taken_back

MOST: Final = 20_000
"""People in one move: it is one transaction, and whoever else writes waits for it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is to be moved where. `valid_from` None: for a move everybody's next day, for a withdrawal each person's today."""

    uid: UUID
    revision: int | None
    valid_from: date | None
    leaves: int | None = None
    site: UUID | None = None
    arm: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """`created` is False where the same was asked before under this id."""

    uid: UUID
    valid_from: date
    people: int
    created: bool


def move_study(house: House, request: Request, viewer: Viewer, study: Row[Any], asked: Asked) -> Done:
    """Moves those whom it concerns and who are not on the revision then; a change that was decided for a later day stands.

    Raises Missing, Conflict (`revision_withdrawn`, `not_in_effect`, `move_differs`) and Invalid for a day that is past somewhere.
    """
    now = house.clock.study()
    with house.sessions.transaction() as session:
        rows.lock_study(session, study.id)
        if (known := rows.study_move(session, study.id, asked.uid)) is not None:
            return _again(session, study.id, known, asked, withdraws=False)
        assert asked.revision is not None
        target = rows.lock_version(session, study.id, asked.revision)
        leaves = None if asked.leaves is None else rows.version_id(session, study.id, asked.leaves)
        whom = narrowed(session, study.id, site=asked.site, arm=asked.arm)
        people = _locked(session, viewer, study.id, whom, now)
        day = day_of_move(people, asked.valid_from, target.effective_from, now=now, zone=study.zone)
        decided = [(one, moved(one.versions, day, target.id, leaves=leaves)) for one in people]
        number = sum(bool(decisions) for _, decisions in decided)
        values = {"protocol_version_id": target.id, "leaves_version_id": leaves, "site_id": whom.site_id, "arm": whom.arm}
        move_id = _write_down(session, viewer, study, asked.uid, values, day, number, withdraws=False, now=now)
        write_moves(session, decided, moved_by=viewer.staff_id, now=now, study_move_id=move_id)
        facts: dict[str, Any] = {"revision": asked.revision, "valid_from": day.isoformat(), "people": number}
        act = act_of(house, request, viewer, "study_moved", "study_move", asked.uid, **facts)
        add_act(session, house, study.uid, act)
    return Done(asked.uid, day, number, created=True)


def withdraw_revision(
    house: House, request: Request, viewer: Viewer, study: Row[Any], revision: int, asked: Asked, *, note: str | None
) -> Done:
    """Nobody is moved to the revision any more. Whoever it asks goes back on the day, or to `asked.revision`; for whom it was to
    begin later, it never does. Answers that name it are still judged by it.

    Raises Missing, Conflict (`revision_withdrawn`, `last_revision`, `not_in_effect`, `move_differs`) and Invalid for a day that is past.
    """
    now = house.clock.study()
    with house.sessions.transaction() as session:
        rows.lock_study(session, study.id)
        if (known := rows.study_move(session, study.id, asked.uid)) is not None:
            return _again(session, study.id, known, asked, withdraws=True, leaves=revision)
        gone = rows.lock_version(session, study.id, revision, withdraw=True)
        rows.withdraw_version(session, gone.id, by=viewer.staff_id, note=note, now=now)
        target = None if asked.revision is None else rows.lock_version(session, study.id, asked.revision)
        people = _locked(session, viewer, study.id, rows.Whom(), now)
        day = _day_of_withdrawal(people, asked.valid_from, now=now, zone=study.zone)
        if target is not None and day < target.effective_from:
            raise Conflict("not_in_effect", "The revision is not in effect on that day.")
        otherwise = protocol_for(session, study.id, day)
        if otherwise is None:
            raise Conflict("last_revision", "No other revision is in effect on that day; publish one first.")
        withdrawn = rows.withdrawn_versions(session, study.id)
        to = None if target is None else target.id
        decided = [
            (
                one,
                taken_back(
                    one.versions,
                    gone.id,
                    max(day, one.today),
                    today=one.today,
                    withdrawn=withdrawn,
                    to=to,
                    otherwise=otherwise.id,
                ),
            )
            for one in people
        ]
        number = sum(bool(decisions) for _, decisions in decided)
        values = {"protocol_version_id": to, "leaves_version_id": gone.id, "site_id": None, "arm": None}
        move_id = _write_down(session, viewer, study, asked.uid, values, day, number, withdraws=True, now=now)
        write_moves(session, decided, moved_by=viewer.staff_id, now=now, study_move_id=move_id)
        facts: dict[str, Any] = {"revision": revision, "valid_from": day.isoformat(), "people": number}
        act = act_of(house, request, viewer, "protocol_withdrawn", "protocol", gone.uid, **facts)
        add_act(session, house, study.uid, act)
    return Done(asked.uid, day, number, created=True)


def narrowed(session: ReadSession, study_id: int, *, site: UUID | None, arm: str | None) -> rows.Whom:
    """Which people of the study; raises Invalid for a site that it does not have."""
    row = None if site is None else site_by_uid(session, study_id, site)
    if site is not None and row is None:
        fault = Fault("/site_id", "unknown_site", "The study has no such site.")
        raise Invalid("invalid", "The study has no such site.", (fault,))
    return rows.Whom(None if row is None else row.id, arm)


def few_enough(session: ReadSession, chosen: Select[Any]) -> None:
    """Raises Conflict where these are more people than one move takes."""
    if rows.count(session, chosen) > MOST:
        raise Conflict("too_many_people", f"More than {MOST} people at once; name a site or an arm.")


def day_of_move(people: Sequence[Moving], valid_from: date | None, effective_from: date, *, now: datetime, zone: str) -> date:
    """The day of a move: one that is not past for anybody. Raises Invalid, and Conflict where the revision is not in effect then."""
    latest = max((one.today for one in people), default=_office(now, zone))
    day = max(latest + DAY, effective_from) if valid_from is None else valid_from
    if day < latest:
        raise _past(f"{latest.isoformat()} or later: it is that day already for some of them.")
    if day < effective_from:
        raise Conflict("not_in_effect", "The revision is not in effect on that day.")
    return day


def _day_of_withdrawal(people: Sequence[Moving], valid_from: date | None, *, now: datetime, zone: str) -> date:
    """Where the day has passed for some, it is their today: nobody waits for those whose day has not come."""
    earliest = min((one.today for one in people), default=_office(now, zone))
    if valid_from is not None and valid_from < earliest:
        raise _past(f"{earliest.isoformat()} or later: the past is never planned again.")
    return valid_from or earliest


def _office(now: datetime, zone: str) -> date:
    return local(now, zone).date


def _past(said: str) -> Invalid:
    return Invalid("invalid", "The past is never planned again.", (Fault("/valid_from", "in_the_past", said),))


def _locked(session: WriteSession, viewer: Viewer, study_id: int, whom: rows.Whom, now: datetime) -> list[Moving]:
    chosen = rows.people_of(viewer, Ability.MANAGE_STUDY, study_id, whom, now=now)
    few_enough(session, chosen)
    return read_moving(session, rows.lock_people(session, chosen), now=now)


def _write_down(
    session: WriteSession,
    viewer: Viewer,
    study: Row[Any],
    uid: UUID,
    values: dict[str, Any],
    day: date,
    people: int,
    *,
    withdraws: bool,
    now: datetime,
) -> int:
    return rows.add_study_move(
        session,
        {
            **values,
            "uid": uid,
            "study_id": study.id,
            "withdraws": withdraws,
            "valid_from": day,
            "people": people,
            "moved_by": viewer.staff_id,
            "moved_at": now,
        },
    )


def _again(session: ReadSession, study_id: int, known: Row[Any], asked: Asked, *, withdraws: bool, leaves: int | None = None) -> Done:
    """The same asked once more. Raises Conflict for another move under this id."""
    site = narrowed(session, study_id, site=asked.site, arm=asked.arm).site_id
    leaves = asked.leaves if leaves is None else leaves
    to, off = (None if one is None else rows.version_id(session, study_id, one) for one in (asked.revision, leaves))
    was = known.withdraws, known.protocol_version_id, known.leaves_version_id, known.site_id, known.arm
    if was != (withdraws, to, off, site, asked.arm) or asked.valid_from not in {None, known.valid_from}:
        raise Conflict("move_differs", "Another move is stored under this id.")
    return Done(known.uid, known.valid_from, known.people, created=False)
