"""A phone gets in with a code."""

from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from sqlalchemy import select, update

from api.auth.codes import check_code, make_code
from api.auth.device_tries import LIMIT
from models.errors import Gone, Unauthenticated
from models.kinds import EnrollmentState, PromptState
from models.queries.audit import broken_links
from models.tables import Audit, Device, Enrollment, EnrollmentCode, Prompt, ZoneHistory
from tests.api.client import Served, device_body, enroll, faults, invite, new_enrollment_code, open_study, refusal, theirs
from tests.build import shipped

KEY = ec.generate_private_key(ec.SECP256R1())


def _enroll(served: Served, code: str, **changes: object):
    body = {"code": code, "device": device_body(KEY), "zone": "America/New_York", **changes}
    return served.client.post("/v1/participant/enroll", json=body)


def _raw(served: Served, body: bytes):
    return served.client.post("/v1/participant/enroll", content=body, headers={"Content-Type": "application/json"})


def test_a_code_begins_the_study_and_plans_the_first_days(house: Served) -> None:
    study = open_study(house)
    phone = enroll(house, study)
    given = phone.enrolled
    assert given["study"] == {
        "study_day": 1,
        "start_date": "2026-03-04",
        "length_days": study.protocol.length_days,
        "zone": "America/New_York",
    }
    assert given["protocol"]["url"] == "/v1/participant/protocol"
    with house.house.sessions.reading() as session:
        person = session.row(select(Enrollment).where(Enrollment.id == phone.invited.enrollment_id))
        assert person is not None
        assert (person.state, person.started_at, str(person.uid)) == (EnrollmentState.ACTIVE, house.clock.study(), phone.enrollment_uid)
        assert person.planned_until > house.clock.study() + timedelta(days=6)
        assert len(session.rows(theirs(Prompt, phone).where(Prompt.state == PromptState.PLANNED))) > 10
        zone = session.row(theirs(ZoneHistory, phone))
        assert zone is not None
        assert (zone.zone, zone.source) == ("America/New_York", "device")
        assert zone.tzdata_version
        act = session.row(select(Audit).where(Audit.action == "device_enrolled", Audit.enrollment_uid == phone.enrollment_uid))
        assert act is not None
        assert act.actor == f"device:{given['device_id']}"
        assert list(broken_links(session, house.house.keys, str(study.study_uid))) == []


def test_a_code_works_once_and_however_it_is_typed(house: Served) -> None:
    invited = invite(house, open_study(house))
    typed = invited.code.lower().replace("-", " ")
    assert _enroll(house, typed).status_code == 201
    assert refusal(_enroll(house, invited.code)) == (410, "code_spent")


def test_wrong_codes_are_refused_alike_and_counted(house: Served) -> None:
    invited = invite(house, open_study(house))
    lookup = invited.code[:4]
    wrong = f"{lookup}-{'2' * 6 if invited.code[5:] != '2' * 6 else '3' * 6}"
    unknown = _enroll(house, ("ZZZZ" if lookup != "ZZZZ" else "YYYY") + "-AAAAAA")
    for reply in (_enroll(house, wrong), unknown, _enroll(house, "not a code")):
        assert refusal(reply) == (401, "code_wrong")
    for _ in range(4):
        _enroll(house, wrong)
    with house.house.sessions.reading() as session:
        assert session.value(theirs(EnrollmentCode, invited, EnrollmentCode.tries)) == 5
    assert refusal(_enroll(house, invited.code)) == (410, "code_locked")


def test_a_code_as_staff_get_it_is_two_parts_and_its_secret_is_not_stored(house: Served) -> None:
    made = make_code(house.house.settings)
    assert made.code.replace("-", "", 1).isalnum()
    assert [len(part) for part in made.code.split("-")] == [4, 6]
    assert made.secret_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    invited = invite(house, open_study(house))
    with house.house.sessions.transaction() as session:
        session.execute(
            update(EnrollmentCode)
            .where(EnrollmentCode.enrollment_id == invited.enrollment_id)
            .values(lookup=made.lookup, secret_hash=made.secret_hash)
        )
    assert _enroll(house, invited.code).status_code == 401
    assert _enroll(house, made.code).status_code == 201


