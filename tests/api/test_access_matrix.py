"""Who may do what: every route of the app, each role, and objects of one's own, of another's caseload and of another study.

The table says whom a route lets in. A route that is not in it fails; so does a table that names a route that is gone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from api.app import build_app
from api.settings import ApiSettings
from models.definition.load import canonical
from models.ids import new_uid
from models.kinds import Role
from models.queries.caseload import Assignment, replace_assignments
from models.queries.rota import Shift, replace_rota
from models.tables import Export, PopulationModelRow, Prompt, RoleGrant, WebhookEndpoint
from tests.api.answering import disclose
from tests.api.client import Door, Phone, Served, StaffDoor, enroll, fresh, open_study, sign_in
from tests.build import NOW, WAKE, Built, shipped
from tests.signaling import upload

CO, CL, IN, DM, AD, OP, AU = (
    Role.COORDINATOR,
    Role.CLINICIAN,
    Role.INVESTIGATOR,
    Role.DATA_MANAGER,
    Role.ADMIN,
    Role.OPERATOR,
    Role.AUDITOR,
)
STAFF = (CO, CL, IN, DM, AD, OP, AU)
SEE_PEOPLE = frozenset({CO, CL, IN, DM, AD})
EVERYONE = frozenset(STAFF)
NEVER = "999999999"
"""An If-Match that is never the stored version: who is let in gets 412, and nothing changes."""

Make = Callable[["World"], Any]


@dataclass(frozen=True)
class Rule:
    """`who` is let in on the own object. `door`: public, staff, phone. `on`: what the path names."""

    door: str
    who: frozenset[Role] = frozenset()
    on: str = "nothing"
    body: Make | None = None
    query: str = ""
    match: bool = False
    unattested: bool = True
    """Whether a coordinator without attestation is let in too, where coordinators are."""
    let_in: frozenset[int] = frozenset()
    """Statuses that mean "let in" although they look like a refusal."""
    kind: str = "application/json"


def person(*who: Role, **more: Any) -> Rule:
    return Rule("staff", frozenset(who), "person", **more)


def alert(**more: Any) -> Rule:
    return Rule("staff", frozenset({CO, CL, IN}), "alert", unattested=False, **more)


def study(*who: Role, **more: Any) -> Rule:
    return Rule("staff", frozenset(who), "study", **more)


def anywhere(*who: Role, **more: Any) -> Rule:
    return Rule("staff", frozenset(who), **more)


def phone(on: str = "nothing", **more: Any) -> Rule:
    return Rule("phone", on=on, **more)


PUBLIC = Rule("public")
EVENT = {"id": "6b3b7a52-9f0d-4c58-8f3b-5a0a4a1d1f10", "kind": "visit", "happened_at": NOW.isoformat()}
DOCUMENT = canonical(shipped()).decode()
CLIENTS = {"call_off_event_of_person": "plan"}
"""What a path names beside the person whom its rule is on."""

TABLE: Mapping[str, Rule] = {
    # what anyone may call
    "read_landing_page": PUBLIC,
    "read_api_reference": PUBLIC,
    "read_static_file": PUBLIC,
    "read_health": PUBLIC,
    "read_readiness": PUBLIC,
    "start_staff_session": PUBLIC,
    "enroll_device": PUBLIC,
    "refresh_tokens": PUBLIC,
    "get_help_by_checksum": PUBLIC,
    # one's own account
    "end_staff_session": anywhere(*STAFF),
    "replace_password": anywhere(*STAFF, body=lambda _: {"old": "not the old one", "new": "seven quiet harbours"}),
    "read_me": anywhere(*STAFF),
    "attest_no_power": anywhere(*STAFF, body=lambda _: {"no_power": True}),
    "add_staff_member": anywhere(AD, body=lambda _: {"login": fresh("colleague"), "name": "A colleague"}),
    # the house
    "make_study": anywhere(OP, body=lambda _: {"slug": fresh("another-"), "title": "Another", "zone": "UTC", "admin": "nobody-at-all"}),
    "read_clock": anywhere(OP),
    "move_study_clock": anywhere(OP, body=lambda _: {"study_now": NOW.isoformat()}, let_in=frozenset({404})),
    "read_metrics": anywhere(OP),
    # care
    "list_studies": anywhere(*STAFF),
    "list_participants": anywhere(*SEE_PEOPLE),
    "enroll_participant": anywhere(CO, AD, on="study in body", body=lambda world: {"study_id": world.place, "zone": "UTC"}),
    "list_devices": anywhere(*SEE_PEOPLE),
    "read_participant": person(*SEE_PEOPLE),
    "read_adherence": person(*SEE_PEOPLE),
    "change_contact": person(CO, CL, body=lambda _: {"contact": "a number"}, match=True),
    "issue_enrollment_code": person(CO, AD),
    "set_caseload": person(CO, AD, body=lambda _: {"assignments": []}, match=True),
    "list_timed_events": person(CO, CL, IN, DM),
    "record_timed_event": person(CO, CL, body=lambda _: EVENT),
    "list_plans_of_person": person(CO, CL, IN, DM),
    "plan_event_of_person": person(CO, CL, body=lambda _: {"kind": "visit", "day": "2026-04-01"}),
    "call_off_event_of_person": person(CO, CL),
    "set_wake_windows": person(CO, CL, body=lambda _: WAKE),
    "move_to_protocol": person(IN, AD, body=lambda _: {"revision": 1}, match=True),
    "list_responses": person(CO, CL, IN, DM),
    "open_response": Rule("staff", frozenset({CO, CL}), "response"),
    "list_decisions": person(CO, CL, IN, unattested=False),
    "list_rejected": person(CO, CL, IN, DM),
    "open_rejected_submission": Rule("staff", frozenset({CO, CL}), "rejected"),
    "list_amendments": person(CO, CL),
    "list_alerts": anywhere(CO, CL, IN, unattested=False),
    "read_alert": alert(),
    "acknowledge_alert": alert(match=True),
    "progress_alert": alert(match=True),
    "snooze_alert": alert(body=lambda _: {"until": (NOW + timedelta(hours=1)).isoformat(), "reason": "called"}, match=True),
    "reassign_alert": alert(body=lambda world: {"owner_id": world.colleague}, match=True),
    "resolve_alert": alert(body=lambda _: {"disposition": "reached_safe"}, match=True),
    "reopen_alert": alert(body=lambda _: {"reason": "again"}, match=True),
    "note_alert": alert(body=lambda _: {"note": "called"}),
    "read_inbox": anywhere(*STAFF),
    # research
    "check_protocol": study(IN, AD, body=lambda _: DOCUMENT),
    "publish_protocol": study(IN, AD, body=lambda _: DOCUMENT),
    "preview_draft": study(IN, AD, body=lambda _: DOCUMENT),
    "preview_revision": study(IN, AD),
    "move_study_to": study(IN, AD, body=lambda _: {"id": str(new_uid())}),
    "withdraw_protocol": study(IN, AD, body=lambda _: {"id": str(new_uid())}),
    "list_study_moves": study(IN, AD),
    "list_protocols": study(*STAFF),
    "read_protocol": study(*STAFF),
    "read_summary": study(*SEE_PEOPLE),
    "list_models": study(IN, AD),
    "store_model": study(IN, AD, body=lambda _: "{}"),
    "promote_model": Rule("staff", frozenset({IN, AD}), "model", body=lambda _: {"note": "as agreed"}),
    "roll_back_model": Rule("staff", frozenset({IN, AD}), "model", body=lambda _: {"note": "as agreed"}),
    "withdraw_model": Rule("staff", frozenset({IN, AD}), "model", body=lambda _: {"note": "as agreed"}),
    "list_audit": study(AU),
    "verify_audit": study(AU),
    "give_role": study(AD, body=lambda _: {"login": "nobody-at-all", "role": "auditor"}),
    "list_grants": study(AD),
    "end_grant_now": Rule("staff", frozenset({AD}), "grant"),
    "read_rota": study(*STAFF),
    "replace_rota": study(IN, AD, body=lambda world: {"shifts": [{"staff_id": world.colleague, "rung": "on_duty"}]}),
    "create_webhook": study(IN, AD, body=lambda _: {"url": "https://hooks.example.org/a", "kinds": ["alert"]}),
    "list_webhooks": study(IN, AD),
    "delete_webhook": Rule("staff", frozenset({IN, AD}), "webhook"),
    "ask_for_export": Rule(
        "staff", frozenset({IN, DM}), "study in body", body=lambda world: {"study_id": world.place, "release": "1", "purpose": "brief"}
    ),
    "list_exports": Rule("staff", frozenset({IN, DM}), "study in query"),
    "read_export": Rule("staff", frozenset({IN, DM}), "export"),
    "fetch_export": Rule("staff", frozenset({IN, DM}), "export"),
    # the phone
    "ask_for_help": phone(),
    "get_help": phone(),
    "get_device": phone(),
    "put_device": phone(),
    "get_protocol": phone(),
    "put_held_protocol": phone(),
    "list_prompts": phone(),
    "get_prompt": phone("prompt"),
    "open_prompt": phone("prompt", body=lambda _: {"at": NOW.isoformat()}),
    "snooze_prompt": phone("prompt", body=lambda _: {"number": 1}),
    "decline_prompt": phone("prompt", body=lambda _: {"reason": "busy"}),
    "put_response": phone(),
    "post_response_batch": phone(),
    "get_response": phone("response"),
    "get_decision": phone("response"),
    "list_events": phone(),
    "put_event": phone(),
    "retract_event": phone("event"),
    "put_signals": phone(body=lambda _: upload([])),
    "list_my_signals": phone(),
    "list_planned_events": phone(),
    "put_planned_event": phone(),
    "call_off_planned_event": phone("plan"),
    "get_list": phone(),
    "put_list_entry": phone(),
    "remove_list_entry": phone("entry"),
    "list_scenes": phone(),
    "get_scene": phone("scene"),
    "put_scene": phone(),
    "retire_scene": phone("scene"),
    "rate_scene": phone("scene", body=lambda _: {"scale": "vividness", "value": 3, "at": NOW.isoformat()}),
    "put_engagement": phone(),
    "put_zone": phone(),
    "put_wake_windows": phone(),
    "get_pause": phone(),
    "pause_prompts": phone(),
    "resume_prompts": phone(),
    "leave": phone(),
    "get_me": phone(),
    "list_my_access": phone(),
    "list_my_consents": phone(),
    "list_my_responses": phone(),
}


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    name: str


def routes(app: FastAPI) -> list[Route]:
    """Every route, through included routers."""
    found: list[Route] = []

    def walk(candidates: Any) -> None:
        for one in candidates:
            if hasattr(one, "effective_candidates"):
                walk(one.effective_candidates())
            else:
                found.extend(Route(method, one.path, one.name) for method in sorted(one.methods))

    walk(app.routes)
    return found


ROUTES = [one for one in routes(build_app(ApiSettings())) if one.path != "/openapi.json"]


@dataclass
class World:
    """Two studies: `mine`, where the roles are, and another. In mine, one person is on nobody's list and one on a colleague's."""

    house: Served
    mine: Built
    staff: Mapping[Role, StaffDoor]
    own: Phone
    other: Phone
    """In mine, on the colleague's caseload."""
    foreign: Phone
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    place: str = ""
    """The study that a body names."""
    colleague: str = ""


