"""The first run: secrets, tables, the mark of the database, a study, a way in. Every later run finds them and changes nothing.

A crash at any line leaves a state from which the next run goes on: keys are written whole or not at all, the study with everything
in it is one transaction. Where the crash came between that commit and the showing, `breakwater staff reset` makes another password.
"""

from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.exc import IntegrityError

from api.actions.enroll import Code, Newcomer, add_person, fresh_code, store_code
from api.actions.publish_protocol import checked, publish
from api.auth.codes import MadeCode
from api.auth.passwords import hash_password
from api.settings import ApiSettings
from models.clock import SystemClock
from models.definition.protocol import Protocol
from models.errors import Conflict
from models.ids import new_password
from models.kinds import Role
from models.migrate import current, migrate
from models.queries import staff as staff_queries
from models.queries import study as study_queries
from models.queries.audit import SYSTEM_CHAIN, Act, append
from models.queries.caseload import Assignment, replace_assignments
from models.queries.rota import Shift, replace_rota
from models.sealed import Keys
from models.secrets_file import load_or_make
from models.session import Sessions, WriteSession
from models.settings import DatabaseSettings
from scheduler.plan.calendar import TZDATA_VERSION, local

STUDY: Final = "first-study"
LOGIN: Final = "admin"
PROTOCOL: Final = "oud"
ROLES: Final = (Role.ADMIN, Role.COORDINATOR, Role.INVESTIGATOR, Role.DATA_MANAGER, Role.OPERATOR, Role.AUDITOR)
RUNGS: Final = ("on_duty", "supervisor", "investigator")


class OtherKeys(Conflict):
    """The keys beside the database are not those that it was made with."""


@dataclass(frozen=True, slots=True, repr=False)
class FirstSecrets:
    """What is shown once, and never logged."""

    study: str
    login: str
    one_time_password: str
    code: str
    code_expires_at: datetime


def open_database(settings: DatabaseSettings, *, rehearsal: bool = False, start: datetime | None = None) -> tuple[Sessions, Keys]:
    """Keys, newest tables and the mark; `rehearsal` and `start` count where the mark is made, and never change one that stands.

    `start` is where the study time of a rehearsal begins; None: now.

    Raises OtherKeys where the keys do not belong to the database, before a table is touched; Conflict where a rehearsal was asked
    of one that is none, or commits that may be lost.
    """
    keys = _keys(settings)
    migrate(settings)
    sessions = Sessions(settings)
    try:
        mark = _mark(sessions, keys, rehearsal=rehearsal, start=start)
        if rehearsal and not mark.rehearsal:
            raise Conflict("not_a_rehearsal", "This database holds a study and is not marked as a rehearsal; use another directory.")
        if not settings.durable and not mark.rehearsal:
            raise Conflict("not_durable", "This database holds a study: it is not opened with BREAKWATER_DURABLE=0.")
    except BaseException:
        sessions.close()
        raise
    return sessions, keys


def _keys(settings: DatabaseSettings) -> Keys:
    """The keys of this installation; new ones only where no database waits for others."""
    path, fingerprint = settings.directory / "secrets.toml", _fingerprint(settings)
    if fingerprint is not None and not path.exists():
        raise OtherKeys(
            "other_keys",
            f"This database was made with keys that are not here. Put its {path} back; nothing was changed and no keys were made.",
        )
    keys = load_or_make(settings.directory)
    _require_same(fingerprint, keys, settings)
    return keys


def _fingerprint(settings: DatabaseSettings) -> str | None:
    """What the database says of its keys; None where it was not marked yet. Makes no file."""
    if current(settings) is None:
        return None
    sessions = Sessions(settings)
    try:
        with sessions.reading() as session:
            mark = study_queries.mark(session)
    finally:
        sessions.close()
    return None if mark is None else str(mark.key_fingerprint)


def _require_same(fingerprint: str | None, keys: Keys, settings: DatabaseSettings) -> None:
    if fingerprint is not None and fingerprint != keys.fingerprint():
        raise OtherKeys(
            "other_keys",
            f"The keys in {settings.directory / 'secrets.toml'} are not those that this database was made with. "
            "Put the right file back, or point to the right database; nothing was changed.",
        )


