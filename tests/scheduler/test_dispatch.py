"""The dispatcher: due prompts are told once, in time or not at all."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import update

from models.definition.prompting import Expiry
from models.errors import Conflict
from models.kinds import DeliveryState, EnrollmentState, PromptState, Timing
from models.queries.prompt import apply_moves, claim_due, open_prompts, prompt_for, upcoming_prompts
from models.sealed import Keys
from models.session import Sessions
from models.tables import Enrollment
from scheduler.answered import answer_move
from scheduler.jobs import dispatch_prompts, send_deliveries
from scheduler.lifecycle import Event
from scheduler.prompt_moves import declining, keep_promises, needs_receipt, opening, receiving
from scheduler.quiet import hours_of
from scheduler.snooze import snoozing
from tests.build import NOW, Built, Person, build_person, build_study
from tests.scheduler.house import HOUR, MINUTE, Place, add_endpoint, add_prompt, small_protocol


@pytest.fixture
def study(sessions: Sessions) -> Built:
    return build_study(sessions, small_protocol())


@pytest.fixture
def person(sessions: Sessions, keys: Keys, study: Built) -> Person:
    return build_person(sessions, keys, study)


@pytest.fixture
def place(sessions: Sessions, keys: Keys) -> Place:
    return Place(sessions, keys)


def fetch(place: Place, person: Person) -> int:
    """What `GET /prompts` does."""
    with place.sessions.transaction() as session:
        rows = open_prompts(session, person.viewer(), now=place.clock.study())
        if not needs_receipt(session, rows):
            return 0
        moves = [receiving(row, now=place.clock.study(), actor="participant") for row in rows]
        apply_moves(session, received := [one for one in moves if one is not None])
        keep_promises(session, rows, system_now=place.clock.system())
        return len(received)


def test_a_due_prompt_is_promised_to_the_phone_and_kept_when_it_fetches(place: Place, study: Built, person: Person) -> None:
    uid = add_prompt(place.sessions, study, person)
    add_prompt(place.sessions, study, person, due_at=NOW + MINUTE)
    assert place.run(dispatch_prompts.run) == 1
    assert place.run(dispatch_prompts.run) == 0
    assert place.prompt(uid).state is PromptState.SENT
    assert place.prompt(uid).sent_at == NOW
    (promised,) = place.deliveries()
    assert (promised.channel, promised.state, promised.next_at) == ("pull", DeliveryState.WAITING, NOW + HOUR)

    place.clock.pass_(timedelta(seconds=30))
    assert fetch(place, person) == 1
    assert fetch(place, person) == 0
    assert place.prompt(uid).delivered_at == NOW + timedelta(seconds=30)
    assert place.deliveries()[0].state is DeliveryState.DELIVERED
    assert place.events(uid) == ["queued", "sent", "delivered"]


def test_a_study_with_a_push_gateway_queues_until_the_gateway_has_it(place: Place, study: Built, person: Person, keys: Keys) -> None:
    add_endpoint(place.sessions, keys, study, "https://push.example.org", "prompt")
    uid = add_prompt(place.sessions, study, person)
    place.run(dispatch_prompts.run)
    assert place.prompt(uid).state is PromptState.QUEUED
    place.clock.pass_(timedelta(seconds=5))
    assert place.run(send_deliveries.run) == 1
    assert (place.prompt(uid).state, place.prompt(uid).sent_at) == (PromptState.SENT, place.clock.study())
    (envelope,) = place.memory.envelopes
    assert (envelope.kind, envelope.subject) == ("prompt", uid)
    assert b"check" not in envelope.body


def test_a_worker_that_comes_back_late_expires_and_never_sends(place: Place, study: Built, person: Person) -> None:
    missed = add_prompt(place.sessions, study, person)
    waiting = add_prompt(place.sessions, study, person, life=3 * HOUR)
    place.clock.pass_(HOUR)
    place.run(dispatch_prompts.run)
    row = place.prompt(missed)
    assert (row.state, row.reason, row.sent_at, row.next_at) == (PromptState.EXPIRED, "not_sent", None, None)
    assert place.events(missed) == ["expired"]
    assert place.prompt(waiting).state is PromptState.SENT
    assert [one.subject for one in place.deliveries()] == [waiting]


def test_an_unanswered_prompt_expires_with_its_promise_and_no_reason(place: Place, study: Built, person: Person) -> None:
    uid = add_prompt(place.sessions, study, person)
    place.run(dispatch_prompts.run)
    place.clock.pass_(HOUR)
    assert place.run(dispatch_prompts.run) == 1
    assert (place.prompt(uid).state, place.prompt(uid).reason) == (PromptState.EXPIRED, None)
    assert [(one.state, one.reason) for one in place.deliveries()] == [(DeliveryState.EXPIRED, "not_fetched")]
    assert place.run(dispatch_prompts.run) == 0


def test_reminders_are_distinct_and_stop_with_the_answer(place: Place, study: Built, person: Person) -> None:
    left = [(NOW + number * 10 * MINUTE).isoformat() for number in (1, 2, 3)]
    uid = add_prompt(place.sessions, study, person, reminders_left=left)
    for _ in range(3):
        place.run(dispatch_prompts.run)
        place.run(dispatch_prompts.run)
        place.clock.pass_(10 * MINUTE)
    assert place.prompt(uid).reminders_sent == 2
    with place.sessions.transaction() as session:
        row = prompt_for(session, person.viewer(), uid)
        at = place.clock.study()
        facts = {"event_time": at, "received_at": at, "answered_at": at, "started_at": None, "complete": True, "timing": Timing.ON_TIME}
        apply_moves(session, [answer_move(row, facts, again=False)])
    place.clock.pass_(HOUR)
    assert place.run(dispatch_prompts.run) == 0
    assert place.prompt(uid).state is PromptState.COMPLETED
    assert [one.kind for one in place.deliveries()] == ["prompt", "reminder", "reminder"]
    assert len({one.dedup_key for one in place.deliveries()}) == 3
    assert place.events(uid) == ["queued", "sent", "reminded", "reminded", "completed"]


def test_several_missed_reminders_are_one_reminder(place: Place, study: Built, person: Person) -> None:
    left = [(NOW + number * 10 * MINUTE).isoformat() for number in (1, 2, 3)]
    uid = add_prompt(place.sessions, study, person, reminders_left=left)
    place.run(dispatch_prompts.run)
    place.clock.pass_(25 * MINUTE)
    place.run(dispatch_prompts.run)
    row = place.prompt(uid)
    assert (row.reminders_sent, row.next_at) == (1, NOW + 30 * MINUTE)


def test_who_may_not_be_asked_is_not_asked(place: Place, study: Built, keys: Keys) -> None:
    cases: dict[str, dict[str, object]] = {
        "paused": {"paused_until": NOW + HOUR},
        "no_consent": {"consent_collect": False},
        "not_active": {"state": EnrollmentState.WITHDRAWN},
    }
    found = {}
    for reason in cases:
        one = build_person(place.sessions, keys, study)
        unsent = add_prompt(place.sessions, study, one, due_at=NOW + MINUTE)
        found[reason] = (one, unsent, add_prompt(place.sessions, study, one, reminders_left=[(NOW + MINUTE).isoformat()]))
    place.run(dispatch_prompts.run)
    with place.sessions.transaction() as session:
        for reason, (one, _, _) in found.items():
            session.execute(update(Enrollment).where(Enrollment.id == one.enrollment_id).values(**cases[reason]))
    place.clock.pass_(MINUTE)
    place.run(dispatch_prompts.run)
    for reason, (_, unsent, waiting) in found.items():
        assert (place.prompt(unsent).state, place.prompt(unsent).reason) == (PromptState.BLOCKED, reason)
        assert place.events(waiting) == ["queued", "sent", "not_reminded"]
    assert [one.kind for one in place.deliveries()] == ["prompt"] * 3


def test_a_snoozed_prompt_comes_back_once_within_its_life(place: Place, study: Built, person: Person) -> None:
    uid = add_prompt(place.sessions, study, person)
    expiry = Expiry(minutes=60, snoozes=1, snooze_minutes=10)
    place.run(dispatch_prompts.run)
    with place.sessions.transaction() as session:
        row, hours = prompt_for(session, person.viewer(), uid), hours_of(session, {person.enrollment_id})[person.enrollment_id]
        apply_moves(session, [snoozing(row, expiry, hours, now=NOW, actor="participant")])
    assert place.prompt(uid).next_at == NOW + 10 * MINUTE
    place.clock.pass_(10 * MINUTE)
    place.run(dispatch_prompts.run)
    row = place.prompt(uid)
    assert (row.state, row.reminders_sent, row.next_at) == (PromptState.SNOOZED, 1, row.expires_at)
    with pytest.raises(Conflict):
        snoozing(row, expiry, hours, now=place.clock.study(), actor="participant")


def test_opening_declining_and_looking_are_the_persons_own(place: Place, study: Built, person: Person, keys: Keys) -> None:
    other = build_person(place.sessions, keys, study)
    uid = add_prompt(place.sessions, study, person)
    soon = add_prompt(place.sessions, study, person, due_at=NOW + HOUR)
    place.run(dispatch_prompts.run)
    viewer = person.viewer()
    with place.sessions.transaction() as session:
        assert [row.uid for row in open_prompts(session, viewer, now=NOW)] == [uid]
        assert [row.uid for row in upcoming_prompts(session, viewer, now=NOW, until=NOW + HOUR)] == [soon]
        assert not open_prompts(session, other.viewer(), now=NOW)
        with pytest.raises(Exception, match="no such prompt"):
            prompt_for(session, other.viewer(), uid)
        row = prompt_for(session, viewer, uid)
        apply_moves(session, [opening(row, opened_at=NOW, now=NOW, actor="participant")])
        assert prompt_for(session, viewer, uid).state is PromptState.OPENED
        row = prompt_for(session, viewer, uid)
        apply_moves(session, [declining(row, declined_at=NOW, now=NOW, actor="participant", reason="busy")])
    row = place.prompt(uid)
    assert (row.reason, row.opened_at, row.next_at) == ("busy", NOW, None)
    with pytest.raises(Conflict):
        declining(row, declined_at=NOW, now=NOW, actor="participant", reason="busy")


def test_a_refusal_after_expiry_is_kept_and_the_prompt_stays_expired(place: Place, study: Built, person: Person) -> None:
    uid = add_prompt(place.sessions, study, person)
    place.run(dispatch_prompts.run)
    late = NOW + 2 * HOUR
    with place.sessions.transaction() as session:
        row = prompt_for(session, person.viewer(), uid)
        apply_moves(session, [declining(row, declined_at=late, now=late, actor="participant", reason="busy")])
    assert place.prompt(uid).state is PromptState.EXPIRED
    assert place.events(uid) == ["queued", "sent", "declined"]


def test_a_phone_that_opened_offline_before_we_sent_is_not_told_again(place: Place, study: Built, person: Person) -> None:
    uid = add_prompt(place.sessions, study, person)
    with place.sessions.transaction() as session:
        apply_moves(session, [opening(prompt_for(session, person.viewer(), uid), opened_at=NOW, now=NOW, actor="participant")])
    assert place.run(dispatch_prompts.run) == 0
    assert not place.deliveries()


def test_a_prompt_that_was_answered_before_it_was_due_is_never_sent_and_nobody_is_reminded(
    place: Place, study: Built, person: Person, keys: Keys
) -> None:
    add_endpoint(place.sessions, keys, study, "https://push.example.org", "prompt")
    uid = add_prompt(place.sessions, study, person, due_at=NOW + HOUR, reminders_left=[(NOW + HOUR + 15 * MINUTE).isoformat()])
    given = {"event_time": NOW, "answered_at": NOW, "received_at": NOW, "started_at": None, "complete": True, "timing": Timing.EARLY}
    with place.sessions.transaction() as session:
        apply_moves(session, [answer_move(prompt_for(session, person.viewer(), uid), given, again=False)])
    for _ in range(4):
        place.clock.pass_(30 * MINUTE)
        assert place.run(dispatch_prompts.run) == 0
    assert (place.events(uid), place.deliveries(), place.prompt(uid).state) == (["completed"], [], PromptState.COMPLETED)


def test_a_crash_in_the_middle_of_a_batch_leaves_nothing_half_done(place: Place, study: Built, person: Person) -> None:
    for _ in range(3):
        add_prompt(place.sessions, study, person)

    def cut() -> None:
        with place.sessions.transaction() as session:
            dispatch_prompts.dispatch(session, place.duties.mind, now=NOW, system_now=NOW, limit=10)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        cut()
    assert (place.events(), place.deliveries()) == ([], [])
    assert place.run(dispatch_prompts.run) == 3
    assert len(place.deliveries()) == 3


def test_two_dispatchers_share_a_backlog_without_an_overlap(place: Place, study: Built, person: Person) -> None:
    for _ in range(40):
        add_prompt(place.sessions, study, person)
    barrier = Barrier(2)

    def work() -> None:
        barrier.wait()
        while True:
            with place.sessions.transaction() as session:
                if not dispatch_prompts.dispatch(session, place.duties.mind, now=NOW, system_now=NOW, limit=7):
                    return

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row.state for row in place.prompts()} == {PromptState.SENT}
    assert len(place.deliveries()) == len({one.subject for one in place.deliveries()}) == 40
    assert len(place.events()) == 80


@pytest.mark.postgres
def test_a_prompt_that_one_worker_holds_is_skipped_by_the_other(place: Place, study: Built, person: Person) -> None:
    if place.sessions.embedded:
        pytest.skip("SQLite has one writing connection")
    for _ in range(4):
        add_prompt(place.sessions, study, person)
    with place.sessions.transaction() as one, place.sessions.transaction() as other:
        first = {row.id for row in claim_due(one, now=NOW, limit=2)}
        second = {row.id for row in claim_due(other, now=NOW, limit=9)}
    assert (len(first), len(second)) == (2, 2)
    assert not first & second


def test_every_event_has_a_name_in_the_past_tense() -> None:
    from scheduler.prompt_moves import PAST_TENSE

    assert set(PAST_TENSE) == set(Event)
