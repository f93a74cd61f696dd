"""Staff: signing in, passwords, sessions, roles and who gives them."""

from datetime import timedelta

import pytest

from api.actions.sign_in import reset_password
from api.auth.passwords import hash_password
from models.errors import Missing
from models.kinds import Role
from models.queries.audit import broken_links
from models.queries.staff import add_grant, add_staff
from models.session import Sessions
from tests.api.client import Door, Served, StaffDoor, fresh, open_study, refusal, sign_in
from tests.build import NOW, Built

PASSWORD = "seven quiet harbours"
OTHER = "another long harbour"
WRONG = "not this one at all"
HASH = hash_password(PASSWORD)


def add(house: Served, *, must_change: bool = False) -> tuple[str, int]:
    """The login and internal key of someone whose password is PASSWORD."""
    login = fresh("ann")
    with house.house.sessions.transaction() as session:
        staff_id, _ = add_staff(session, login=login, name=login, password_hash=HASH, must_change=must_change, now=NOW)
    return login, staff_id


@pytest.fixture
def ann(house: Served) -> str:
    return add(house)[0]


def give(sessions: Sessions, study: Built, staff_id: int, role: Role) -> None:
    with sessions.transaction() as session:
        add_grant(
            session,
            study_id=study.study_id,
            staff_id=staff_id,
            role=role,
            site_id=None,
            valid_from=NOW - timedelta(days=1),
            valid_until=None,
            granted_by=None,
            attested_at=None,
            now=NOW,
        )


def enter(house: Served, login: str, password: str = PASSWORD):
    return house.client.post("/v1/staff/session", json={"login": login, "password": password})


def door(house: Served, login: str, password: str = PASSWORD) -> Door:
    reply = enter(house, login, password)
    assert reply.status_code == 201, reply.text
    return Door(house.client, reply.json()["token"])


def admin_of(house: Served, *more: Role) -> tuple[StaffDoor, str]:
    """An admin and the address of the study's grants."""
    study = open_study(house, slug=fresh("study"))
    return sign_in(house, study, Role.ADMIN, *more, login=fresh("admin")), f"/v1/research/studies/{study.study_uid}/grants"


def test_a_right_password_opens_a_session_that_knows_its_roles(house):
    login, staff_id = add(house)
    give(house.house.sessions, open_study(house, slug=fresh("study")), staff_id, Role.COORDINATOR)
    me = door(house, f" {login.title()} ").get("/v1/staff/me").json()
    assert me["login"] == login
    assert me["grants"][0]["role"] == "coordinator"
    assert "see_answers" in me["grants"][0]["abilities"]
    assert "see_alerts" not in me["grants"][0]["abilities"], "not attested yet"


def test_a_wrong_password_and_an_unknown_login_get_the_same_reply(house, ann):
    wrong, unknown = enter(house, ann, WRONG), enter(house, fresh("nobody"), WRONG)
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() | {"instance": ""} == unknown.json() | {"instance": ""}


@pytest.mark.parametrize("exists", [True, False])
def test_five_wrong_tries_make_a_login_rest_whether_it_exists_or_not(house, exists):
    login = add(house)[0] if exists else fresh("nobody")
    replies = [enter(house, login, WRONG) for _ in range(6)]
    assert [reply.status_code for reply in replies] == [401] * 5 + [429]
    assert 0 < int(replies[-1].headers["Retry-After"]) <= 30
    house.clock.forward(seconds=31)
    assert enter(house, login, WRONG).status_code == 401, "one more try"
    again = enter(house, login)
    assert again.status_code == 429
    assert 30 < int(again.headers["Retry-After"]) <= 60, "and a longer rest"


def test_the_right_password_waits_out_the_rest_too_and_then_clears_it(house, ann):
    for _ in range(5):
        enter(house, ann, WRONG)
    assert enter(house, ann).status_code == 429
    house.clock.forward(seconds=31)
    assert [enter(house, ann).status_code, enter(house, ann, WRONG).status_code, enter(house, ann).status_code] == [201, 401, 201]


