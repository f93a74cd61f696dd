"""What must reach a human does, however the rest of the submission looks and however busy the house is."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from api.actions.submit_response import apply_submissions
from api.app import _deliver
from models.ids import new_uid
from models.tables import (
    Alert,
    Enrollment,
    RejectedSubmission,
    Response,
)
from models.writer import Lane, Writer
from tests.api.answering import response_body
from tests.api.client import Phone, Served
from tests.api.pocket import RESPONSES, alerts, nothing_is_stored, put, quick_phone, rows, the_body_is_kept_sealed, told


def test_a_bad_slider_beside_not_safe_is_refused_and_the_alert_opens_all_the_same(house, phone):
    sent = put(phone, response_body(house, "craving", {"m_crave_now": 99, "c_need": "not_safe"}))
    assert told(sent, 422) == [("/answers/m_crave_now/value", "out_of_range")]
    nothing_is_stored(house, phone)
    the_body_is_kept_sealed(house, phone, sent, "invalid")
    (alert,) = rows(house, Alert, phone)
    assert (alert.tier, alert.family, alert.source_id, alert.state) == (4, "not_safe", str(sent.id), "open")
    assert alert.next_at is not None


ENVELOPES_BROKEN = {
    "no_sent_at": {"sent_at": ...},
    "no_answered_at": {"answered_at": ...},
    "unknown_revision": {"protocol_revision": 9},
    "huge_revision": {"protocol_revision": 10**30},
    "no_revision": {"protocol_revision": ...},
    "text_revision": {"protocol_revision": "one"},
    "bad_zone": {"zone": "Mars/Olympus"},
    "extra": {"mood": 1},
    "future": {"answered_at": "2026-03-05T15:00:00Z"},
    "no_such_prompt": {"prompt_id": str(UUID(int=1))},
    "half_an_edit": {"base_revision": 1},
    "edit_of_nothing": {"base_revision": 3, "edit_reason": "oops"},
}


@pytest.mark.parametrize("changes", ENVELOPES_BROKEN.values(), ids=ENVELOPES_BROKEN)
def test_a_disclosure_in_a_broken_envelope_opens_its_alert(house, phone, changes):
    body = {**response_body(house, "use", {"safe_now": "no", "u_before_crave": 3}), **changes}
    sent = put(phone, {name: value for name, value in body.items() if value is not ...})
    assert sent.reply.status_code in {404, 409, 422}
    told(sent, sent.reply.status_code)
    assert alerts(house, phone) == [(4, "not_safe")]
    the_body_is_kept_sealed(house, phone, sent, sent.reply.json()["code"])


def test_the_same_refused_disclosure_again_rings_once(house, phone):
    body = response_body(house, "use", {"safe_now": "no", "u_before_crave": 99})
    id = new_uid()
    for _ in range(3):
        assert phone.put(f"{RESPONSES}/{id}", body).status_code == 422
    (alert,) = rows(house, Alert, phone)
    assert alert.occurrences == 1
    assert len(rows(house, RejectedSubmission, phone)) == 1


def test_a_disclosing_item_that_is_itself_invalid_discloses_nothing(house, phone):
    told(put(phone, response_body(house, "use", {"safe_now": "NO!", "u_overdose": "yes"})), 422)
    assert alerts(house, phone) == []


def test_a_disclosure_that_branching_would_have_hidden_counts(house, phone):
    """What the person said, the person said."""
    sent = put(phone, response_body(house, "evening", {"am_moud": "missed", "am_moud_when": "08:00"}))
    assert sent.reply.status_code == 201
    assert alerts(house, phone) == [(2, "missed_medicine")]


def test_a_disclosure_goes_through_while_prompts_are_paused(house, study):
    phone = quick_phone(house, study)
    with house.house.sessions.transaction() as session:
        until = house.clock.study() + timedelta(days=3)
        session.execute(update(Enrollment).where(Enrollment.id == phone.invited.enrollment_id).values(paused_until=until))
    sent = put(phone, response_body(house, "use", {"safe_now": "no"}))
    assert (sent.reply.status_code, sent.reply.json()["decision"]["screen"]) == (201, "crisis")
    assert alerts(house, phone) == [(4, "not_safe")]


@pytest.fixture
def full(house: Served) -> Iterator[Served]:
    """The house with a writer whose lanes take nothing but safety; protocols are in memory as after the first answer."""
    before = house.house.writer
    house.house.writer = Writer(
        house.house.sessions,
        lambda session, operations: apply_submissions(session, operations, house.house),
        capacity={Lane.NORMAL: 0, Lane.LOW: 0},
        deliver=_deliver,
    )
    house.house.writer.start()
    yield house
    house.house.writer.stop()
    house.house.writer = before


def warm(house: Served, phone: Phone) -> None:
    """The first answer of a process lets it know the protocol; until then every answer counts as safety."""
    assert put(phone, response_body(house, "craving", {"m_crave_now": 1})).reply.status_code == 201


def test_a_full_queue_says_when_to_come_back_and_stores_nothing(house, full, phone):
    warm(house, phone)
    sent = put(phone, response_body(house, "craving", {"m_crave_now": 4}))
    told(sent, 503)
    assert (sent.reply.json()["code"], sent.reply.headers["retry-after"]) == ("queue_full", "1")
    assert len(rows(house, Response, phone)) == 1
    assert rows(house, RejectedSubmission, phone) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"safe_now": "no"}, 201),
        ({"safe_now": "no", "u_before_crave": 99}, 422),
        ({"u_with": False, "u_again": True}, 201),
    ],
    ids=["stored", "refused", "two-items"],
)
def test_a_full_queue_never_sheds_a_disclosure(house, full, phone, body, status):
    warm(house, phone)
    assert put(phone, response_body(house, "use", body)).reply.status_code == status
    assert len(alerts(house, phone)) == 1


@pytest.mark.parametrize(
    "changes", [{"sent_at": ...}, {"protocol_revision": 9}, {"protocol_revision": ...}], ids=["sent", "unknown", "none"]
)
def test_a_full_queue_never_sheds_a_disclosure_in_a_broken_envelope(house, full, phone, changes):
    warm(house, phone)
    body = {**response_body(house, "use", {"safe_now": "no"}), **changes}
    assert put(phone, {name: value for name, value in body.items() if value is not ...}).reply.status_code == 422
    assert alerts(house, phone) == [(4, "not_safe")]


def test_a_full_queue_in_the_middle_of_a_batch_is_told_item_by_item(house, full, phone):
    warm(house, phone)
    plain = {"id": str(new_uid()), **response_body(house, "craving", {"m_crave_now": 4})}
    urgent = {"id": str(new_uid()), **response_body(house, "craving", {"m_crave_now": 4, "c_need": "not_safe"})}
    results = phone.post(f"{RESPONSES}/batch", {"items": [plain, urgent]}).json()["results"]
    assert [one["status"] for one in results] == [503, 201]
    assert results[0]["problem"]["code"] == "queue_full"
    assert alerts(house, phone) == [(4, "not_safe")]


def test_someone_who_left_is_refused_and_nothing_more_is_kept(house, phone):
    with house.house.sessions.transaction() as session:
        mine = Enrollment.id == phone.invited.enrollment_id
        session.execute(update(Enrollment).where(mine).values(consent_collect=False))
    sent = put(phone, response_body(house, "craving", {"m_crave_now": 4}))
    told(sent, 410)
    nothing_is_stored(house, phone)
    assert rows(house, RejectedSubmission, phone) == []
