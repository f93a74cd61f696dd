"""Builders: rows as the house would have written them, for tests of the lower rooms."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from models.access import Grant, Viewer
from models.definition.load import canonical, checksum, parse
from models.definition.protocol import Protocol
from models.ids import new_key, new_uid
from models.kinds import EnrollmentState, Role
from models.queries.study import add_protocol_version, add_study
from models.sealed import Keys, place, wrap
from models.session import Sessions, WriteSession
from models.tables import Device, Enrollment, Participant, RoleGrant, Staff, ZoneHistory

SHIPPED = Path(__file__).parent.parent / "api" / "actions" / "shipped"
NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
WAKE = {"weekday": {"start": "08:00", "end": "22:00"}, "weekend": {"start": "09:00", "end": "23:00"}}


def shipped(name: str = "oud") -> Protocol:
    return parse((SHIPPED / f"{name}.json").read_bytes())


@dataclass(frozen=True)
class Built:
    """Ids of a study with one protocol version."""

    study_id: int
    study_uid: UUID
    version_id: int
    protocol: Protocol


@dataclass(frozen=True)
class Person:
    """Ids and plain keys of an active enrollment with a device."""

    enrollment_id: int
    enrollment_uid: UUID
    participant_id: int
    participant_uid: UUID
    device_id: int
    device_uid: UUID
    plan_key: bytes
    randomization_key: bytes
    study_id: int

    def viewer(self) -> Viewer:
        return Viewer(
            kind="participant", uid=self.device_uid, enrollment_id=self.enrollment_id, study_id=self.study_id, device_id=self.device_id
        )


def build_study(sessions: Sessions, protocol: Protocol | None = None, *, slug: str = "study", now: datetime = NOW) -> Built:
    protocol = protocol or shipped()
    with sessions.transaction() as session:
        study_id, study_uid = add_study(session, slug=slug, title="A study", zone="America/New_York", synthetic=False, now=now)
        version_id, _, _ = add_protocol_version(
            session,
            study_id=study_id,
            name=protocol.name,
            version=protocol.version,
            checksum=checksum(protocol),
            document=canonical(protocol),
            effective_from=now.date(),
            published_by=None,
            note=None,
            now=now,
        )
    return Built(study_id, study_uid, version_id, protocol)


def build_person(
    sessions: Sessions, keys: Keys, study: Built, *, zone: str = "America/New_York", now: datetime = NOW, **columns: Any
) -> Person:
    with sessions.transaction() as session:
        return insert_person(session, keys, study, zone=zone, now=now, **columns)


def insert_person(session: WriteSession, keys: Keys, study: Built, *, zone: str, now: datetime, **columns: Any) -> Person:
    participant_uid, enrollment_uid, device_uid = new_uid(), new_uid(), new_uid()
    plan_key, randomization_key = new_key(), new_key()
    participant_id = session.add(
        Participant,
        uid=participant_uid,
        data_key=wrap(keys, new_key(), place("participant", "data_key", str(participant_uid))),
        key_id=keys.key_id,
        created_at=now,
    )
    values: dict[str, Any] = {
        "uid": enrollment_uid,
        "study_id": study.study_id,
        "participant_id": participant_id,
        "protocol_version_id": study.version_id,
        "state": EnrollmentState.ACTIVE,
        "plan_key": wrap(keys, plan_key, place("enrollment", "plan_key", str(enrollment_uid))),
        "randomization_key": wrap(keys, randomization_key, place("enrollment", "randomization_key", str(enrollment_uid))),
        "key_id": keys.key_id,
        "zone": zone,
        "wake_windows": WAKE,
        "started_at": now,
        "start_date": (now - timedelta(hours=5)).date(),
        "planned_until": now,
        "synthetic": False,
        "created_at": now,
    }
    enrollment_id = session.add(Enrollment, **{**values, **columns})
    session.add(
        ZoneHistory,
        study_id=study.study_id,
        enrollment_id=enrollment_id,
        zone=zone,
        valid_from=now,
        source="staff",
        tzdata_version="test",
        recorded_at=now,
    )
    device_id = session.add(
        Device,
        uid=device_uid,
        study_id=study.study_id,
        enrollment_id=enrollment_id,
        public_key=b"",
        app_version="1.0.0",
        os="test",
        registered_at=now,
        last_seen_at=now,
    )
    return Person(
        enrollment_id,
        enrollment_uid,
        participant_id,
        participant_uid,
        device_id,
        device_uid,
        plan_key,
        randomization_key,
        study.study_id,
    )


def build_staff(sessions: Sessions, study: Built, *roles: Role, login: str = "staff", attested: bool = True, now: datetime = NOW) -> Viewer:
    """A member of staff with roles in the study, as a viewer."""
    with sessions.transaction() as session:
        staff_uid = new_uid()
        staff_id = session.add(Staff, uid=staff_uid, login=login, name=login.title(), password_hash="-", must_change=False, created_at=now)
        for role in roles:
            session.add(
                RoleGrant,
                uid=new_uid(),
                study_id=study.study_id,
                staff_id=staff_id,
                role=role,
                valid_from=now - timedelta(days=1),
                granted_at=now,
                no_power_attested_at=now if attested else None,
            )
    grants = tuple(Grant(study.study_id, role, None, attested) for role in roles)
    return Viewer(kind="staff", uid=staff_uid, staff_id=staff_id, grants=grants)


def day(text: str) -> date:
    return date.fromisoformat(text)
