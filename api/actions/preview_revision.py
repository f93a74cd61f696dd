"""What a move to a revision, published or still a draft, would change of people's prompts. Planned for real, and not written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from api.actions.move_study import day_of_move, few_enough, narrowed
from api.actions.moving import Moving, read_moving
from api.deps import House
from models.access import Ability, Viewer
from models.definition.protocol import Protocol
from models.errors import Invalid
from models.queries import planning
from models.queries import revision as rows
from models.session import ReadSession
from scheduler.foresee import Change, Foreseen, foresee, needed
from scheduler.plan.anchors import Waiting, waiting
from scheduler.plan.calendar import DAY
from scheduler.plan.reconcile import CALENDAR_KINDS
from scheduler.plan.versions import Versions, moved
from scheduler.plan_inputs import by_person, read_people, unmovable

PERSON_DAYS: Final = 7_000
"""How much is counted: 1,000 people over a week. Of a larger study as many are, evenly over the order in which people joined, and the reply
says how many."""

_DRAFT: Final = 0
"""Stands for the version of a document that is not published."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A move as it would be asked for, and how much of its future to show."""

    valid_from: date | None
    days: int
    leaves: int | None = None
    site: UUID | None = None
    arm: str | None = None


@dataclass(frozen=True, slots=True)
class PersonAhead:
    """One person who would be moved, and every prompt of these days."""

    enrollment: Row[Any]
    prompts: Sequence[Foreseen]
    waiting: Sequence[Waiting]
    """The designs that would ask nothing, since what they count from was neither told nor planned."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """`people` would be moved, `not_started` of them have no plan yet, `staying` are on the revision or not on the one that is left.

    `counts` are of `counted` people, by local date, design and change, and `waiting` says how many of these no design asks that counts from
    an event nobody told or planned; both are empty after the first page.
    """

    valid_from: date
    people: int
    not_started: int
    staying: int
    counted: int
    counts: Mapping[tuple[date, str], Mapping[Change, int]]
    waiting: Mapping[Waiting, int]
    page: Sequence[PersonAhead]
    more: bool


def preview_move(house: House, viewer: Viewer, study: Row[Any], to: int | Protocol, wish: Wish, *, after: UUID | None, limit: int) -> Ahead:
    """`to`: the number of a revision, or the document of a draft. `after` is the last person of the page before.

    Raises what `move_study` would raise.
    """
    now = house.clock.study()
    with house.sessions.reading() as session:
        version, texts, effective_from = _target(session, house, study.id, to)
        whom = narrowed(session, study.id, site=wish.site, arm=wish.arm)
        chosen = rows.people_of(viewer, Ability.SEE_PEOPLE, study.id, whom, now=now)
        few_enough(session, chosen)
        people = read_moving(session, session.rows(chosen), now=now)
        day = day_of_move(people, wish.valid_from, effective_from, now=now, zone=study.zone)
        leaves = None if wish.leaves is None else rows.version_id(session, study.id, wish.leaves)
        moving = {
            one.enrollment.id: (one, one.versions.after(decisions))
            for one in people
            if (decisions := moved(one.versions, day, version, leaves=leaves))
        }
        planned = [key for key, (one, _) in moving.items() if one.started and one.enrollment.consent_collect]
        place = _place(planned, _after(session, study.id, after))
        shown = planned[place : place + limit]
        most = PERSON_DAYS // wish.days
        counted = evenly(planned, most) if after is None else []
        wanted = list(dict.fromkeys((*counted, *shown)))
        found = dict(_foreseen(session, house, [moving[key] for key in wanted], texts, day, day + DAY * (wish.days - 1), now=now))
    counts: dict[tuple[date, str], Counter[Change]] = {}
    for key in counted:
        for one in found[key].prompts:
            counts.setdefault((one.occasion.slot.local_date, one.occasion.design), Counter())[one.change] += 1
    return Ahead(
        valid_from=day,
        people=len(moving),
        not_started=len(moving) - len(planned),
        staying=len(people) - len(moving),
        counted=len(counted),
        counts=counts,
        waiting=Counter(one for key in counted for one in found[key].waiting),
        page=[found[key] for key in shown],
        more=place + limit < len(planned),
    )


def evenly(people: Sequence[int], most: int) -> Sequence[int]:
    """At most so many, as far apart in the sequence as they can be.

    >>> evenly(range(10), 4)
    [0, 2, 5, 7]
    """
    return people if len(people) <= most else [people[place * len(people) // most] for place in range(most)]


def _target(session: ReadSession, house: House, study_id: int, to: int | Protocol) -> tuple[int, dict[int, Protocol], date]:
    if isinstance(to, Protocol):
        return _DRAFT, {_DRAFT: to}, date.min
    row = rows.standing(session, study_id, to)
    return row.id, {row.id: house.protocols.get(session, row.id)}, row.effective_from


def _after(session: ReadSession, study_id: int, after: UUID | None) -> int:
    found = 0 if after is None else rows.key_of(session, study_id, after)
    if found is None:
        raise Invalid("cursor_invalid", "This cursor is none of ours.")
    return found


def _place(planned: Sequence[int], after: int) -> int:
    return next((place for place, key in enumerate(planned) if key > after), len(planned))


def _foreseen(
    session: ReadSession,
    house: House,
    moving: Sequence[tuple[Moving, Versions]],
    texts: dict[int, Protocol],
    first: date,
    last: date,
    *,
    now: datetime,
) -> Iterator[tuple[int, PersonAhead]]:
    """Everybody's prompts of these dates, and what waits at their end, by enrollment."""
    people = read_people(session, house.keys, [one.enrollment for one, _ in moving], now=now)
    since = now.date() - timedelta(days=3)
    stored = by_person(planning.read_gone_by(session, [one.enrollment.id for one in people], since, CALENDAR_KINDS, now=now))
    for person, (_, after) in zip(people, moving, strict=True):
        for version in needed(person, after, first, last):
            if version not in texts:
                texts[version] = house.protocols.get(session, version)
        key, on = person.enrollment.id, after.on(last)
        waits = () if on is None else waiting(texts[on].designs, person.enrollment.arm, person.anchored)
        sent = unmovable(stored.get(key, ()), now=now)
        yield key, PersonAhead(person.enrollment, foresee(person, after, texts, sent, first, last, now=now), waits)
