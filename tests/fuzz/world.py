"""A served house with one of everything in it, over real HTTP: the ids that the fuzz draws from."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from time import monotonic, sleep
from typing import Any, cast

import httpx
import uvicorn
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from api.app import build_house, make_app
from api.deps import House
from api.settings import ApiSettings
from models.clock import MovableClock
from models.dataset.build import build_waiting
from models.ids import new_uid
from models.kinds import Role
from models.queries.heartbeat import Beat, beat
from models.queries.rota import Shift, replace_rota
from models.queries.study import set_mark
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import Prompt, RoleGrant, Staff
from risk.population.artefact import write
from scheduler.jobs.dispatch_prompts import dispatch
from scheduler.timetable import TIMETABLE
from tests.api.answering import answer, disclose, response_body
from tests.api.client import QUICK, HandClock, Invited, Phone, Served, StaffDoor, enroll, fresh, invite, open_study, sign_in
from tests.build import NOW, Built, shipped
from tests.conftest import fixed_keys
from tests.risk.artefacts import model
from tests.signaling import asking

STAFF = tuple(one for one in Role if one is not Role.PARTICIPANT)
PASSWORD = "seven quiet harbors"
PURPOSE = "to see what a wrong request does"


class StillClock(MovableClock):
    """Both clocks stand; study time moves where the API moves it."""

    def system(self) -> Any:
        return NOW


@contextmanager
def serving(house: House) -> Iterator[str]:
    """The house behind uvicorn in a thread of this process, so that its clock stands still; gives the base URL."""
    config = uvicorn.Config(
        make_app(house), host="127.0.0.1", port=0, log_config=None, access_log=False, server_header=False, timeout_keep_alive=600
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="served house")
    thread.start()
    try:
        deadline = monotonic() + 30
        while not server.started:
            if monotonic() > deadline or not thread.is_alive():
                raise RuntimeError("the house does not start")
            sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


@dataclass
class World:
    """One study of the viewer's own and a foreign one. `ids` holds lists by what a path or body names; the first is the good one."""

    served: Served
    base_url: str
    mine: Built
    foreign: Built
    staff: StaffDoor
    colleague: StaffDoor
    phone: Phone
    other: Phone
    refreshing: Phone
    ids: dict[str, list[str]] = field(default_factory=dict)

    @property
    def study(self) -> str:
        return str(self.mine.study_uid)

    def add(self, kind: str, value: Any) -> str:
        """A new good one; the older ones are kept, twelve at most."""
        self.ids[kind] = [str(value), *self.ids.get(kind, [])][:12]
        return str(value)

    def one(self, kind: str) -> str:
        return self.ids[kind][0]

    def run_dispatch(self) -> None:
        with self.served.house.sessions.transaction() as session:
            dispatch(session, self.served.house.mind, now=self.served.clock.study(), system_now=self.served.clock.system(), limit=1000)

    def version(self, path: str) -> str:
        """The ETag of what stands at the address, as staff or as the phone reads it."""
        door = self.staff if path.startswith(("/v1/care", "/v1/research")) else self.phone
        return str(door.get(path).headers.get("ETag", '"1"'))


@contextmanager
def world(settings: DatabaseSettings) -> Iterator[World]:
    """A migrated, empty database becomes a rehearsal house with a story in it."""
    sessions, keys = Sessions(settings), fixed_keys()
    with sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=True, tzdata_version="test", now=NOW, study_now=NOW)
    clock = StillClock(NOW)
    house = build_house(sessions, keys, ApiSettings(), clock=clock)
    with serving(house) as base_url, httpx.Client(base_url=base_url, timeout=60) as client:
        # Both clients answer `request`; both clocks answer `study` and `system`.
        served = Served(house, cast("TestClient", client), cast("HandClock", clock))
        yield _story(served, base_url)
    sessions.close()


def _phone(served: Served, study: Built) -> Phone:
    return enroll(served, study, invited=_invited(served, study))


