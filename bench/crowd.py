"""Large tables of people and prompts, filled set by set: one row as the house writes it, and its copies by SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text

from models.base import Base
from models.kinds import PromptState
from models.session import Sessions, WriteSession
from models.tables import Enrollment, Participant, Prompt
from tests.build import Built, Person, build_person, build_study
from tests.conftest import fixed_keys
from tests.scheduler.house import add_prompt

PER_PERSON = 450
"""Prompts of one person: 90 days of five."""
AHEAD = 35
"""Of these still planned: the horizon of seven days."""

_ENDED = ("completed", "completed", "completed", "partial", "declined", "expired", "expired", "superseded", "blocked")


@dataclass(frozen=True, slots=True)
class Crowd:
    """What was made: the study, the first of the people, and how many people and prompts there are."""

    study: Built
    first: Person
    people: int
    prompts: int


def fill(sessions: Sessions, prompts: int, *, now: datetime) -> Crowd:
    """About so many prompts, most of them ended and a week of each person's still planned; nothing is due before `now` + 1 h.

    A person's prompts lie one after the other, each person's horizon behind their past. Statistics are gathered at the end.
    """
    study = build_study(sessions, now=now)
    person = build_person(sessions, fixed_keys(), study, now=now)
    add_prompt(sessions, study, person, due_at=now - timedelta(days=90))
    people = max(1, prompts // PER_PERSON)
    with sessions.transaction() as session:
        _keys_off(session)
        _copies(session, Participant, people - 1, {"uid": _uid(session)})
        _copies(session, Enrollment, people - 1, {"uid": _uid(session), "participant_id": "participant_id + n"})
        session.execute(text("UPDATE prompt SET next_at = NULL, state = 'expired', slot_index = -1"))
        _copies(session, Prompt, people * PER_PERSON, _prompt_columns(session, now))
    gather(sessions)
    return Crowd(study, person, people, people * PER_PERSON + 1)


def gather(sessions: Sessions) -> None:
    """Statistics, and on PostgreSQL a vacuum: what a database at rest has."""
    engine = sessions.write_engine.execution_options(isolation_level="AUTOCOMMIT") if not sessions.embedded else sessions.write_engine
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE" if sessions.embedded else "VACUUM ANALYZE")
        connection.commit()


def arm(sessions: Sessions, crowd: Crowd, due: int, *, now: datetime) -> list[int]:
    """Makes exactly so many of the planned prompts due a second before `now`, of people spread over the whole table; gives their keys."""
    step = max(1, crowd.people // due)
    wanted = [crowd.first.enrollment_id + number * step for number in range(min(due, crowd.people))]
    with sessions.transaction() as session:
        planned = select(Prompt.id).where(Prompt.enrollment_id.in_(wanted), Prompt.state == PromptState.PLANNED)
        rows = session.rows(planned.order_by(Prompt.slot_index, Prompt.enrollment_id).limit(due))
        keys = [row.id for row in rows]
        rearm(session, keys, now=now)
    if len(keys) != due:
        raise ValueError(f"{crowd.people} people have {len(keys)} planned prompts, fewer than {due}")
    return keys


def rearm(session: WriteSession, keys: list[int], *, now: datetime) -> None:
    """Puts prompts back to planned and due a second before `now`."""
    table = Prompt.__table__
    at = now - timedelta(seconds=1)
    session.execute(
        table.update()
        .where(table.c.id.in_(keys))
        .values(state=PromptState.PLANNED, due_at=at, next_at=at, expires_at=at + timedelta(hours=1), sent_at=None, reminders_left=[])
    )


def _prompt_columns(session: WriteSession, now: datetime) -> Mapping[str, str]:
    """SQL of the columns in which the copies differ; n counts from 1."""
    whose, place = f"((n - 1) / {PER_PERSON})", f"((n - 1) % {PER_PERSON})"
    planned = f"{place} >= {PER_PERSON - AHEAD}"
    ended = " ".join(f"WHEN {number} THEN '{state}'" for number, state in enumerate(_ENDED))
    # Past prompts go back from `now`, the others lie ahead of it, never within the first hour.
    if session.dialect == "postgresql":
        due = (
            f"CASE WHEN {planned} THEN timestamptz '{(now + timedelta(hours=1)).isoformat()}' "
            f"+ ({place} - {PER_PERSON - AHEAD}) * interval '288 minutes' + (n % 1009) * interval '1 second' "
            f"ELSE timestamptz '{now.isoformat()}' - ({PER_PERSON - AHEAD} - {place}) * interval '288 minutes' END"
        )
        hour, none = "interval '1 hour'", "NULL::timestamptz"
    else:
        base = round(now.timestamp() * 1e6)
        minutes = 288 * 60 * 1_000_000
        due = (
            f"CASE WHEN {planned} THEN {base + 3_600_000_000} + ({place} - {PER_PERSON - AHEAD}) * {minutes} + (n % 1009) * 1000000 "
            f"ELSE {base} - ({PER_PERSON - AHEAD} - {place}) * {minutes} END"
        )
        hour, none = "3600000000", "NULL"
    return {
        "uid": _uid(session),
        "enrollment_id": f"enrollment_id + {whose}",
        "slot": f"'slot-' || {place}",
        "slot_index": place,
        "state": f"CASE WHEN {planned} THEN 'planned' ELSE CASE n % {len(_ENDED)} {ended} END END",
        "due_at": due,
        "window_start": due,
        "window_end": f"{due} + {hour}",
        "expires_at": f"{due} + {hour}",
        "next_at": f"CASE WHEN {planned} THEN {due} ELSE {none} END",
    }


def _copies(session: WriteSession, table: type[Base], number: int, changes: Mapping[str, str]) -> None:
    """So many copies of the table's first row; n counts from 1. `changes` are columns and their SQL."""
    if number <= 0:
        return
    names = [column.name for column in table.__table__.columns if column.name != "id"]
    cells = ", ".join(changes.get(name, name) for name in names)
    series = (
        f"generate_series(1, {number}) AS series(n)"
        if session.dialect == "postgresql"
        else f"(WITH RECURSIVE one(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM one WHERE n < {number}) SELECT n FROM one) AS series"
    )
    name = table.__table__.name
    first = f"(SELECT * FROM {name} ORDER BY id LIMIT 1) AS first"
    session.execute(text(f"INSERT INTO {name} ({', '.join(names)}) SELECT {cells} FROM {first} CROSS JOIN {series} ORDER BY n"))


def _uid(session: WriteSession) -> str:
    return "gen_random_uuid()" if session.dialect == "postgresql" else "lower(hex(randomblob(16)))"


def _keys_off(session: WriteSession) -> None:
    """Foreign keys are looked up row by row, which is most of the time of a fill; the copies refer to rows that exist."""
    if session.dialect == "postgresql":
        session.execute(text("SET LOCAL session_replication_role = replica"))
    else:
        session.execute(text("PRAGMA defer_foreign_keys = ON"))
