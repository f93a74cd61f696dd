"""The system door: health, readiness, metrics, pages, the clock and new studies."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient

from api.actions.house_duties import house_duties
from api.app import build_house, make_app
from api.settings import ApiSettings
from models.clock import MovableClock
from models.kinds import Role
from models.queries.heartbeat import Beat, beat
from models.queries.study import mark, move_study_time, set_mark
from models.sealed import Keys
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import Alert, Heartbeat, Prompt
from risk.estimate import FORM
from scheduler.settings import SchedulerSettings
from scheduler.timetable import TIMETABLE
from tests.api.answering import disclose
from tests.api.client import Door, Served, enroll, fresh, open_study, refusal, sign_in
from tests.build import NOW


def all_beat(house: Served) -> None:
    with house.house.sessions.transaction() as session:
        for duty in TIMETABLE:
            beat(session, Beat(duty.name, house.clock.system(), duty.every_seconds, 0.01, 1))


def test_the_process_is_alive_whatever_else_is(house):
    assert house.client.get("/healthz").json() == {"alive": True, "version": "0.1.0"}


def test_ready_is_who_has_every_part_and_each_missing_part_is_named(house):
    all_beat(house)
    assert house.client.get("/readyz").json()["ready"] is True
    house.clock.forward(minutes=5)
    late = house.client.get("/readyz")
    assert late.status_code == 503
    assert late.headers["Retry-After"] == "5"
    assert "/duties/escalate_alerts" in {one["pointer"] for one in late.json()["errors"]}
    assert "/duties/sweep" not in {one["pointer"] for one in late.json()["errors"]}, "it beats once an hour"
    all_beat(house)
    with house.house.sessions.transaction() as session:
        newest = session.value(text("SELECT version_num FROM alembic_version"))
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        assert [one["pointer"] for one in house.client.get("/readyz").json()["errors"]] == ["/tables"]
    finally:
        with house.house.sessions.transaction() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})


def test_a_stopped_writer_and_a_database_that_is_away_show(sqlite_settings: DatabaseSettings, keys: Keys):
    sessions = Sessions(sqlite_settings)
    house = build_house(sessions, keys, ApiSettings())
    with TestClient(make_app(house)) as client:
        house.writer.stop()
        assert "/writer" in {one["pointer"] for one in client.get("/readyz").json()["errors"]}
        sessions.close()
        for path in sqlite_settings.directory.glob("breakwater.db*"):
            path.rename(path.with_name("away-" + path.name))
        away = client.get("/readyz")
        assert away.status_code == 503
        assert "/database" in {one["pointer"] for one in away.json()["errors"]}
        assert client.get("/healthz").status_code == 200
        page = client.get("/")
        assert page.status_code == 200
        assert "The database does not answer" in page.text
        refused = client.post("/v1/staff/session", json={"login": "ann", "password": "x"})
        assert refusal(refused) == (503, "database_unavailable")
    sessions.close()


# numbers


def test_metrics_count_the_house_and_hold_no_id(house):
    study = open_study(house, slug=fresh("study"))
    operator = sign_in(house, study, Role.OPERATOR, login=fresh("op"))
    phone = enroll(house, study)
    disclose(house, phone)
    with house.house.sessions.reading() as session:
        alert = session.row(select(Alert.uid).where(Alert.enrollment_id == phone.invited.enrollment_id))
        prompt = session.row(select(Prompt.uid).where(Prompt.enrollment_id == phone.invited.enrollment_id))
    reply = operator.get("/metrics")
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("text/plain")
    said = reply.text
    assert re.search(r'breakwater_alerts\{state="open",tier="4"\} [1-9]', said)
    assert re.search(r'breakwater_prompts\{state="planned"\} [1-9]', said)
    assert 'breakwater_duty_last_beat_seconds{duty="escalate_alerts"}' in said
    assert 'breakwater_writer_waiting{lane="safety"} 0.0' in said
    assert 'route="/v1/participant/responses/{response_id}"' in said, "routes by template"
    assert alert is not None
    assert prompt is not None
    for planted in (alert.uid, prompt.uid, phone.enrollment_uid, study.study_uid, operator.viewer.uid):
        assert str(planted) not in said


def test_metrics_are_for_this_machine_an_operator_or_the_scrapers_token(sqlite_settings: DatabaseSettings, keys: Keys):
    sessions = Sessions(sqlite_settings)
    app = make_app(build_house(sessions, keys, ApiSettings(metrics_token="scrape-me")))
    with TestClient(app, client=("203.0.113.7", 50_000)) as elsewhere:
        assert elsewhere.get("/metrics").status_code == 401
        assert elsewhere.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert elsewhere.get("/metrics", headers={"Authorization": "Bearer scrape-me"}).status_code == 200
        here = TestClient(app, client=("127.0.0.1", 50_000))
        assert here.get("/metrics").status_code == 200
    sessions.close()


# pages


class Page(HTMLParser):
    """What a page asks for, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.asks: list[str] = []
        self.tags: list[str] = []
        self.inline = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        self.inline = self.inline or tag in {"script", "style"} or any(name.startswith("on") or name == "style" for name in named)
        self.asks += [value for name, value in attrs if name in {"src", "href"} and value]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_asks_for_nothing_from_elsewhere_and_nothing_that_its_policy_forbids(house, path):
    reply = house.client.get(path)
    assert reply.headers["content-type"].startswith("text/html")
    page = Page(reply.text)
    assert not page.inline
    assert all(one.startswith(("/", "#")) for one in page.asks), page.asks
    for one in {one for one in page.asks if one.startswith("/") and one not in {"/readyz", "/metrics"}}:
        assert house.client.get(one).status_code == 200, one
    assert page.tags.count("h1") == 1
    assert {"html", "main", "header", "footer"} <= set(page.tags)
    assert 'lang="en"' in reply.text