def _invited(served: Served, study: Built) -> Invited:
    """Somebody new with a code. The builders' codes may repeat one by chance in a long run; then another is made."""
    for _ in range(5):
        try:
            return invite(served, study)
        except IntegrityError:
            continue
    raise AssertionError("five codes in a row were taken")


def _story(served: Served, base_url: str) -> World:
    mine, foreign = open_study(served, asking(), slug="mine"), open_study(served, slug="theirs")
    staff = sign_in(served, mine, *STAFF, login="everything")
    colleague = sign_in(served, mine, *STAFF, login="colleague")
    there = sign_in(served, foreign, *STAFF, login="there")
    with served.house.sessions.transaction() as session:
        for built, door in ((mine, staff), (foreign, there)):
            replace_rota(session, built.study_id, [Shift(door.viewer.staff_id or 0, "on_duty", NOW, None)], now=NOW)
        for duty in TIMETABLE:
            beat(session, Beat(duty.name, NOW, duty.every_seconds, 0.01, 1))
    made = World(served, base_url, mine, foreign, staff, colleague, _phone(served, mine), _phone(served, mine), _phone(served, mine))
    abroad = _phone(served, foreign)
    made.add("study", foreign.study_uid)
    made.add("study", mine.study_uid)
    for one in (abroad, made.other, made.phone):
        made.add("enrollment", one.enrollment_uid)
        made.add("response", disclose(served, one))
    made.add("staff", colleague.viewer.uid)
    made.add("staff", staff.viewer.uid)
    renew_person(made)
    for kind in ("alert", "export", "webhook", "model", "grant", "code", "login", "published"):
        RENEW[kind](made)
    _alerts_in_several_states(made)
    return made


def _alerts_in_several_states(world: World) -> None:
    """Open, hidden below a tier 4 alert, acknowledged, snoozed and resolved; each of a person of its own."""
    moves: list[tuple[str, Any]] = [
        ("acknowledge", None),
        ("snooze", {"until": (NOW + timedelta(hours=1)).isoformat(), "reason": "called"}),
        ("resolve", {"disposition": "reached_safe"}),
    ]
    for move, body in moves:
        phone = _phone(world.served, world.mine)
        answer(world.served, phone, "craving", {"m_crave_now": 4, "c_need": "call"})
        alert = _alerts_of(world, phone)[0]["id"]
        done = world.staff.post(f"/v1/care/alerts/{alert}/{move}", body, headers={"If-Match": world.version(f"/v1/care/alerts/{alert}")})
        assert done.status_code == 200, done.text
        world.ids["alert"].append(alert)
    answer(world.served, world.other, "craving", {"m_crave_now": 4, "c_need": "call"})
    world.ids["alert"] += [one["id"] for one in _alerts_of(world, world.other)]


def _alerts_of(world: World, phone: Phone) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.staff.get(f"/v1/care/alerts?enrollment={phone.enrollment_uid}").json()["items"]
    return found


def renew_person(world: World) -> None:
    """A new person with a phone, an answer that was decided on, and prompts in many states."""
    world.served.house.notes.clear()
    world.phone = _phone(world.served, world.mine)
    world.add("enrollment", world.phone.enrollment_uid)
    response = answer(world.served, world.phone, "craving", {"m_crave_now": 9, "m_stress": 8, "m_choice": 2})
    world.add("response", response)
    world.ids["decision"] = [str(world.phone.get(f"/v1/participant/responses/{response}/decision").json()["id"])]
    with world.served.house.sessions.reading() as session:
        rows = session.rows(select(Prompt).where(Prompt.enrollment_id == world.phone.invited.enrollment_id).order_by(Prompt.due_at))
    world.ids["prompt"] = [str(row.uid) for row in rows][:12]
    for kind in ("prompt", "event", "plan", "entry", "scene", "rejected"):
        RENEW[kind](world)


