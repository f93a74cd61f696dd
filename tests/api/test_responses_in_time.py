"""When an answer was given, by a phone whose clock may be wrong, and what that does to its prompt."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models.ids import new_uid
from models.kinds import DesignKind, PromptState, Timing
from models.queries.prompt import claim_due
from models.tables import (
    Prompt,
    PromptEvent,
    Response,
    RiskEstimateRow,
)
from tests.api.answering import response_body
from tests.api.client import Phone, Served, enroll, open_study, refusal, theirs
from tests.api.pocket import RESPONSES, quick_phone, rows, send
from tests.build import NOW, Built, shipped


@pytest.fixture
def asked_phone(house: Served, study: Built) -> Phone:
    """Enrolled over the API, so that prompts are planned."""
    return enroll(house, study)


def test_an_answer_to_a_prompt_completes_it(house, asked_phone):
    prompt = asked(house, asked_phone, "momentary")
    house.clock.study_now = prompt.due_at + timedelta(minutes=10)
    house.clock.system_now = NOW
    at = prompt.due_at + timedelta(minutes=8)
    reply = send(house, asked_phone, "momentary", {"m_crave_now": 2}, at=at, prompt_id=str(prompt.uid))
    assert reply.json()["receipt"]["timing"] == Timing.ON_TIME
    assert reply.json()["receipt"]["prompt_id"] == str(prompt.uid)
    after = asked(house, asked_phone, "momentary", uid=prompt.uid)
    assert (after.state, after.completed_at, after.next_at) == (PromptState.COMPLETED, at, None)


def asked(house: Served, phone: Phone, instrument: str, uid=None):
    """The next prompt of an instrument, or the one with this id."""
    with house.house.sessions.reading() as session:
        wanted = theirs(Prompt, phone).where(Prompt.instrument == instrument, Prompt.state != PromptState.BLOCKED)
        wanted = wanted.where(Prompt.uid == uid) if uid else wanted.where(Prompt.due_at > house.clock.study())
        return min(session.rows(wanted), key=lambda row: row.due_at)


def test_a_second_answer_to_a_prompt_is_kept_and_the_prompt_stays_as_it_was(house, asked_phone):
    prompt = asked(house, asked_phone, "momentary")
    house.clock.study_now = prompt.due_at + timedelta(minutes=10)
    for craving in (2, 3):
        assert send(house, asked_phone, "momentary", {"m_crave_now": craving}, prompt_id=str(prompt.uid)).status_code == 201
    with house.house.sessions.reading() as session:
        names = [
            row.name for row in session.rows(select(PromptEvent.name).where(PromptEvent.prompt_id == prompt.id).order_by(PromptEvent.id))
        ]
    assert names[-2:] == ["completed", "answered_again"]
    assert len(rows(house, Response, asked_phone)) == 2


def test_a_prompt_that_was_answered_refuses_what_is_done_with_it_under_one_code(house, asked_phone):
    prompt = asked(house, asked_phone, "momentary")
    house.clock.study_now = prompt.due_at + timedelta(minutes=10)
    send(house, asked_phone, "momentary", {"m_crave_now": 2}, prompt_id=str(prompt.uid))
    address = f"/v1/participant/prompts/{prompt.uid}"
    assert refusal(asked_phone.post(f"{address}/snooze", {"number": 1})) == (409, "prompt_transition")
    assert refusal(asked_phone.post(f"{address}/decline", {"reason": "busy"})) == (409, "prompt_transition")
    assert asked_phone.post(f"{address}/open", {}).json()["state"] == PromptState.COMPLETED, "a receipt that came late"


def test_an_answer_to_an_expired_prompt_is_stored_late_and_leaves_it_expired(house, asked_phone):
    prompt = asked(house, asked_phone, "momentary")
    with house.house.sessions.transaction() as session:
        session.execute(update(Prompt).where(Prompt.id == prompt.id).values(state=PromptState.EXPIRED, next_at=None))
    house.clock.study_now = prompt.expires_at + timedelta(hours=2)
    at = prompt.expires_at + timedelta(minutes=50)
    reply = send(house, asked_phone, "momentary", {"m_crave_now": 9}, at=at, prompt_id=str(prompt.uid)).json()
    assert reply["receipt"]["timing"] == Timing.AFTER_EXPIRY
    assert (reply["decision"]["reason"], reply["decision"]["content"]) == ("stale", None)
    assert asked(house, asked_phone, "momentary", uid=prompt.uid).state is PromptState.EXPIRED


@pytest.mark.parametrize("wrong", [0, 3])
def test_an_answer_begun_in_time_and_ended_soon_after_is_late_whatever_the_phones_clock_says(house, asked_phone, wrong):
    prompt = asked(house, asked_phone, "momentary")
    house.clock.study_now = prompt.expires_at + timedelta(minutes=6)
    off = timedelta(hours=wrong)
    body = response_body(
        house, "momentary", {"m_crave_now": 2}, at=prompt.expires_at + timedelta(minutes=5) + off, prompt_id=str(prompt.uid)
    )
    body |= {
        "sent_at": (house.clock.study_now + off).isoformat(),
        "started_at": (prompt.expires_at - timedelta(minutes=1) + off).isoformat(),
    }
    receipt = asked_phone.put(f"{RESPONSES}/{new_uid()}", body).json()["receipt"]
    assert receipt["timing"] == Timing.LATE
    after = asked(house, asked_phone, "momentary", uid=prompt.uid)
    assert (after.state, after.completed_at) == (PromptState.COMPLETED, prompt.expires_at + timedelta(minutes=5))


@pytest.mark.parametrize("wrong", [0, 3])
def test_an_answer_to_a_prompt_that_is_not_due_yet_is_early_and_ends_it_whatever_the_phones_clock_says(house, asked_phone, wrong):
    """An app that offers it early, or a phone that is three hours ahead and rings by itself."""
    prompt = asked(house, asked_phone, "momentary")
    now, off = prompt.due_at - timedelta(hours=3), timedelta(hours=wrong)
    house.clock.study_now = now
    told = {"prompt_id": str(prompt.uid), "sent_at": (now + off).isoformat()}
    receipt = send(house, asked_phone, "momentary", {"m_crave_now": 2}, at=now + off, **told).json()["receipt"]
    assert (receipt["timing"], receipt["clock_suspect"]) == (Timing.EARLY, wrong > 0)
    house.clock.study_now = prompt.due_at + timedelta(minutes=1)
    listed = asked_phone.get("/v1/participant/prompts").json()
    assert str(prompt.uid) not in {one["id"] for one in (*listed["open"], *listed["upcoming"])}
    with house.house.sessions.transaction() as session:
        assert prompt.id not in {row.id for row in claim_due(session, now=house.clock.study_now, limit=100)}
    after = asked(house, asked_phone, "momentary", uid=prompt.uid)
    assert (after.state, after.completed_at, after.sent_at, after.next_at) == (PromptState.COMPLETED, now, None, None)
    assert rows(house, Response, asked_phone)[0].event_time == now


def test_a_phone_whose_clock_is_not_suspect_and_rings_by_itself_is_never_early(house, asked_phone):
    """It shows the due time up to five minutes before we do; after five minutes its clock is suspect."""
    with house.house.sessions.reading() as session:
        found = session.rows(
            theirs(Prompt, asked_phone).where(Prompt.instrument == "momentary", Prompt.due_at > NOW).order_by(Prompt.due_at)
        )
    ahead = [timedelta(seconds=seconds) for seconds in (20, 60, 300, 301)]
    told = []
    for prompt, off in zip(found, ahead, strict=False):
        house.clock.study_now = prompt.due_at - off
        shown = {"prompt_id": str(prompt.uid), "sent_at": prompt.due_at.isoformat()}
        receipt = send(house, asked_phone, "momentary", {"m_crave_now": 2}, at=prompt.due_at, **shown).json()["receipt"]
        told.append((receipt["timing"], receipt["clock_suspect"]))
    assert told == [(Timing.ON_TIME, False)] * 3 + [(Timing.EARLY, True)]


def test_a_refusal_before_the_prompt_is_due_ends_it_and_says_so(house, asked_phone):
    prompt = asked(house, asked_phone, "momentary")
    house.clock.study_now = prompt.due_at - timedelta(hours=1)
    assert asked_phone.post(f"/v1/participant/prompts/{prompt.uid}/decline", {"reason": "busy"}).json()["state"] == PromptState.DECLINED
    with house.house.sessions.reading() as session:
        (told,) = session.rows(select(PromptEvent).where(PromptEvent.prompt_id == prompt.id, PromptEvent.name == "declined"))
    assert told.detail == {"timing": Timing.EARLY}


def test_an_answer_given_in_time_by_a_phone_out_of_reach_counts_as_in_time(house, asked_phone):
    prompt = asked(house, asked_phone, "momentary")
    with house.house.sessions.transaction() as session:
        session.execute(update(Prompt).where(Prompt.id == prompt.id).values(state=PromptState.EXPIRED, next_at=None))
    house.clock.study_now = prompt.expires_at + timedelta(days=1)
    reply = send(
        house, asked_phone, "momentary", {"m_crave_now": 9}, at=prompt.due_at + timedelta(minutes=5), prompt_id=str(prompt.uid)
    ).json()
    assert (reply["receipt"]["timing"], reply["decision"]["reason"]) == (Timing.ON_TIME, "stale")
    assert asked(house, asked_phone, "momentary", uid=prompt.uid).state is PromptState.COMPLETED


def test_a_report_of_craving_plans_the_follow_up_after_twenty_minutes(house, phone):
    at = house.clock.study() + timedelta(minutes=7)
    house.clock.study_now = at + timedelta(minutes=3)
    id = send(house, phone, "craving", {"m_crave_now": 3}, at=at).json()["receipt"]["id"]
    with house.house.sessions.reading() as session:
        (prompt,) = session.rows(theirs(Prompt, phone).where(Prompt.kind == DesignKind.FOLLOW_UP))
    assert (prompt.due_at, str(prompt.source), prompt.instrument) == (at + timedelta(minutes=20), id, "checking_back")


@pytest.mark.parametrize(("told", "planned"), [("learning", 1), ("current", 0)])
def test_a_follow_up_on_the_estimate_is_planned_once_it_is_known_and_only_where_it_says_so(house, told, planned):
    protocol = shipped()
    follow = protocol.design("craving_follow_up").model_copy(update={"basis": "estimate", "condition": ("==", {"var": "evidence"}, told)})
    designs = tuple(follow if one.id == follow.id else one for one in protocol.designs)
    protocol = protocol.model_copy(update={"designs": designs})
    person = quick_phone(house, open_study(house, protocol))
    at = house.clock.study()
    for _ in range(2):
        id = send(house, person, "craving", {"m_crave_now": 3}, at=at).json()["receipt"]["id"]
    with house.house.sessions.reading() as session:
        prompts = session.rows(theirs(Prompt, person).where(Prompt.kind == DesignKind.FOLLOW_UP))
        estimates = session.rows(theirs(RiskEstimateRow, person))
    assert len(estimates) == 2
    assert (len(prompts) == 2) == (planned == 1)
    assert all(prompt.due_at == at + timedelta(minutes=20) for prompt in prompts)
    assert not planned or id in {str(prompt.source) for prompt in prompts}


@pytest.mark.parametrize("hours", [-30, -2, 2, 30])
def test_a_phone_whose_clock_is_wrong_is_corrected_by_the_error_it_shows_at_upload(house, phone, hours):
    shown = house.clock.study() + timedelta(hours=hours)
    at = shown - timedelta(minutes=10)
    reply = send(house, phone, "craving", {"m_crave_now": 3}, at=at, sent_at=shown.isoformat())
    (row,) = rows(house, Response, phone)
    assert (row.event_time, row.answered_at, row.sent_at) == (house.clock.study() - timedelta(minutes=10), at, shown)
    assert (row.skew_seconds, row.clock_suspect) == (-hours * 3600, True)
    assert reply.json()["receipt"]["clock_suspect"] is True


@pytest.mark.parametrize(
    ("answered", "sent", "zone"),
    [
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:10Z", "America/New_York"),
        ("1970-01-01T00:00:00Z", "2199-12-31T23:59:59Z", "Africa/Monrovia"),
        ("2199-12-31T23:59:59+14:00", "2199-12-31T23:59:59+14:00", "Pacific/Kiritimati"),
        ("1970-01-01T00:00:00+14:00", "2026-03-04T15:00:00Z", "Asia/Kathmandu"),
        ("2026-03-04T14:59:59.123456789Z", "2026-03-04T15:00:00Z", "Australia/Lord_Howe"),
    ],
)
def test_no_clock_is_so_wrong_that_an_answer_is_lost(house, phone, answered, sent, zone):
    body = {**response_body(house, "craving", {"m_crave_now": 3}), "answered_at": answered, "sent_at": sent, "zone": zone}
    reply = phone.put(f"{RESPONSES}/{new_uid()}", body)
    assert (reply.status_code, reply.json()["decision"]["status"]) == (201, "decided"), reply.text
    send(house, phone, "craving", {"m_crave_now": 4})
    assert all(row.event_time <= house.clock.study() for row in rows(house, Response, phone))


@pytest.mark.parametrize(("seconds", "moves"), [(20, False), (-20, False), (45, True), (-45, True)])
def test_the_time_a_network_takes_is_no_error_of_the_clock(house, phone, seconds, moves):
    shown = house.clock.study() - timedelta(seconds=seconds)
    at = shown - timedelta(minutes=5)
    send(house, phone, "craving", {"m_crave_now": 3}, at=at, sent_at=shown.isoformat())
    (row,) = rows(house, Response, phone)
    assert row.event_time == (at + timedelta(seconds=seconds) if moves else at)
    assert row.clock_suspect is False


def test_an_answer_is_never_later_than_its_arrival(house, phone):
    now = house.clock.study()
    reply = send(house, phone, "craving", {"m_crave_now": 3}, at=now + timedelta(minutes=4), sent_at=now.isoformat())
    (row,) = rows(house, Response, phone)
    assert (row.event_time, row.clock_suspect, reply.status_code) == (now, True, 201)


def test_an_answer_of_yesterday_is_stored_at_its_own_time_and_too_late_for_content(house, phone):
    at = house.clock.study() - timedelta(days=1)
    decision = send(house, phone, "craving", {"m_crave_now": 9}, at=at).json()["decision"]
    assert (decision["reason"], decision["content"]) == ("stale", None)
    assert rows(house, Response, phone)[0].event_time == at
    assert rows(house, RiskEstimateRow, phone)[0].as_of == at