def test_a_session_ends_after_half_an_hour_without_use(house, ann):
    staff = door(house, ann)
    for _ in range(3):
        house.clock.forward(minutes=20)
        assert staff.get("/v1/staff/me").status_code == 200, "used, so it lives on"
    house.clock.forward(minutes=31)
    reply = staff.get("/v1/staff/me")
    assert refusal(reply) == (401, "session_ended")
    assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_a_session_ends_after_twelve_hours_in_any_case(house, ann):
    staff = door(house, ann)
    for _ in range(25):
        house.clock.forward(minutes=28)
        assert staff.get("/v1/staff/me").status_code == 200
    house.clock.forward(minutes=21)
    assert staff.get("/v1/staff/me").status_code == 401


def test_a_session_counts_in_system_time_and_not_in_study_time(house, ann):
    staff = door(house, ann)
    house.clock.study_now += timedelta(days=30)
    assert staff.get("/v1/staff/me").status_code == 200


def test_who_signs_out_is_out(house, ann):
    staff = door(house, ann)
    assert staff.delete("/v1/staff/session").status_code == 204
    assert staff.get("/v1/staff/me").status_code == 401


def test_a_one_time_password_opens_nothing_but_its_own_replacement(house):
    study = open_study(house, slug=fresh("study"))
    login, staff_id = add(house, must_change=True)
    give(house.house.sessions, study, staff_id, Role.ADMIN)
    assert enter(house, login).json()["must_change"] is True
    staff = door(house, login)
    for path in ("/v1/staff/me", "/v1/care/studies", "/v1/care/participants", f"/v1/research/studies/{study.study_uid}/grants"):
        assert refusal(staff.get(path)) == (403, "password_change_needed")
    assert staff.put("/v1/staff/password", {"old": PASSWORD, "new": OTHER}).status_code == 204
    assert staff.get("/v1/staff/me").status_code == 200
    assert enter(house, login).status_code == 401
    assert enter(house, login, OTHER).json()["must_change"] is False


@pytest.mark.parametrize(
    ("new", "rule"),
    [
        ("brief", "password_length"),
        ("x" * 201, "string_too_long"),
        ("aaaaaaaaaaaaaaaa", "password_too_plain"),
        ("my login is {login}", "password_holds_login"),
        (PASSWORD, "password_unchanged"),
    ],
)
def test_a_weak_password_is_refused_by_its_rule_and_never_repeated(house, ann, new, rule):
    new = new.format(login=ann)
    reply = door(house, ann).put("/v1/staff/password", {"old": PASSWORD, "new": new})
    assert reply.status_code == 422
    assert new not in reply.text
    assert [(one["pointer"], one["rule"]) for one in reply.json()["errors"]] == [("/new", rule)]


def test_changing_the_password_needs_the_old_one_and_counts_the_tries(house, ann):
    staff = door(house, ann)
    replies = [staff.put("/v1/staff/password", {"old": WRONG, "new": OTHER}) for _ in range(6)]
    assert [reply.status_code for reply in replies] == [422] * 5 + [429]


def test_changing_the_password_ends_the_other_sessions_and_keeps_this_one(house, ann):
    here, elsewhere = door(house, ann), door(house, ann)
    assert here.put("/v1/staff/password", {"old": PASSWORD, "new": OTHER}).status_code == 204
    assert here.get("/v1/staff/me").status_code == 200
    assert elsewhere.get("/v1/staff/me").status_code == 401


def test_a_reset_from_the_command_line_ends_every_session(house, ann):
    staff = door(house, ann)
    one_time = reset_password(house.house.sessions, house.house.keys, ann.upper(), now=house.clock.system())
    assert staff.get("/v1/staff/me").status_code == 401
    assert enter(house, ann, one_time).json()["must_change"] is True
    with pytest.raises(Missing):
        reset_password(house.house.sessions, house.house.keys, fresh("nobody"), now=house.clock.system())


@pytest.mark.parametrize("token", ["bwa_" + "x" * 43, "bws_" + "x" * 43, "nonsense"])
def test_what_is_no_staff_token_opens_nothing(house, token):
    assert Door(house.client, token).get("/v1/staff/me").status_code == 401