def renew_prompt(world: World) -> None:
    """The next planned prompt is brought to now and sent; those before it stay in the state that they have reached."""
    now = world.served.clock.study()
    with world.served.house.sessions.transaction() as session:
        mine = Prompt.enrollment_id == world.phone.invited.enrollment_id
        row = session.row(select(Prompt).where(mine, Prompt.state == "planned", Prompt.kind == "stratified").order_by(Prompt.due_at))
        if row is None:
            return
        back = row.due_at - now
        session.execute(
            update(Prompt)
            .where(Prompt.id == row.id)
            .values(
                due_at=now,
                next_at=now,
                window_start=row.window_start - back,
                window_end=row.window_end - back,
                expires_at=row.expires_at - back,
            )
        )
    world.run_dispatch()
    world.ids["prompt"] = [str(row.uid), *[one for one in world.ids["prompt"] if one != str(row.uid)]][:12]


def renew_event(world: World) -> None:
    event = world.add("event", new_uid())
    body = {"kind": "dose", "happened_at": NOW.isoformat()}
    _kept(world, world.phone.put(f"/v1/participant/events/{event}", body))


def renew_plan(world: World) -> None:
    plan = world.add("plan", new_uid())
    _kept(world, world.phone.put(f"/v1/participant/planned-events/{plan}", {"kind": "visit", "day": "2026-04-01"}))


def renew_entry(world: World) -> None:
    entry = world.add("entry", new_uid())
    _kept(world, world.phone.put(f"/v1/participant/lists/reminders/{entry}", {"label": fresh("corner "), "kind": "place"}))


def renew_scene(world: World) -> None:
    scene = world.add("scene", new_uid())
    body = {"text": "My kitchen in the morning.", "language": "en", "horizon": "month"}
    _kept(world, world.phone.put(f"/v1/participant/scenes/{scene}", body))


def _kept(world: World, reply: Any) -> None:
    """A list that is full, or a phone whose collection the fuzz has stopped, makes way for a new person with one of each."""
    if reply.status_code != 201:
        assert reply.status_code in {401, 409, 410, 422}, reply.text
        renew_person(world)


def renew_rejected(world: World) -> None:
    assert world.phone.put(f"/v1/participant/responses/{new_uid()}", {"instrument": "momentary"}).status_code == 422
    changed = response_body(world.served, "craving", {"m_crave_now": 1})
    assert world.phone.put(f"/v1/participant/responses/{world.one('response')}", changed).status_code == 409
    found = world.staff.get(f"/v1/care/participants/{world.phone.enrollment_uid}/rejected").json()["items"]
    world.add("rejected", found[0]["id"])


def renew_alert(world: World) -> None:
    """An open tier 2 alert, which every act is legal on, of a person of its own."""
    phone = _phone(world.served, world.mine)
    answer(world.served, phone, "craving", {"m_crave_now": 4, "c_need": "call"})
    world.add("alert", _alerts_of(world, phone)[0]["id"])


def renew_resolved(world: World) -> None:
    _moved_alert(world, "resolve", {"disposition": "reached_safe"})


def renew_acknowledged(world: World) -> None:
    _moved_alert(world, "acknowledge", None)


def _moved_alert(world: World, move: str, body: Any) -> None:
    renew_alert(world)
    address = f"/v1/care/alerts/{world.one('alert')}"
    assert world.staff.post(f"{address}/{move}", body, headers={"If-Match": world.version(address)}).status_code == 200


def renew_export(world: World) -> None:
    """One that waits and, before it in the list, one that is ready."""
    body = {"study_id": world.study, "release": fresh("r"), "purpose": PURPOSE}
    asked = world.staff.post("/v1/research/exports", body)
    assert asked.status_code == 202, asked.text
    house = world.served.house
    while build_waiting(house.sessions, house.keys, house.sessions.settings.directory / "exports", now=house.clock.study(), limit=5):
        continue
    waits = world.staff.post("/v1/research/exports", {**body, "release": fresh("r")})
    world.add("export", waits.json()["id"])
    world.add("export", asked.json()["id"])