def build(house: Served) -> World:
    mine, theirs = open_study(house, slug=fresh("mine")), open_study(house, slug=fresh("theirs"))
    staff = {role: sign_in(house, mine, role, login=fresh(role)) for role in STAFF}
    colleague = sign_in(house, mine, CO, login=fresh("colleague"))
    there = sign_in(house, theirs, *STAFF, login=fresh("there"))
    own, other, foreign = enroll(house, mine), enroll(house, mine), enroll(house, theirs)
    world = World(house, mine, staff, own, other, foreign)
    world.colleague = str(colleague.viewer.uid)
    with house.house.sessions.transaction() as session:
        keeper = colleague.viewer.staff_id
        assert keeper is not None
        row = type("Row", (), {"id": other.invited.enrollment_id, "study_id": mine.study_id})
        replace_assignments(session, row, [Assignment(keeper, False, NOW, None)], set_by=None, now=NOW)
        for built, door in ((mine, colleague), (theirs, there)):
            replace_rota(session, built.study_id, [Shift(door.viewer.staff_id or 0, "on_duty", NOW, None)], now=NOW)
    for name, phone_, built in (("own", own, mine), ("other", other, mine), ("foreign", foreign, theirs)):
        world.ids[name] = _objects(world, phone_, built, colleague if built is mine else there)
    world.ids["none"] = {kind: str(new_uid()) for kind in world.ids["own"]}
    return world


