"""Sending: a crash anywhere neither loses nor doubles, and every promise ends."""

from dataclasses import dataclass, field
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from sqlalchemy import select, update

from models.kinds import DeliveryState, PromptState
from models.queries import delivery as queries
from models.queries.delivery import backlog, due
from models.sealed import Keys
from models.session import Sessions
from models.tables import Delivery, Prompt, WebhookEndpoint
from scheduler.delivery import send
from scheduler.delivery.backoff import ATTEMPTS, SCHEDULE
from scheduler.delivery.channels.memory import Memory
from scheduler.delivery.port import Envelope, Outcome, Refused, Retry, Sent
from scheduler.jobs import dispatch_prompts, send_deliveries
from scheduler.settings import SchedulerSettings
from tests.build import NOW, Built, build_person, build_study
from tests.scheduler.house import SECRET, Place, add_endpoint, add_promise, add_prompt, small_protocol

LEASE = timedelta(seconds=SchedulerSettings().lease_seconds)


@dataclass
class Scripted:
    """A channel that answers what it is told to, or cuts the power."""

    outcomes: list[Outcome | Exception] = field(default_factory=list)
    seen: list[Envelope] = field(default_factory=list)

    def send(self, envelope: Envelope) -> Outcome:
        self.seen.append(envelope)
        outcome = self.outcomes.pop(0) if self.outcomes else Sent(200)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class PowerCut(Exception):
    """The process ends here."""


@pytest.fixture
def study(sessions: Sessions) -> Built:
    return build_study(sessions, small_protocol())


@pytest.fixture
def place(sessions: Sessions, keys: Keys) -> Place:
    return Place(sessions, keys)


def scripted(sessions: Sessions, keys: Keys, *outcomes: Outcome | Exception) -> tuple[Place, Scripted]:
    channel = Scripted(list(outcomes))
    return Place(sessions, keys, channels={"memory": channel, "webhook": channel}), channel


def test_a_promise_is_kept_once_and_recorded(place: Place, study: Built) -> None:
    subject = add_promise(place.sessions, study)
    assert add_promise(place.sessions, study) != subject
    assert place.run(send_deliveries.run) == 1
    assert place.run(send_deliveries.run) == 0
    (row,) = place.deliveries()
    assert (row.subject, row.state, row.attempts, row.finished_at) == (subject, DeliveryState.DELIVERED, 1, NOW)
    assert [(one.number, one.outcome) for one in place.attempts()] == [(1, "delivered")]
    assert len(place.memory.envelopes) == 1


def test_a_crash_between_claim_and_sending_loses_nothing(sessions: Sessions, keys: Keys, study: Built) -> None:
    place, channel = scripted(sessions, keys, PowerCut())
    add_promise(sessions, study)
    with pytest.raises(PowerCut):
        place.run(send_deliveries.run)
    assert place.run(send_deliveries.run) == 0
    place.clock.pass_(LEASE)
    assert place.run(send_deliveries.run) == 1
    assert place.deliveries()[0].state is DeliveryState.DELIVERED
    assert [(one.number, one.problem) for one in place.attempts()] == [(1, "stalled"), (2, None)]
    assert len({one.uid for one in channel.seen}) == 1


def test_a_crash_between_sending_and_recording_sends_a_copy_with_the_same_id(
    place: Place, study: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object, **__: object) -> bool:
        raise PowerCut

    add_promise(place.sessions, study)
    with monkeypatch.context() as power:
        power.setattr(queries, "record", cut)
        with pytest.raises(PowerCut):
            place.run(send_deliveries.run)
    place.clock.pass_(LEASE)
    place.run(send_deliveries.run)
    assert place.memory.tries == 2
    assert len(place.memory.envelopes) == 1
    assert place.deliveries()[0].state is DeliveryState.DELIVERED


def test_a_worker_whose_lease_ended_does_not_overwrite_who_took_over(place: Place, study: Built) -> None:
    add_promise(place.sessions, study)
    with place.sessions.transaction() as session:
        _, stale = send._claim(session, place.duties.sender)
    place.clock.pass_(LEASE)
    assert place.run(send_deliveries.run) == 1
    send._record(place.duties.sender, [send._Result(stale[0], Retry("timeout"), 1.0)], now=NOW)
    assert place.deliveries()[0].state is DeliveryState.DELIVERED
    assert len(place.attempts()) == 2