def renew_webhook(world: World) -> None:
    address, body = f"/v1/research/studies/{world.study}/webhooks", {"url": f"https://hooks.example.org/{fresh('a')}", "kinds": ["alert"]}
    standing = [one["id"] for one in world.staff.get(address).json()["items"] if one["disabled_at"] is None]
    for one in standing if len(standing) >= 10 else []:  # a study has at most twenty
        world.staff.delete(f"{address}/{one}")
    made = world.staff.post(address, body)
    assert made.status_code == 201, made.text
    world.add("webhook", made.json()["id"])


_models = count(1)


def renew_model(world: World) -> None:
    """One in shadow."""
    number = next(_models)
    raw = write(model(number=number))
    made = world.staff.call(
        "POST",
        f"/v1/research/studies/{world.study}/models?note=on%20trial",
        content=raw,
        headers={"Content-Type": "application/json"},
    )
    assert made.status_code == 201, made.text
    world.add("model", made.json()["id"])


def renew_model_in_use(world: World) -> None:
    renew_model(world)
    done = world.staff.post(f"/v1/research/studies/{world.study}/models/{world.one('model')}/promotion", {"note": "as agreed"})
    assert done.status_code == 200, done.text


def renew_grant(world: World) -> None:
    spare = sign_in(world.served, world.mine, Role.AUDITOR, login=fresh("spare"))
    world.ids["login"] = [fresh("grantee")]
    sign_in(world.served, world.mine, login=world.one("login"))
    with world.served.house.sessions.reading() as session:
        world.add("grant", session.value(select(RoleGrant.uid).where(RoleGrant.staff_id == spare.viewer.staff_id)))


def renew_session(world: World) -> None:
    """Staff who are signed in anew, in every role and attested."""
    world.staff = sign_in(world.served, world.mine, *STAFF, login=fresh("everything"))


def renew_code(world: World) -> None:
    """A code that nobody used, and a network that has tried none."""
    world.served.house.notes.clear()
    world.add("code", _invited(world.served, world.mine).code)


def renew_family(world: World) -> None:
    """A phone that nobody needs for anything but its tokens: a token used twice ends them all."""
    world.served.house.notes.clear()
    world.refreshing = _phone(world.served, world.mine)


def renew_login(world: World) -> StaffDoor:
    """Somebody with a password, of whom no wrong try is known."""
    world.served.house.notes.clear()
    door = sign_in(world.served, world.mine, *STAFF, login=fresh("signs"))
    with world.served.house.sessions.transaction() as session:
        login = world.add("signs_in", fresh("enters"))
        session.execute(update(Staff).where(Staff.id == door.viewer.staff_id).values(login=login, password_hash=QUICK.hash(PASSWORD)))
    return door


def renew_password(world: World) -> None:
    world.staff = renew_login(world)


def renew_published(world: World) -> None:
    """A revision that nobody has withdrawn: the shipped protocol under a version of its own."""
    document = {**shipped().model_dump(mode="json", by_alias=True), "version": f"8.{int(fresh('')) % 900}.{int(fresh(''))}"}
    made = world.staff.post(f"/v1/research/studies/{world.study}/protocols", document)
    assert made.status_code == 201, made.text
    world.add("published", made.json()["revision"])


RENEW = {
    "person": renew_person,
    "prompt": renew_prompt,
    "event": renew_event,
    "plan": renew_plan,
    "entry": renew_entry,
    "scene": renew_scene,
    "rejected": renew_rejected,
    "alert": renew_alert,
    "resolved": renew_resolved,
    "acknowledged": renew_acknowledged,
    "export": renew_export,
    "webhook": renew_webhook,
    "model": renew_model,
    "model_in_use": renew_model_in_use,
    "grant": renew_grant,
    "session": renew_session,
    "code": renew_code,
    "family": renew_family,
    "login": renew_login,
    "password": renew_password,
    "published": renew_published,
}
"""What spends a thing makes the next one."""
