"""Tokens of phones: opaque, rotating, bound to the phone's key."""

from concurrent.futures import ThreadPoolExecutor

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from api.auth.device_tokens import digest_of
from api.auth.participant import live_digests
from models.ids import new_uid
from models.queries.device import revoke_devices
from models.tables import AccessToken, Audit, TokenFamily
from tests.api.client import Served, enroll, open_study, refusal, theirs


def test_tokens_rotate_and_only_digests_are_stored(house: Served) -> None:
    phone = enroll(house, open_study(house))
    first_access, first_refresh = phone.token, phone.refresh_token
    house.clock.forward(hours=2)
    assert refusal(phone.get("/v1/participant/me")) == (401, "token_ended")
    assert phone.refresh().status_code == 200
    assert phone.token != first_access
    assert phone.refresh_token != first_refresh
    assert phone.get("/v1/participant/me").status_code == 200
    with house.house.sessions.reading() as session:
        stored = repr(
            [tuple(row) for row in session.rows(theirs(AccessToken, phone))]
            + [tuple(row) for row in session.rows(theirs(TokenFamily, phone))]
        )
    assert phone.token not in stored
    assert phone.refresh_token.rsplit("_", 1)[1] not in stored


def test_a_lost_reply_is_given_again(house: Served) -> None:
    phone = enroll(house, open_study(house))
    used, rotation = phone.refresh_token, str(new_uid())
    first = phone.refresh(rotation, used)
    again = phone.refresh(rotation, used)
    assert again.status_code == 200
    assert again.json()["refresh_token"] == first.json()["refresh_token"]
    assert phone.refresh().status_code == 200


def test_a_refresh_token_that_comes_back_ends_the_phone(house: Served) -> None:
    phone = enroll(house, open_study(house))
    used = phone.refresh_token
    phone.refresh()
    assert phone.get("/v1/participant/me").status_code == 200
    assert refusal(phone.refresh(refresh_token=used)) == (410, "family_revoked")
    assert refusal(phone.get("/v1/participant/me")) == (401, "token_ended")
    assert refusal(phone.refresh()) == (410, "family_revoked")
    with house.house.sessions.reading() as session:
        act = session.row(select(Audit).where(Audit.action == "tokens_revoked", Audit.enrollment_uid == phone.enrollment_uid))
        family = session.row(theirs(TokenFamily, phone))
    assert act is not None
    assert act.enrollment_uid == phone.enrollment_uid
    assert family is not None
    assert family.revoked_reason == "reuse"


def test_a_stolen_refresh_token_is_worth_nothing_without_the_key(house: Served) -> None:
    phone = enroll(house, open_study(house))
    rotation, thief = str(new_uid()), ec.generate_private_key(ec.SECP256R1())
    body = {"refresh_token": phone.refresh_token, "rotation_id": rotation}
    right, phone.key = phone.key, thief
    forged = phone.proof(rotation)
    phone.key = right
    for proof in (None, forged, "%%%", "", "a" * 4, phone.proof(str(new_uid()))):
        reply = house.client.post("/v1/participant/token", json={**body, "proof": proof})
        assert reply.status_code in {401, 422}
        if reply.status_code == 401:
            assert refusal(reply) == (401, "proof_needed")
    assert phone.refresh().status_code == 200


def test_a_token_that_we_did_not_make_is_not_known(house: Served) -> None:
    nobody = "bwr_" + "0" * 32
    for token in ("x", "bwr_1_2_3", f"{nobody}_1_" + "A" * 43, f"{nobody}_99999999999999999999999_x", f"{nobody}_-1_x", "é"):
        body = {"refresh_token": token, "rotation_id": str(new_uid()), "proof": "x"}
        assert refusal(house.client.post("/v1/participant/token", json=body)) == (401, "refresh_unknown")


def test_a_family_ends_after_ninety_days_however_often_it_rotates(house: Served) -> None:
    phone = enroll(house, open_study(house))
    for _ in range(3):
        house.clock.forward(days=29.9)
        assert phone.refresh().status_code == 200
    house.clock.forward(hours=6)
    reply = phone.refresh()
    assert reply.status_code == 200
    assert reply.json()["expires_at"] <= reply.json()["refresh_ends_at"]
    house.clock.forward(hours=2)
    assert refusal(phone.refresh()) == (410, "family_ended")


def test_two_rotations_at_once_end_with_one_or_none(house: Served) -> None:
    phone = enroll(house, open_study(house))
    used = phone.refresh_token

    def rotate(_number: int) -> int:
        rotation = str(new_uid())
        body = {"refresh_token": used, "rotation_id": rotation, "proof": phone.proof(rotation, used)}
        return int(house.client.post("/v1/participant/token", json=body).status_code)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(rotate, range(2))) == [200, 410]
    assert refusal(phone.get("/v1/participant/me")) == (401, "token_ended")


def test_a_revocation_is_exact_where_answers_are_stored(house: Served) -> None:
    phone = enroll(house, open_study(house))
    digest, now = digest_of(phone.token), house.clock.system()
    with house.house.sessions.transaction() as session:
        held = live_digests(session, {digest, b"?" * 32}, now=now)
        assert set(held) == {digest}
        assert held[digest].collects
        assert str(held[digest].viewer().uid) == phone.enrolled["device_id"]
        revoke_devices(session, {held[digest].enrollment_id}, "test", now=now)
        assert live_digests(session, {digest}, now=now) == {}


def test_requests_without_a_token_are_told_so(house: Served) -> None:
    open_study(house)
    for headers in ({}, {"Authorization": "Basic eDp4"}, {"Authorization": "Bearer"}):
        reply = house.client.get("/v1/participant/me", headers=headers)
        assert refusal(reply) == (401, "token_missing")
        assert reply.headers["www-authenticate"] == "Bearer"
    for token in ("bwa_x", "bws_" + "a" * 43, "\xff\xfe"):
        reply = house.client.get("/v1/participant/me", headers={"Authorization": f"Bearer {token}".encode("latin-1")})
        assert refusal(reply) == (401, "token_ended")