def _objects(world: World, phone_: Phone, built: Built, door: StaffDoor) -> dict[str, str]:
    """One of everything that a path can name, of one person or study."""
    house = world.house
    found = {"person": phone_.enrollment_uid, "study": str(built.study_uid), "response": disclose(house, phone_)}
    refused = phone_.put(f"/v1/participant/responses/{new_uid()}", {"instrument": "momentary", "answers": {}})
    assert refused.status_code == 422
    person_ = f"/v1/care/participants/{phone_.enrollment_uid}"
    found["rejected"] = door.get(f"{person_}/rejected").json()["items"][0]["id"]
    alerts = door.get(f"/v1/care/alerts?enrollment={phone_.enrollment_uid}").json()["items"]
    found["alert"] = alerts[0]["id"]
    found["prompt"] = _prompt(house, phone_)
    for kind, address, body in (
        ("event", "events", {"kind": "dose", "happened_at": NOW.isoformat()}),
        ("plan", "planned-events", {"kind": "visit", "day": "2026-04-01"}),
        ("entry", "lists/reminders", {"label": "the station", "kind": "place"}),
        ("scene", "scenes", {"text": "My kitchen.", "language": "en", "horizon": "month"}),
    ):
        found[kind] = str(new_uid())
        assert phone_.put(f"/v1/participant/{address}/{found[kind]}", body).status_code == 201
    found |= _study_objects(house, built)
    return found


