"""The worker and the timetable: duties beat, fail alone, and follow study time when it is moved."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event, Timer
from time import monotonic, sleep
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from models.clock import MovableClock, SystemClock
from models.errors import Forbidden
from models.ids import new_uid
from models.kinds import PromptState
from models.queries import moments
from models.queries.heartbeat import pulses
from models.queries.leadership import Leadership
from models.queries.moments import next_alert
from models.sealed import Keys, wrap
from models.sealed import place as place_of
from models.session import Sessions
from models.tables import AccessToken, AlertEvent, Device, Heartbeat, TokenFamily
from risk.alerting import Opening, open_alert
from scheduler.jobs import audit_alerts, escalate_alerts, expire_outcomes, run_decision_points, sweep
from scheduler.jobs.duties import Duties
from scheduler.timetable import TIMETABLE, Duty, run_until, silent
from scheduler.worker import Worker, run_forever
from tests.build import NOW, Built, Person, build_person, build_study, shipped
from tests.scheduler.house import MINUTE, Place, add_endpoint, add_promise, add_prompt, small_protocol

DAY = timedelta(days=1)


@pytest.fixture
def study(sessions: Sessions) -> Built:
    return build_study(sessions, small_protocol())


@pytest.fixture
def place(sessions: Sessions, keys: Keys) -> Place:
    return Place(sessions, keys)


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def failing(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    raise LookupError("a secret that no log may hold")


def idle(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    return 0


def beats(sessions: Sessions) -> dict[str, Any]:
    with sessions.reading() as session:
        return {row.duty: row for row in pulses(session)}


def test_moving_study_time_runs_every_duty_in_order_and_on_time(sessions: Sessions, keys: Keys, study: Built) -> None:
    clock = MovableClock(NOW)
    place = Place(sessions, keys, clock=clock)
    for _ in range(2):
        build_person(sessions, keys, study)
    assert run_until(place.duties, NOW + 3 * DAY) > 0
    assert clock.study() == NOW + 3 * DAY
    rows = place.prompts()
    past = [row for row in rows if row.expires_at <= clock.study()]
    assert len(past) > 12
    for row in past:
        assert row.state is PromptState.EXPIRED
        assert row.reason is None
        assert timedelta() <= row.sent_at - row.due_at < MINUTE
    assert 1 in {row.reminders_sent for row in past if row.design == "random"} <= {0, 1}
    assert max(row.due_at for row in rows) > NOW + 8 * DAY
    assert run_until(place.duties, NOW) == 0
    assert clock.study() == NOW + 3 * DAY


def test_each_moment_is_kept_before_the_clock_shows_it(sessions: Sessions, keys: Keys, study: Built) -> None:
    place, kept = Place(sessions, keys, clock=MovableClock(NOW)), [NOW]
    build_person(sessions, keys, study)

    def keep(moment: datetime) -> None:
        assert place.clock.study() == kept[-1] < moment
        kept.append(moment)

    run_until(place.duties, NOW + DAY, keep=keep)
    assert len(kept) > 5
    assert kept[-1] == place.clock.study() == NOW + DAY


def test_a_coarse_step_gathers_prompts_and_leaves_alerts_at_their_minute(sessions: Sessions, keys: Keys) -> None:
    place, study = Place(sessions, keys, clock=MovableClock(NOW)), build_study(sessions, shipped())
    person = build_person(sessions, keys, study)
    run_until(place.duties, NOW + DAY, step=timedelta(hours=1))
    sent = [row.sent_at for row in place.prompts() if row.sent_at is not None]
    assert sent
    assert all(one.minute == one.second == 0 for one in sent)
    open_tier(place, study, person, 4)
    run_until(place.duties, NOW + DAY + timedelta(hours=1), step=timedelta(hours=1))
    with sessions.reading() as session:
        moved = {row.at - NOW - DAY for row in session.rows(select(AlertEvent.at))}
    assert len({one for one in moved if timedelta() < one < timedelta(hours=1)}) > 1


def test_study_time_moved_in_one_leap_or_in_many_leaves_the_same_history(sessions: Sessions, keys: Keys, study: Built) -> None:
    plan_key = bytes(range(32))

    def live(leaps: int) -> list[tuple[Any, ...]]:
        uid = new_uid()
        sealed = wrap(keys, plan_key, place_of("enrollment", "plan_key", str(uid)))
        person = build_person(sessions, keys, study, uid=uid, plan_key=sealed)
        place = Place(sessions, keys, clock=MovableClock(NOW))
        for leap in range(1, leaps + 1):
            run_until(place.duties, NOW + leap * 2 * DAY / leaps)
        mine = [row for row in place.prompts() if row.enrollment_id == person.enrollment_id and row.due_at < NOW + 2 * DAY]
        return [(row.design, row.slot, row.due_at, row.state, row.sent_at, row.reminders_sent) for row in mine]

    assert live(1) == live(20)


def test_what_time_alone_makes_due_is_known_from_a_look_before(sessions: Sessions, keys: Keys, study: Built) -> None:
    place, ahead = Place(sessions, keys, clock=MovableClock(NOW)), timedelta(days=6)
    person = build_person(sessions, keys, study)
    run_until(place.duties, NOW + DAY)
    open_tier(place, study, person, 4)
    now = place.clock.study()

    def seen(at: datetime) -> moments.Look:
        with sessions.reading() as session:
            return moments.look(session, now=at, edge=at + ahead, system_now=place.clock.system())

    before = seen(now)
    coming = {at for at in (before.prompt, before.alert, before.watch, before.score) if at is not None}
    assert before.plan is not None
    for at in sorted({*coming, before.plan - ahead, now + 3 * DAY}):
        assert before.later(now=at, edge=at + ahead).due == seen(at).due
        assert before.later(now=at - MINUTE / 60, edge=at - MINUTE / 60 + ahead).due == seen(at - MINUTE / 60).due
    assert {"prompt", "alert", "plan"} <= before.later(now=now + 3 * DAY, edge=now + 3 * DAY + ahead).due


def test_an_idle_house_writes_nothing_but_pulses(place: Place, study: Built) -> None:
    for duty in TIMETABLE:
        assert place.run(duty.run) == 0
    assert not place.prompts()
    assert not place.deliveries()


@pytest.mark.usefixtures("quiet")
def test_a_duty_that_fails_is_counted_and_the_others_go_on(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    worker = Worker(place.duties, timetable=())
    bad, good = Duty("bad", 5, failing), Duty("good", 5, idle)
    before = REGISTRY.get_sample_value("breakwater_duty_failures_total", {"duty": "bad"}) or 0
    for _ in range(2):
        assert worker.run_once(bad) == 0
        worker.run_once(good)
        place.clock.pass_(timedelta(seconds=20))
    found = beats(place.sessions)
    assert (found["bad"].failures, found["bad"].problem) == (2, "LookupError")
    assert (found["good"].failures, found["good"].problem) == (0, None)
    assert REGISTRY.get_sample_value("breakwater_duty_failures_total", {"duty": "bad"}) == before + 2
    told = capsys.readouterr().out
    assert "LookupError" in told
    assert "secret" not in told

    worker.run_once(Duty("bad", 5, idle))
    recovered = beats(place.sessions)["bad"]
    assert (recovered.failures, recovered.problem, recovered.beat_at) == (0, None, place.clock.system())
    worker.stop()


def test_health_is_the_age_of_the_last_good_beat(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    duties = (Duty("quick", 5, idle), Duty("slow", 100, idle), Duty("broken", 5, idle), Duty("never", 5, idle))
    worker = Worker(place.duties, timetable=())
    for duty in duties[:3]:
        worker.run_once(duty)
    place.clock.pass_(timedelta(seconds=59))
    worker.run_once(Duty("broken", 5, failing))
    place.clock.pass_(timedelta(seconds=2))
    with place.sessions.reading() as session:
        assert silent(pulses(session), system_now=place.clock.system(), timetable=duties) == ("quick", "broken", "never")
    worker.stop()
    capsys.readouterr()


def test_an_idle_beat_writes_its_pulse_at_most_every_quarter_minute(place: Place) -> None:
    worker, duty = Worker(place.duties, timetable=()), Duty("quick", 1, idle)
    worker.run_once(duty)
    first = beats(place.sessions)["quick"].beat_at
    place.clock.pass_(timedelta(seconds=14))
    worker.run_once(duty)
    assert beats(place.sessions)["quick"].beat_at == first
    place.clock.pass_(timedelta(seconds=1))
    worker.run_once(duty)
    assert beats(place.sessions)["quick"].beat_at == place.clock.system()
    worker.stop()


def test_a_started_worker_beats_and_stops(place: Place, study: Built, keys: Keys) -> None:
    build_person(place.sessions, keys, study)
    worker = Worker(place.duties)
    worker.start()
    end = monotonic() + 20
    while len(beats(place.sessions)) < len(TIMETABLE) and monotonic() < end:
        sleep(0.02)
    worker.stop()
    assert {name for name, row in beats(place.sessions).items() if row.problem is None} == {duty.name for duty in TIMETABLE}
    assert place.prompts()


def slow_interval(*names: str) -> tuple[Duty, ...]:
    """These duties at an interval so long that only their rows or other duties call them again."""
    return tuple(replace(one, every_seconds=600) for one in TIMETABLE if one.name in names)


def until(done: Callable[[], bool], seconds: float = 20) -> bool:
    end = monotonic() + seconds
    while not done() and monotonic() < end:
        sleep(0.02)
    return done()


def noon() -> str:
    """A zone in which it is about midday now: whoever is told by the wall clock must not be asleep."""
    hours = SystemClock().system().hour - 12
    return f"Etc/GMT{hours:+d}"


def test_a_prompt_is_sent_and_told_at_its_moment_and_not_at_the_next_interval(sessions: Sessions, keys: Keys, study: Built) -> None:
    person, place = build_person(sessions, keys, study, zone=noon()), Place(sessions, keys, clock=SystemClock())
    add_endpoint(sessions, keys, study, "https://gateway.example/", "prompt")
    dues = [SystemClock().system() + timedelta(seconds=wait) for wait in (1.0, 1.6)]
    for due in dues:
        add_prompt(sessions, study, person, due_at=due)
    worker = Worker(place.duties, timetable=slow_interval("dispatch_prompts", "send_deliveries"))
    worker.start()
    told = until(lambda: len(place.memory.envelopes) == 2)
    sent = until(lambda: all(row.state is PromptState.SENT for row in place.prompts()))
    worker.stop()
    assert told
    assert sent
    assert all(row.sent_at >= row.due_at for row in place.prompts())
    assert all(one.at >= due for one, due in zip(place.memory.envelopes, dues, strict=True))


def test_a_duty_knows_how_long_it_is_until_its_next_row(sessions: Sessions, keys: Keys) -> None:
    place, study = Place(sessions, keys), build_study(sessions, shipped())
    person, system_now = build_person(sessions, keys, study), NOW + DAY
    place.clock.system_now = system_now
    ahead = {one.name: one.coming for one in TIMETABLE if one.coming is not None}
    assert {one(place.duties, now=NOW, system_now=system_now) for one in ahead.values()} == {None}

    add_prompt(sessions, study, person, due_at=NOW)
    add_prompt(sessions, study, person, due_at=NOW + 2 * MINUTE)
    for name, wait in (("later", 5), ("sooner", 3)):
        add_promise(sessions, study, now=system_now, name=name, first_try_at=system_now + wait * MINUTE)
    open_tier(place, study, person, 3)
    with sessions.reading() as session:
        alert_at = next_alert(session, after=NOW)
    found = {name: one(place.duties, now=NOW, system_now=system_now) for name, one in ahead.items()}
    assert alert_at is not None
    assert found["dispatch_prompts"] == 2 * MINUTE, "what is due already is the beat's work"
    assert found["send_deliveries"] == 3 * MINUTE, "promises are kept in system time"
    assert found["escalate_alerts"] == alert_at - NOW


def test_a_duty_that_is_called_while_it_works_runs_again(place: Place) -> None:
    begun, go, runs = Event(), Event(), list[datetime]()

    def first(duties: Duties, *, now: datetime, system_now: datetime) -> int:
        return int(begun.wait(20))

    def second(duties: Duties, *, now: datetime, system_now: datetime) -> int:
        runs.append(system_now)
        begun.set()
        if len(runs) == 1:
            go.wait(20)
        return 0

    worker = Worker(place.duties, timetable=(Duty("first", 600, first, wakes=("second",)), Duty("second", 600, second)))
    worker.start()
    assert until(lambda: "first" in beats(place.sessions))
    sleep(0.1)
    go.set()
    again = until(lambda: len(runs) == 2)
    worker.stop()
    assert again


def test_a_duty_whose_look_ahead_fails_keeps_its_interval(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    def blind(duties: Duties, *, now: datetime, system_now: datetime) -> timedelta | None:
        raise LookupError("a secret that no log may hold")

    runs = list[datetime]()

    def counted(duties: Duties, *, now: datetime, system_now: datetime) -> int:
        runs.append(system_now)
        return 0

    worker = Worker(place.duties, timetable=(Duty("blind", 1, counted, coming=blind),))
    worker.start()
    assert until(lambda: len(runs) >= 2)
    worker.stop()
    told = capsys.readouterr().out
    assert "worker.coming_failed" in told
    assert "secret" not in told


def test_single_duties_run_in_one_process_at_a_time(place: Place) -> None:
    first, second = Leadership(place.sessions), Leadership(place.sessions)
    assert first.held()
    assert first.held()
    assert second.held() is place.sessions.embedded
    first.release()
    assert second.held()
    second.release()


def test_a_separate_worker_refuses_sqlite_and_runs_on_postgres_until_it_is_told_to_stop(place: Place) -> None:
    stop = Event()
    Timer(0.3, stop.set).start()
    timetable = (Duty("quick", 1, idle),)
    if place.sessions.embedded:
        with pytest.raises(Forbidden, match="one writing process"):
            run_forever(place.duties, timetable=timetable, stop=stop)
    else:
        run_forever(place.duties, timetable=timetable, stop=stop)
        assert "quick" in beats(place.sessions)


def open_tier(place: Place, study: Built, person: Person, tier: int) -> None:
    opening = Opening(study.study_id, person.enrollment_id, tier, "family", "source", study.version_id, "hash", False)
    with place.sessions.transaction() as session:
        open_alert(session, opening, study.protocol, now=place.clock.study(), system_now=place.clock.system())


def test_the_auditor_does_the_escalators_work_and_says_so(sessions: Sessions, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    place, study = Place(sessions, keys), build_study(sessions, shipped())
    open_tier(place, study, build_person(sessions, keys, study), 3)
    assert place.run(audit_alerts.run) == 0
    place.clock.pass_(timedelta(days=1))
    with pytest.raises(audit_alerts.EscalatorSilent):
        place.run(audit_alerts.run)
    assert place.run(audit_alerts.run) == 0
    assert place.run(escalate_alerts.run) == 0
    with sessions.transaction() as session:
        values = {"every_seconds": 5, "took_seconds": 0.1, "done": 0, "failures": 0, "problem": None}
        session.add(Heartbeat, duty="escalate_alerts", beat_at=place.clock.system(), **values)
    assert place.run(audit_alerts.run) == 0
    place.clock.system_now += timedelta(minutes=2)
    with pytest.raises(audit_alerts.EscalatorSilent):
        place.run(audit_alerts.run)
    capsys.readouterr()


def test_spent_tokens_are_swept_and_live_ones_stay(place: Place, study: Built, keys: Keys) -> None:
    person = build_person(place.sessions, keys, study)
    owner = {"study_id": person.study_id, "enrollment_id": person.enrollment_id, "device_id": person.device_id}
    with place.sessions.transaction() as session:
        family = session.add(TokenFamily, uid=person.device_uid, generation=1, created_at=NOW, ends_at=NOW + DAY, **owner)
        for number, days in enumerate((-8, -6, 1)):
            at = NOW + timedelta(days=days)
            session.add(AccessToken, digest=bytes([number]), family_id=family, issued_at=NOW - 9 * DAY, expires_at=at, **owner)
    assert place.run(sweep.run) == 1
    assert place.run(sweep.run) == 0
    assert place.run(expire_outcomes.run) == place.run(run_decision_points.run) == 0
    with place.sessions.reading() as session:
        assert len(session.rows(AccessToken.__table__.select())) == 2
        assert session.rows(Device.__table__.select())


def test_a_long_beat_is_ended_early_where_the_process_ends(place: Place) -> None:
    begun, told = Event(), Event()

    def endless(duties: Duties, *, now: datetime, system_now: datetime) -> int:
        begun.set()
        return int(told.wait(60))

    worker = Worker(place.duties, timetable=(Duty("endless", 3_600, endless, stop=told.set),))
    worker.start()
    assert begun.wait(10)
    worker.stop()
    assert told.is_set()