def test_the_first_page_says_what_is_running_and_how_its_duties_are(house):
    all_beat(house)
    house.clock.forward(seconds=30)
    shown = house.client.get("/").text
    assert "every duty is on time" in shown
    assert "escalate alerts" in shown
    assert "30 s ago" in shown
    assert ("<dd>compiled</dd>" if FORM == "compiled" else "plain Python") in shown
    assert "SQLite" in shown or "PostgreSQL" in shown
    assert "Rehearsal" not in shown
    house.clock.forward(minutes=10)
    assert "are late" in house.client.get("/").text


def test_the_reference_lists_every_operation(house):
    shown = house.client.get("/docs").text
    document = house.client.get("/openapi.json").json()
    assert all(f"<code>{path}</code>" in shown for path in document["paths"])


def test_in_production_the_api_pages_are_off(sqlite_settings: DatabaseSettings, keys: Keys):
    sessions = Sessions(sqlite_settings)
    with TestClient(make_app(build_house(sessions, keys, ApiSettings(production=True)))) as client:
        assert [client.get(path).status_code for path in ("/docs", "/openapi.json", "/redoc", "/")] == [404, 404, 404, 200]
        assert "/docs" not in client.get("/").text
    sessions.close()


# studies


def test_an_operator_opens_a_study_and_its_admin_takes_over(house):
    study = open_study(house, slug=fresh("study"))
    operator, admin = sign_in(house, study, Role.OPERATOR, login=fresh("op")), sign_in(house, study, Role.AUDITOR, login=fresh("adam"))
    login = admin.get("/v1/staff/me").json()["login"]
    body = {"slug": fresh("new-study-"), "title": "Another", "zone": "Europe/Berlin", "admin": login}
    made = operator.post("/v1/system/studies", body)
    assert made.status_code == 201, made.text
    assert refusal(operator.post("/v1/system/studies", body)) == (409, "slug_taken")
    assert operator.get(f"/v1/research/studies/{made.json()['id']}/grants").status_code == 404, "an operator sees nobody's data"
    assert admin.get(f"/v1/research/studies/{made.json()['id']}/grants").status_code == 200
    assert operator.post("/v1/system/studies", {**body, "slug": fresh("x-"), "zone": "Nowhere"}).json()["errors"][0]["pointer"] == "/zone"


# the clock


