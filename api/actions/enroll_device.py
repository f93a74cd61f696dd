"""Let a phone in with a code: spend the code, end the phone before it, begin the study, plan the first days. One transaction."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import act_of, add_act
from api.auth.codes import check_code
from api.auth.device_tries import Tries, network_of
from api.auth.participant import forget_tokens
from api.auth.tokens import Issued, open_family
from api.deps import House
from models.access import Viewer
from models.definition.protocol import Protocol
from models.errors import AppTooOld, Gone, Unauthenticated
from models.ids import new_uid
from models.kinds import EnrollmentState
from models.queries import device as devices
from models.queries import enrollment_phone as phone_queries
from models.queries import planning
from models.sealed import person_key, place, plan_key, seal
from models.session import WriteSession
from scheduler.horizon import plan_enrollment
from scheduler.plan.calendar import TZDATA_VERSION, zone_info
from scheduler.plan_inputs import read_person


@dataclass(frozen=True, slots=True, repr=False)
class NewPhone:
    """What a phone tells about itself. `public_key` is a P-256 SubjectPublicKeyInfo, DER."""

    public_key: bytes
    os: str
    os_version: str | None
    app_version: str
    push_channel: str | None
    push_token: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Enrolled:
    """What the phone needs from here on. `plan_key` is plain: the phone derives its own prompt times with it."""

    person: Row[Any]
    protocol: Protocol
    device_uid: UUID
    issued: Issued
    plan_key: bytes
    study_day: int


def enroll_device(house: House, request: Request, code: str, phone: NewPhone, zone: str) -> Enrolled:
    """The enrollment that the code names, active, with this phone as its only one.

    Raises what `check_code` raises, TooMany, Invalid (`zone_unknown`), AppTooOld, and Gone where the person has left.
    An app that is too old does not spend the code.
    """
    zone_info(zone)
    tries: Tries = house.notes.setdefault("enroll_device", Tries())
    network = network_of(request.client.host if request.client else None)
    tries.admit(network)
    try:
        named = check_code(house.sessions, house.settings, code, system_now=house.clock.system())
    except (Unauthenticated, Gone):
        tries.failed(network)
        raise
    with house.sessions.transaction() as session:
        enrolled = _enroll(session, house, request, named, phone, zone)
    forget_tokens(house)
    return enrolled


def _enroll(session: WriteSession, house: House, request: Request, named: Row[Any], phone: NewPhone, zone: str) -> Enrolled:
    now, system_now = house.clock.study(), house.clock.system()
    person = phone_queries.lock_by_key(session, named.enrollment_id)
    protocol = house.protocols.get(session, person.protocol_version_id)
    _admit(person, protocol, phone)
    if not devices.spend_code(session, named.id, now=system_now):
        raise Gone("code_spent", "This code was used. Ask for another one.")
    ended = devices.revoke_devices(session, {person.id}, "enrolled_anew", now=system_now)
    device_id, device_uid = _add_device(session, house, person, phone)
    issued = open_family(session, house, person, device_id)
    _begin(session, house, person, zone)
    plan_enrollment(session, house.keys, house.protocols, person.id, now=now, reason="enrolled", actor=f"device:{device_uid}")
    begun = phone_queries.lock_by_key(session, person.id)
    study_day = (_today(session, house, person.id) - begun.start_date).days + 1
    viewer = Viewer(kind="participant", uid=device_uid, enrollment_id=person.id, study_id=person.study_id, device_id=device_id)
    act = act_of(house, request, viewer, "device_enrolled", "device", device_uid, person=person.uid, devices_ended=ended)
    add_act(session, house, person.study_uid, act)
    key = plan_key(house.keys, person.plan_key, person.key_id, str(person.uid))
    return Enrolled(begun, house.protocols.get(session, begun.protocol_version_id), device_uid, issued, key, study_day)


def _admit(person: Row[Any], protocol: Protocol, phone: NewPhone) -> None:
    if person.state not in {EnrollmentState.INVITED, EnrollmentState.ACTIVE} or not person.consent_collect or person.data_key is None:
        raise Gone("enrollment_ended", "This enrollment has ended.")
    if too_old(protocol, phone.app_version):
        raise AppTooOld("app_too_old", f"This study needs version {protocol.minimum_app_version} of the app or a newer one.")


def too_old(protocol: Protocol, app_version: str) -> bool:
    """Whether the protocol asks for a newer app. Versions are three numbers."""
    return _numbers(app_version) < _numbers(protocol.minimum_app_version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _add_device(session: WriteSession, house: House, person: Row[Any], phone: NewPhone) -> tuple[int, UUID]:
    device_uid = new_uid()
    return devices.add_device(
        session,
        study_id=person.study_id,
        enrollment_id=person.id,
        now=house.clock.study(),
        uid=device_uid,
        public_key=phone.public_key,
        os=phone.os,
        os_version=phone.os_version,
        app_version=phone.app_version,
        push_channel=phone.push_channel,
        push_token_sealed=sealed_push_token(house, person, device_uid, phone.push_token),
    )


def sealed_push_token(house: House, person: Row[Any], device_uid: UUID, token: str | None) -> bytes | None:
    """A push token under the person's key, in its place `device/push_token/<device>`."""
    if token is None:
        return None
    key = person_key(house.keys, person.data_key, person.person_key_id, str(person.participant_uid))
    return seal(key, token.encode(), place("device", "push_token", str(device_uid)))


def _begin(session: WriteSession, house: House, person: Row[Any], zone: str) -> None:
    """Study day 1 for who begins; for a new phone of someone who has begun only the zone, where it is another."""
    now = house.clock.study()
    zones = planning.zone_history(session, person.id)
    if not zones or zones[-1].zone != zone:
        phone_queries.add_zone(session, person, zone, source="device", tzdata_version=TZDATA_VERSION, now=now)
    if person.started_at is not None:
        phone_queries.change(session, person.id, zone=zone)
        return
    phone_queries.change(
        session, person.id, state=EnrollmentState.ACTIVE, zone=zone, started_at=now, planned_until=now, watch_at=now, score_at=now
    )
    start = _today(session, house, person.id)
    if not planning.wake_history(session, person.id):
        phone_queries.add_wake(session, person, person.wake_windows, start, source="staff", now=now)
    phone_queries.change(session, person.id, start_date=start)


def _today(session: WriteSession, house: House, enrollment_id: int) -> date:
    row, now = planning.lock_enrollment(session, enrollment_id), house.clock.study()
    assert row is not None
    return read_person(session, house.keys, row, now=now).today(now=now)