def test_attesting_opens_alerts_and_taking_it_back_closes_them(house):
    staff = sign_in(house, open_study(house, slug=fresh("study")), Role.COORDINATOR, login=fresh("ann"), attested=False)
    assert staff.get("/v1/care/alerts").status_code == 403
    assert staff.put("/v1/staff/attestation", {"no_power": True}).json()["grants"][0]["attested_at"] is not None
    assert staff.get("/v1/care/alerts").status_code == 200
    assert staff.put("/v1/staff/attestation", {"no_power": False}).status_code == 200
    assert staff.get("/v1/care/alerts").status_code == 403


def colleague(admin: StaffDoor, login: str) -> str:
    """The one-time password of a new account."""
    reply = admin.post("/v1/staff", {"login": login, "name": "Bea"})
    assert reply.status_code == 201, reply.text
    return reply.json()["one_time_password"]


def test_an_admin_adds_a_colleague_and_grants_a_role_for_some_time(house):
    admin, grants = admin_of(house)
    login = fresh("bea")
    one_time = colleague(admin, login)
    bea = door(house, login, one_time)
    assert bea.put("/v1/staff/password", {"old": one_time, "new": PASSWORD}).status_code == 204
    until = (NOW + timedelta(minutes=25)).isoformat()
    given = admin.post(grants, {"login": login, "role": "data_manager", "valid_until": until})
    assert given.status_code == 201
    assert given.json()["attested_at"] is None
    assert bea.get("/v1/care/participants").status_code == 200
    house.clock.forward(minutes=26)
    assert bea.get("/v1/care/participants").status_code == 403, "the grant has ended by itself"
    assert [one["role"] for one in admin.get(grants).json()["items"]] == ["admin", "data_manager"]


def test_a_grant_that_is_ended_is_gone_at_once(house):
    study, login = open_study(house, slug=fresh("study")), fresh("ann")
    admin, ann = sign_in(house, study, Role.ADMIN, login=fresh("admin")), sign_in(house, study, Role.AUDITOR, login=login)
    base = f"/v1/research/studies/{study.study_uid}"
    assert ann.get(f"{base}/audit").status_code == 200
    grant = next(one for one in admin.get(f"{base}/grants").json()["items"] if one["login"] == login)
    assert admin.delete(f"{base}/grants/{grant['id']}").status_code == 204
    assert ann.get(f"{base}/audit").status_code == 404, "no role in the study at all"


def test_nobody_grants_to_themselves_and_the_last_admin_stays(house):
    admin, grants = admin_of(house)
    held = admin.get(grants).json()["items"][0]
    assert refusal(admin.post(grants, {"login": held["login"], "role": "investigator"})) == (403, "not_to_yourself")
    assert refusal(admin.delete(f"{grants}/{held['id']}")) == (409, "last_admin")


def test_only_an_operator_makes_an_operator_and_nobody_makes_a_participant(house):
    admin, grants = admin_of(house)
    login = fresh("bea")
    colleague(admin, login)
    assert refusal(admin.post(grants, {"login": login, "role": "operator"})) == (403, "operator_needed")
    assert admin.post(grants, {"login": login, "role": "participant"}).json()["errors"][0]["rule"] == "not_a_staff_role"
    assert admin.post(grants, {"login": fresh("nobody"), "role": "auditor"}).json()["errors"][0]["rule"] == "unknown_login"
    both, grants = admin_of(house, Role.OPERATOR)
    assert both.post(grants, {"login": login, "role": "operator"}).status_code == 201


def test_a_login_is_given_once(house, ann):
    admin, _ = admin_of(house)
    assert refusal(admin.post("/v1/staff", {"login": ann.upper(), "name": "Another"})) == (409, "login_taken")


def test_what_staff_do_stands_in_a_whole_chain(house, ann):
    enter(house, ann, WRONG)
    enter(house, ann)
    with house.house.sessions.reading() as session:
        assert list(broken_links(session, house.house.keys, "system")) == []