@pytest.fixture
def rehearsal(front_door: TestClient, sessions: Sessions, keys: Keys) -> Iterator[tuple[Served, Door]]:
    """A house whose database is a rehearsal, at the fixed moment, and its operator."""
    with sessions.transaction() as session:
        set_mark(session, fingerprint=keys.fingerprint(), rehearsal=True, tzdata_version="test", now=NOW)
        move_study_time(session, NOW)
    house = build_house(sessions, keys, ApiSettings())
    assert isinstance(house.clock, MovableClock)
    house_duties(house, SchedulerSettings())
    app = front_door.app
    app.state.house, before = house, app.state.house  # type: ignore[attr-defined]
    house.writer.start()
    served = Served(house, front_door, house.clock)  # type: ignore[arg-type]
    yield served, sign_in(served, open_study(served), Role.OPERATOR, Role.COORDINATOR, login="op")
    house.writer.stop()
    app.state.house = before  # type: ignore[attr-defined]


def test_moving_the_clock_lives_through_what_lies_between(rehearsal):
    served, operator = rehearsal
    study = open_study(served, slug="second")
    phone = enroll(served, study)
    moved = operator.post("/v1/system/clock", {"study_now": (NOW + timedelta(days=2)).isoformat()})
    assert moved.status_code == 200, moved.text
    assert moved.json()["study_now"] == "2026-03-06T15:00:00Z"
    assert moved.json()["worked"] > 0
    with served.house.sessions.reading() as session:
        states = {row.state for row in session.rows(select(Prompt.state).where(Prompt.due_at < NOW + timedelta(days=1)))}
        assert mark(session).study_now == NOW + timedelta(days=2)  # type: ignore[union-attr]
        assert session.rows(select(Heartbeat)) == [], "heartbeats are the worker's"
    assert states == {"expired"}, "every prompt of the first day was sent, unanswered and ended"
    assert phone.get("/v1/participant/me").status_code == 200, "tokens count in system time"
    assert "Rehearsal" in served.client.get("/").text


def test_a_coarser_step_sends_nothing_before_its_time(rehearsal):
    served, operator = rehearsal
    enroll(served, open_study(served, slug="second"))
    body = {"study_now": (NOW + timedelta(days=2)).isoformat(), "step_minutes": 60}
    assert operator.post("/v1/system/clock", body).json()["worked"] > 0
    assert operator.post("/v1/system/clock", body | {"step_minutes": 0}).status_code == 422
    with served.house.sessions.reading() as session:
        late = [row.sent_at - row.due_at for row in session.rows(select(Prompt.sent_at, Prompt.due_at).where(Prompt.sent_at.is_not(None)))]
    assert len(late) > 2
    assert timedelta() <= min(late) <= max(late) < timedelta(minutes=60)


def test_study_time_never_goes_back_and_not_too_far_at_once(rehearsal):
    _, operator = rehearsal
    assert refusal(operator.post("/v1/system/clock", {"study_now": (NOW - timedelta(seconds=1)).isoformat()})) == (409, "clock_backwards")
    far = operator.post("/v1/system/clock", {"study_now": (NOW + timedelta(days=36)).isoformat()})
    assert far.json()["errors"][0]["rule"] == "too_far"
    said = operator.get("/v1/system/clock").json()
    assert (said["study_now"], said["rehearsal"]) == ("2026-03-04T15:00:00Z", True)


def test_a_restart_finds_study_time_where_it_stood(rehearsal, keys):
    served, operator = rehearsal
    operator.post("/v1/system/clock", {"study_now": (NOW + timedelta(hours=3)).isoformat()})
    assert build_house(served.house.sessions, keys, ApiSettings()).clock.study() == NOW + timedelta(hours=3)


def test_in_a_real_study_there_is_no_clock_to_move(house):
    operator = sign_in(house, open_study(house, slug=fresh("study")), Role.OPERATOR, login=fresh("op"))
    body = {"study_now": (NOW + timedelta(hours=1)).isoformat()}
    moved, nowhere = operator.post("/v1/system/clock", body), operator.post("/v1/system/nothing", body)
    assert refusal(moved) == (404, "not_found")
    assert moved.json() | {"instance": ""} == nowhere.json() | {"instance": ""}


def test_the_page_files_travel_with_the_package():
    home = Path(__file__).parent.parent.parent / "api" / "system"
    assert {one.name for one in home.glob("static/*")} == {"pages.css", "mark.svg"}
    assert {one.name for one in home.glob("templates/*")} == {"base.html", "landing.html", "reference.html"}