def test_a_code_runs_out(house: Served) -> None:
    invited = invite(house, open_study(house))
    house.clock.forward(hours=72)
    assert refusal(_enroll(house, invited.code)) == (410, "code_expired")


def test_an_app_that_is_too_old_does_not_spend_the_code(house: Served) -> None:
    protocol = shipped().model_copy(update={"minimum_app_version": "2.10.0"})
    invited = invite(house, open_study(house, protocol))
    reply = _enroll(house, invited.code, device=device_body(KEY, app_version="2.9.0"))
    assert refusal(reply) == (426, "app_too_old")
    assert reply.headers["upgrade"] == "breakwater-app"
    assert _enroll(house, invited.code, device=device_body(KEY, app_version="2.10.0")).status_code == 201


def test_what_a_phone_sends_is_checked_and_never_echoed(house: Served) -> None:
    invited = invite(house, open_study(house))
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    other = rsa_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    for bad in (b64encode(other).decode(), "bm90IGEga2V5", "%%%", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        reply = _enroll(house, invited.code, device={**device_body(KEY), "public_key": bad})
        assert faults(reply) == [("/device/public_key", "public_key")]
        assert bad not in reply.text
    assert faults(_enroll(house, invited.code, zone="Mars/Olympus")) == [("/zone", "zone_unknown")]
    assert faults(_enroll(house, invited.code, device=device_body(KEY, app_version=1))) == [("/device/app_version", "string_type")]
    assert faults(_enroll(house, invited.code, extra=1)) == [("/extra", "extra_forbidden")]
    assert faults(_raw(house, b'{"code": "\\ud800", "device": {}, "zone": "UTC"}'))[0] == ("/code", "string_unicode")
    pem = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
    push = {"channel": "fcm", "token": "opaque-address"}
    assert _enroll(house, invited.code, device={**device_body(KEY), "public_key": pem, "push": push}).status_code == 201
    with house.house.sessions.reading() as session:
        device = session.row(theirs(Device, invited))
    assert device is not None
    assert b"opaque-address" not in device.push_token_sealed


def test_a_new_phone_ends_the_one_before_it(house: Served) -> None:
    study = open_study(house)
    old = enroll(house, study)
    house.clock.forward(days=2)
    old.refresh()
    assert old.get("/v1/participant/me").status_code == 200
    old.invited.code = new_enrollment_code(house, study, old.invited)
    new = enroll(house, study, invited=old.invited, zone="Europe/Berlin")
    assert new.enrolled["study"]["study_day"] == 3
    assert new.enrolled["study"]["zone"] == "Europe/Berlin"
    assert refusal(old.get("/v1/participant/me")) == (401, "token_ended")
    assert refusal(old.refresh()) == (410, "family_revoked")
    assert new.get("/v1/participant/me").json()["study"]["start_date"] == "2026-03-04"


def test_nobody_enrolls_in_what_has_ended(house: Served) -> None:
    study = open_study(house)
    invited = invite(house, study, state=EnrollmentState.WITHDRAWN, consent_collect=False)
    assert refusal(_enroll(house, invited.code)) == (410, "enrollment_ended")


def test_a_network_that_guesses_is_slowed_down(house: Served) -> None:
    invited = invite(house, open_study(house))
    for _ in range(LIMIT):
        assert _enroll(house, "x").status_code == 401
    reply = _enroll(house, invited.code)
    assert refusal(reply) == (429, "too_many_tries")
    assert 0 < int(reply.headers["retry-after"]) <= 600


def test_parallel_guesses_cannot_pass_the_limit(house: Served) -> None:
    invited, inside = invite(house, open_study(house)), house.house
    wrong = invited.code[:4] + ("-222222" if invited.code[5:] != "222222" else "-333333")

    def guess(_number: int) -> type[Exception]:
        with pytest.raises((Unauthenticated, Gone)) as refused:
            check_code(inside.sessions, inside.settings, wrong, system_now=house.clock.system())
        return refused.type

    with ThreadPoolExecutor(8) as pool:
        kinds = list(pool.map(guess, range(8)))
    assert kinds.count(Unauthenticated) == 5
    assert kinds.count(Gone) == 3