def test_two_workers_never_claim_the_same_promise(sessions: Sessions, keys: Keys, study: Built) -> None:
    memory = Memory()
    settings = SchedulerSettings(delivery_batch=5)
    places = [Place(sessions, keys, memory=memory, settings=settings) for _ in range(2)]
    for number in range(30):
        add_promise(sessions, study, name=str(number))
    barrier = Barrier(2)

    def work(one: Place) -> None:
        barrier.wait()
        while one.run(send_deliveries.run):
            pass

    threads = [Thread(target=work, args=[one]) for one in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert memory.tries == len(memory.envelopes) == 30
    assert {one.number for one in places[0].attempts()} == {1}


def test_failures_follow_the_schedule_and_end_dead(sessions: Sessions, keys: Keys, study: Built) -> None:
    place, channel = scripted(sessions, keys, *[Retry("status_5xx", 500)] * ATTEMPTS)
    add_promise(sessions, study, expires_at=NOW + timedelta(days=30))
    waits = []
    while (row := place.deliveries()[0] if channel.seen else None) is None or row.next_at is not None:
        if row is not None:
            waits.append(row.next_at - place.clock.system())
            place.clock.pass_(row.next_at - place.clock.system())
        assert place.run(send_deliveries.run) == 1
    assert [SCHEDULE[n] <= one <= SCHEDULE[n] * 1.2 for n, one in enumerate(waits)] == [True] * (ATTEMPTS - 1)
    assert (row.state, row.reason, row.attempts) == (DeliveryState.DEAD, "gave_up", ATTEMPTS)
    assert [one.status for one in place.attempts()] == [500] * ATTEMPTS


def test_every_promise_ends_with_a_reason(sessions: Sessions, keys: Keys, study: Built) -> None:
    place, _ = scripted(sessions, keys, Refused("forbidden_address"), Retry("timeout", None, 3_600.0))
    add_promise(sessions, study, name="refused", urgent=True)
    place.run(send_deliveries.run)
    add_promise(sessions, study, name="asked_for_later", expires_at=NOW + timedelta(minutes=30))
    place.run(send_deliveries.run)
    add_promise(sessions, study, name="no_channel", channel="pigeon")
    add_promise(sessions, study, name="too_late", expires_at=NOW)
    add_promise(sessions, study, name="no_endpoint", channel="webhook", recipient=f"endpoint:{study.study_uid}")
    place.run(send_deliveries.run)
    place.clock.pass_(timedelta(minutes=30))
    place.run(send_deliveries.run)
    assert {row.dedup_key: (row.state.value, row.reason) for row in place.deliveries()} == {
        "refused": ("dead", "forbidden_address"),
        "asked_for_later": ("expired", "too_late"),
        "no_channel": ("dead", "no_channel"),
        "too_late": ("expired", "too_late"),
        "no_endpoint": ("dead", "endpoint_disabled"),
    }
    with sessions.reading() as session:
        assert not due(session, now=NOW + timedelta(days=99))
        assert backlog(session, now=NOW).waiting == 0


def test_a_delivery_that_kills_its_worker_again_and_again_ends(sessions: Sessions, keys: Keys, study: Built) -> None:
    place, channel = scripted(sessions, keys, *[PowerCut()] * 99)
    add_promise(sessions, study, expires_at=NOW + timedelta(days=30))
    for _ in range(ATTEMPTS):
        with pytest.raises(PowerCut):
            place.run(send_deliveries.run)
        place.clock.pass_(LEASE)
    place.run(send_deliveries.run)
    assert (place.deliveries()[0].state, place.deliveries()[0].reason) == (DeliveryState.DEAD, "stalled")
    assert len(channel.seen) == ATTEMPTS


def test_urgent_promises_go_first(sessions: Sessions, keys: Keys, study: Built) -> None:
    place = Place(sessions, keys, settings=SchedulerSettings(delivery_batch=1))
    names = {add_promise(sessions, study, name=str(number), urgent=number == 3): number for number in range(4)}
    place.run(send_deliveries.run)
    assert [names[one.subject] for one in place.memory.envelopes] == [3, 0, 1, 2]


def test_an_endpoint_that_is_gone_is_disabled_and_its_secret_goes_out_only_as_a_signature(
    sessions: Sessions, keys: Keys, study: Built
) -> None:
    place, channel = scripted(sessions, keys, Refused("gone", 410, ended=True))
    endpoint = add_endpoint(sessions, keys, study, "https://hooks.example.org", "alert", secrets=f"{SECRET} whsec_old")
    for name in ("one", "two"):
        add_promise(sessions, study, name=name, channel="webhook", recipient=f"endpoint:{endpoint}", kind="alert")
        place.run(send_deliveries.run)
    assert [one.reason for one in place.deliveries()] == ["gone", "endpoint_disabled"]
    assert channel.seen[0].endpoint is not None
    assert channel.seen[0].endpoint.secrets == (SECRET, "whsec_old")
    assert SECRET not in repr(channel.seen[0])
    with sessions.reading() as session:
        row: Any = session.row(select(WebhookEndpoint))
    assert (row.disabled_reason, row.disabled_at) == ("gone", NOW)


def test_nobody_is_told_of_a_prompt_that_has_ended(sessions: Sessions, keys: Keys, study: Built) -> None:
    place, channel = scripted(sessions, keys, Retry("timeout"))
    add_endpoint(sessions, keys, study, "https://push.example.org", "prompt")
    person = build_person(sessions, keys, study)
    uid = add_prompt(sessions, study, person)
    place.run(dispatch_prompts.run)
    place.run(send_deliveries.run)
    with sessions.transaction() as session:
        session.execute(update(Prompt).values(state=PromptState.COMPLETED, next_at=None))
    place.clock.pass_(timedelta(seconds=10))
    place.run(send_deliveries.run)
    assert (place.deliveries()[0].state, place.deliveries()[0].reason) == (DeliveryState.EXPIRED, "prompt_ended")
    assert [one.subject for one in channel.seen] == [uid]


def test_a_key_that_is_missing_keeps_the_promise_waiting(sessions: Sessions, keys: Keys, study: Built) -> None:
    endpoint = add_endpoint(sessions, keys, study, "https://hooks.example.org", "alert")
    add_promise(sessions, study, channel="webhook", recipient=f"endpoint:{endpoint}", kind="alert")
    with sessions.transaction() as session:
        session.execute(update(WebhookEndpoint).values(key_id="lost"))
    place, channel = scripted(sessions, keys, Retry("no_secret"))
    place.run(send_deliveries.run)
    assert channel.seen[0].endpoint is not None
    assert channel.seen[0].endpoint.secrets == ()
    with sessions.reading() as session:
        assert session.value(select(Delivery.state)) is DeliveryState.WAITING


def test_a_slow_receiver_holds_up_nobodys_record(sessions: Sessions, keys: Keys, study: Built) -> None:
    recorded = Event()

    class Slow(Memory):
        def send(self, envelope: Envelope) -> Outcome:
            if envelope.subject == slow:
                waited.append(recorded.wait(20))
            return super().send(envelope)

    waited, channel = list[bool](), Slow()
    place = Place(sessions, keys, channels={"memory": channel})
    slow = add_promise(sessions, study, name="slow")
    for number in range(5):
        add_promise(sessions, study, name=str(number))
    run = Thread(target=place.run, args=[send_deliveries.run])
    run.start()
    for _ in range(400):
        if sum(row.state is DeliveryState.DELIVERED for row in place.deliveries()) == 5:
            recorded.set()
        if recorded.wait(0.02):
            break
    run.join(30)
    assert waited == [True]
    assert {row.state for row in place.deliveries()} == {DeliveryState.DELIVERED}


def test_a_try_that_breaks_takes_no_other_record_along(sessions: Sessions, keys: Keys, study: Built) -> None:
    place, channel = scripted(sessions, keys, PowerCut())
    for number in range(6):
        add_promise(sessions, study, name=str(number))
    with pytest.raises(PowerCut):
        place.run(send_deliveries.run)
    place.clock.pass_(LEASE)
    place.run(send_deliveries.run)
    assert {row.state for row in place.deliveries()} == {DeliveryState.DELIVERED}
    broken = [row.attempts for row in place.deliveries() if row.attempts > 1]
    assert broken[:1] == [2]
    assert len({one.uid for one in channel.seen}) == 6


def test_a_prompt_with_two_gateways_is_sent_once_and_has_a_row_of_each_receipt(sessions: Sessions, keys: Keys, study: Built) -> None:
    place, person = Place(sessions, keys), build_person(sessions, keys, study)
    for name in ("one", "two"):
        add_endpoint(sessions, keys, study, f"https://{name}.example.org", "prompt")
    uids = [add_prompt(sessions, study, person) for _ in range(3)]
    place.run(dispatch_prompts.run)
    place.run(send_deliveries.run)
    assert len(place.memory.envelopes) == 6
    for uid in uids:
        assert (place.prompt(uid).state, place.prompt(uid).sent_at) == (PromptState.SENT, NOW)
        assert place.events(uid) == ["queued", "sent", "sent"]