def _mark(sessions: Sessions, keys: Keys, *, rehearsal: bool, start: datetime | None) -> Row[Any]:
    """The mark as it stands; made where there is none. Of two processes that start at once the first one's holds."""
    try:
        with sessions.transaction() as session:
            mark = study_queries.mark(session)
            if mark is None:
                now = SystemClock().system()
                study_queries.set_mark(
                    session,
                    fingerprint=keys.fingerprint(),
                    rehearsal=rehearsal,
                    tzdata_version=TZDATA_VERSION,
                    now=now,
                    study_now=start or now,
                )
                mark = study_queries.mark(session)
    except IntegrityError:
        with sessions.reading() as reading:
            mark = study_queries.mark(reading)
    assert mark is not None
    _require_same(mark.key_fingerprint, keys, sessions.settings)
    return mark


def begin(sessions: Sessions, keys: Keys, settings: ApiSettings, *, document: bytes | None = None) -> FirstSecrets | None:
    """Makes the first study where there is none yet, and gives what to show once; None where there is one.

    `document` is the protocol of the study; None: the shipped one. Raises Invalid with every fault of it by place.
    """
    with sessions.reading() as reading:
        if study_queries.any_study(reading):
            return None
    system_now, password = SystemClock().system(), new_password()
    password_hash, made = hash_password(password), fresh_code(sessions, settings)
    protocol = checked(document or shipped(PROTOCOL))
    with sessions.transaction() as session:
        mark = study_queries.lock_mark(session)
        if study_queries.any_study(session):
            return None
        now = mark.study_now if mark.rehearsal and mark.study_now is not None else system_now
        study = _study(session, protocol, synthetic=mark.rehearsal, now=now)
        staff_id, staff_uid = _first_account(session, study.id, password_hash, now, system_now)
        version = publish(
            session,
            study_id=study.id,
            protocol=protocol,
            effective_from=local(now, study.zone).date,
            published_by=staff_id,
            note="a rehearsal" if document is not None else "the shipped protocol; needs clinical review",
            now=now,
        )
        enrollment_uid, code = _first_person(session, keys, settings, study, staff_id, made, now, system_now)
        acts = [
            Act(now, "system", "study_made", "study", str(study.uid)),
            Act(now, "system", "protocol_published", "protocol", str(version.uid), detail={"revision": version.revision}),
            Act(now, "system", "enrolled", "enrollment", str(enrollment_uid), str(enrollment_uid)),
        ]
        append(session, keys, str(study.uid), acts)
        append(session, keys, SYSTEM_CHAIN, [Act(now, "system", "first_run", "staff", str(staff_uid))])
    return FirstSecrets(STUDY, LOGIN, password, code.code, code.expires_at)


def _study(session: WriteSession, protocol: Protocol, *, synthetic: bool, now: datetime) -> Row[Any]:
    study_queries.add_study(session, slug=STUDY, title="First study", zone=protocol.staffing.zone, synthetic=synthetic, now=now)
    study = study_queries.study_by_slug(session, STUDY)
    assert study is not None
    return study


def _first_account(session: WriteSession, study_id: int, password_hash: str, now: datetime, system_now: datetime) -> tuple[int, UUID]:
    """Every role, and on every rung of the ladder, so that the first alert has someone to go to.

    Roles hold by both clocks from the start, also where a rehearsal begins in the future.
    """
    staff_id, staff_uid = staff_queries.add_staff(
        session, login=LOGIN, name="First account", password_hash=password_hash, must_change=True, now=now
    )
    for role in ROLES:
        staff_queries.add_grant(
            session,
            study_id=study_id,
            staff_id=staff_id,
            site_id=None,
            role=role,
            valid_from=min(now, system_now),
            valid_until=None,
            granted_by=None,
            # The text printed with the password says what whoever uses it attests to.
            attested_at=now,
            now=now,
        )
    replace_rota(session, study_id, [Shift(staff_id, rung, now, None) for rung in RUNGS], now=now)
    return staff_id, staff_uid


def _first_person(
    session: WriteSession,
    keys: Keys,
    settings: ApiSettings,
    study: Row[Any],
    staff_id: int,
    made: MadeCode,
    now: datetime,
    system_now: datetime,
) -> tuple[UUID, Code]:
    person = add_person(session, keys, study, Newcomer(zone=study.zone), site_id=None, now=now)
    replace_assignments(session, person, [Assignment(staff_id, False, now, None)], set_by=staff_id, now=now)
    return person.uid, store_code(session, settings, person, made, issued_by=staff_id, system_now=system_now)


def shipped(name: str) -> bytes:
    """A protocol document that comes with the package."""
    return (files("api.actions") / "shipped" / f"{name}.json").read_bytes()