def _prompt(house: Served, phone_: Phone) -> str:
    with house.house.sessions.reading() as session:
        uid = session.value(select(Prompt.uid).where(Prompt.enrollment_id == phone_.invited.enrollment_id).order_by(Prompt.due_at))
    return str(uid)


def _study_objects(house: Served, built: Built) -> dict[str, str]:
    spare = sign_in(house, built, Role.AUDITOR, login=fresh("spare"))
    export, webhook, model = new_uid(), new_uid(), new_uid()
    with house.house.sessions.transaction() as session:
        grant = session.value(select(RoleGrant.uid).where(RoleGrant.staff_id == spare.viewer.staff_id))
        session.add(
            WebhookEndpoint,
            uid=webhook,
            study_id=built.study_id,
            url="https://a.example",
            secret_sealed=b"",
            key_id="k1",
            kinds=[],
            created_at=NOW,
        )
        session.add(
            Export,
            uid=export,
            study_id=built.study_id,
            requested_at=NOW,
            request={"tables": ["prompts"], "sites": None},
            purpose="a purpose that is long enough",
            release="1",
            as_of=NOW,
            state="waiting",
            software_version="test",
            synthetic=False,
        )
        session.add(
            PopulationModelRow,
            uid=model,
            study_id=built.study_id,
            name="M0-day",
            model="M0",
            target="day",
            digest=model.hex * 2,
            file=b"{}",
            stored_by=spare.viewer.staff_id,
            stored_at=NOW,
            synthetic=False,
        )
    return {"grant": str(grant), "export": str(export), "webhook": str(webhook), "model": str(model)}


@pytest.fixture(scope="module")
def world(shared_house: Served) -> World:
    app = shared_house.client.app
    assert isinstance(app, FastAPI)
    app.state.house, before = shared_house.house, app.state.house
    shared_house.clock.study_now = shared_house.clock.system_now = NOW
    made = build(shared_house)
    app.state.house = before
    return made


def test_the_table_names_every_route_and_no_other():
    assert {one.name for one in ROUTES} == set(TABLE)


@pytest.mark.parametrize("route", ROUTES, ids=[f"{one.method} {one.path}" for one in ROUTES])
def test_a_route_lets_in_whom_the_table_says(house, world, route):
    rule = TABLE[route.name]
    if rule.door == "public":
        assert call(world, None, route, rule, "own").status_code != 403
        return
    nobody = call(world, None, route, rule, "own")
    assert (nobody.status_code, nobody.headers.get("WWW-Authenticate")) == (401, "Bearer")
    if rule.door == "phone":
        phones(world, route, rule)
        return
    assert call(world, world.own, route, rule, "own").status_code == 401, "a phone is no member of staff"
    for role, door in world.staff.items():
        staff(world, door if route.name != "end_staff_session" else renewed(world, role), role, route, rule)
    if CO in rule.who:
        let = call(world, renewed(world, CO, attested=False), route, rule, "own").status_code
        assert (let in rule.let_in or let not in {401, 403, 404}) == (rule.unattested or route.name == "attest_no_power")


def renewed(world: World, role: Role, *, attested: bool = True) -> StaffDoor:
    """Someone new in this role, where the call may end the session or change the grants."""
    return sign_in(world.house, world.mine, role, login=fresh("renewed"), attested=attested)


def staff(world: World, door: Door, role: Role, route: Route, rule: Rule) -> None:
    own = call(world, door, route, rule, "own")
    if role in rule.who:
        assert own.status_code in rule.let_in or own.status_code not in {401, 403, 404}, f"{role}: {own.status_code} {own.text}"
    else:
        hidden = rule.on in {"person", "response", "rejected"} and role not in SEE_PEOPLE
        unseen = rule.on == "alert"
        assert own.status_code == (404 if hidden or unseen else 403), f"{role}: {own.status_code} {own.text}"
    if rule.on == "nothing":
        return
    nowhere = same(call(world, door, route, rule, "none"))
    assert nowhere[0] == 404, f"{role}: {nowhere}"
    assert same(call(world, door, route, rule, "foreign")) == nowhere, f"{role}: another study shows"
    if rule.on in {"person", "response", "rejected", "alert"} and role in {CO, CL}:
        assert same(call(world, door, route, rule, "other")) == nowhere, f"{role}: another's caseload shows"


def phones(world: World, route: Route, rule: Rule) -> None:
    assert call(world, world.staff[IN], route, rule, "own").status_code == 401, "staff have no phone"
    if rule.on == "nothing":
        assert call(world, world.own, route, rule, "own").status_code not in {401, 403}
        return
    nowhere = same(call(world, world.own, route, rule, "none"))
    assert nowhere[0] == 404, nowhere
    for whose in ("other", "foreign"):
        assert same(call(world, world.own, route, rule, whose)) == nowhere, f"{whose} shows"
    assert call(world, world.own, route, rule, "own").status_code not in {401, 403, 404}


def same(reply: Any) -> tuple[int, Any]:
    """A reply without what differs by request."""
    return reply.status_code, {**reply.json(), "instance": ""}


def call(world: World, door: Door | None, route: Route, rule: Rule, whose: str) -> Any:
    ids = world.ids[whose]
    world.place = ids["study"]
    headers = {"Authorization": f"Bearer {door.token}"} if door is not None else {}
    if rule.match:
        headers["If-Match"] = f'"{NEVER}"'
    body = rule.body(world) if rule.body is not None else {"not": "a body"} if rule.door == "phone" else None
    content = (
        {"content": body, "headers": {**headers, "Content-Type": rule.kind}}
        if isinstance(body, str)
        else {"json": body, "headers": headers}
    )
    query = f"?study={ids['study']}" if rule.on == "study in query" else ""
    return world.house.client.request(route.method, address(route, rule, ids) + query, **content)


def address(route: Route, rule: Rule, ids: Mapping[str, str]) -> str:
    """The path with its names filled in. What the rule is on comes from `ids`, and so does whose it is."""
    names = {
        "enrollment_id": ids["person"],
        "study_id": ids["study"],
        "alert_id": ids["alert"],
        "export_id": ids["export"],
        "grant_id": ids["grant"],
        "webhook_id": ids["webhook"],
        "model_id": ids["model"],
        "rejected_id": ids["rejected"],
        "response_id": ids["response"],
        "prompt_id": ids["prompt"],
        "client_id": ids[client] if (client := CLIENTS.get(route.name, rule.on)) in {"event", "plan", "entry", "scene"} else str(new_uid()),
        "list_name": "reminders",
        "revision": "1",
        "checksum": "0" * 64,
        "name": "pages.css",
    }
    return re.sub(r"\{(\w+)\}", lambda found: names[found[1]], route.path)
