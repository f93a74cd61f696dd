"""From one revision to another: previews that come true, moves of a study, withdrawals, and which phone is behind."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from api.actions import move_study as moves
from api.actions import preview_revision
from models.ids import new_uid
from models.kinds import PromptState, Role
from models.tables import Audit, Enrollment, Prompt, ProtocolMove, StudyMove
from scheduler.horizon import plan_due
from tests.api.answering import response_body
from tests.api.client import Phone, Served, StaffDoor, enroll, faults, fresh, invite, open_study, refusal, sign_in, theirs
from tests.build import NOW, Built, shipped

DAY = timedelta(days=1)
TODAY = date(2026, 3, 4)
SWITCH = TODAY + 2 * DAY
CALENDAR = ("window", "stratified", "fixed", "uniform", "interval")


@pytest.fixture
def study(house: Served) -> Built:
    return open_study(house)


@pytest.fixture
def ida(house: Served, study: Built) -> StaffDoor:
    return sign_in(house, study, Role.INVESTIGATOR, login=fresh("ida"))


def base(study: Built) -> str:
    return f"/v1/research/studies/{study.study_uid}"


def revised(*, without: str = "morning_diary", **changes: Any) -> dict[str, Any]:
    """The shipped protocol without a diary, with other random checks, under a version of its own."""
    protocol = shipped()
    designs = [
        one.model_copy(update={"prompts": one.prompts - 1, "exclude": tuple(x for x in one.exclude if x != without)})
        if one.id == "random_checks"
        else one
        for one in protocol.designs
        if one.id != without
    ]
    changed = protocol.model_copy(update={"version": f"1.{int(fresh(''))}.0", "designs": tuple(designs), **changes})
    return changed.model_dump(mode="json", by_alias=True)


def publish(ida: StaffDoor, study: Built, document: Mapping[str, Any] | None = None) -> int:
    reply = ida.post(f"{base(study)}/protocols", document or revised())
    assert reply.status_code == 201, reply.text
    return int(reply.json()["revision"])


def move(ida: StaffDoor, study: Built, revision: int, valid_from: date = SWITCH, **more: Any) -> Any:
    body = {"id": str(new_uid()), "valid_from": valid_from.isoformat(), **more}
    return ida.post(f"{base(study)}/protocols/{revision}/moves", body)


def withdraw(ida: StaffDoor, study: Built, revision: int, **more: Any) -> Any:
    return ida.post(f"{base(study)}/protocols/{revision}/withdraw", {"id": str(new_uid()), **more})


def plan(house: Served) -> None:
    """The horizon's duty, until nobody is owed a plan."""
    for _ in range(20):
        if not plan_due(house.house.sessions, house.house.keys, house.house.protocols, now=house.clock.study(), limit=50):
            return
    raise AssertionError("a plan is owed for ever")


def forward(house: Served, **delta: float) -> None:
    """Study time alone: codes and sessions live in system time."""
    house.clock.study_now += timedelta(**delta)


def prompts(house: Served, phone: Phone) -> list[Any]:
    with house.house.sessions.reading() as session:
        return list(session.rows(theirs(Prompt, phone).where(Prompt.kind.in_(CALENDAR))))


def versions(house: Served, phone: Phone, state: PromptState = PromptState.PLANNED) -> dict[date, set[int]]:
    """Local date -> the protocol versions of the prompts that wait."""
    found: dict[date, set[int]] = {}
    for row in prompts(house, phone):
        if row.state is state:
            found.setdefault(row.slot_date, set()).add(row.protocol_version_id)
    return found


def test_what_a_preview_says_is_what_the_move_then_does(house: Served, study: Built, ida: StaffDoor) -> None:
    people = {one.enrollment_uid: one for one in (enroll(house, study), enroll(house, study, zone="Asia/Tokyo"))}
    invite(house, study)
    document, query = revised(), f"?days=5&valid_from={SWITCH}"
    drafted = ida.post(f"{base(study)}/protocols/preview{query}", document)
    assert drafted.status_code == 200, drafted.text
    revision = publish(ida, study, document)
    foreseen = ida.get(f"{base(study)}/protocols/{revision}/preview{query}").json()
    assert foreseen == drafted.json(), "a draft and its revision change the same"
    assert (foreseen["people"], foreseen["not_started"], foreseen["staying"], foreseen["counted"]) == (3, 1, 0, 2)

    before = {uid: {row.uid: row for row in prompts(house, phone)} for uid, phone in people.items()}
    assert move(ida, study, revision).json()["people"] == 3
    plan(house)
    until = SWITCH + 4 * DAY
    counts: Counter[tuple[str, str, str]] = Counter()
    for person in foreseen["items"]:
        rows = {str(row.uid): row for row in prompts(house, people[person["enrollment_id"]])}
        was = {str(uid): row for uid, row in before[person["enrollment_id"]].items()}
        told = {one["id"]: one for one in person["prompts"]}
        for uid, row in rows.items():
            if not SWITCH <= row.slot_date <= until:
                assert row.slot_date > until or row == was[uid]
                continue
            change = (
                "gains"
                if uid not in was
                else "loses"
                if row.state is PromptState.SUPERSEDED
                else "keeps"
                if row.due_at == was[uid].due_at
                else "moves"
            )
            counts[row.slot_date.isoformat(), row.design, change] += 1
            assert told.get(uid, {"change": "keeps"})["change"] == change
            if change == "moves":
                assert told[uid]["due_after"] == row.due_at.isoformat().replace("+00:00", "Z")
        assert person["loses"] >= 10, "five diaries and five checks"
    said = {(one["day"], one["design"], kind): one[kind] for one in foreseen["counts"] for kind in ("gains", "loses", "moves", "keeps")}
    assert {place: number for place, number in said.items() if number} == counts


def test_a_preview_goes_page_by_page_and_counts_only_once(
    house: Served, study: Built, ida: StaffDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        enroll(house, study, arm="a")
    enroll(house, study, arm="b")
    revision = publish(ida, study)
    path = f"{base(study)}/protocols/{revision}/preview?days=2&arm=a&limit=2"
    first = ida.get(path).json()
    second = ida.get(f"{path}&cursor={first['next']}").json()
    assert [len(one["items"]) for one in (first, second)] == [2, 1]
    assert (first["counted"], second["counted"], second["counts"], second["next"]) == (3, 0, [], None)
    assert {one["arm"] for one in (*first["items"], *second["items"])} == {"a"}
    assert first["valid_from"] == (TODAY + DAY).isoformat(), "the next day of everybody"
    with house.house.sessions.reading() as session:
        acts = [
            row.detail
            for row in session.rows(select(Audit.detail).where(Audit.chain == str(study.study_uid), Audit.action == "revision_previewed"))
        ]
    assert [one["people"] for one in acts] == [3, 1]
    monkeypatch.setattr(preview_revision, "PERSON_DAYS", 4)
    some = ida.get(path).json()
    assert (some["people"], some["counted"]) == (3, 2), "as many as can be, and the reply says how many"
    assert 0 < sum(one["loses"] for one in some["counts"]) < sum(one["loses"] for one in first["counts"])
    assert ida.get(f"{path}&days=29").status_code == 422
    assert refusal(ida.get(f"{path}&cursor=x"))[0] == 422


def test_a_study_is_moved_once_and_each_plan_switches_on_the_persons_own_day(house: Served, study: Built, ida: StaffDoor) -> None:
    home, tokyo, other = enroll(house, study, arm="a"), enroll(house, study, zone="Asia/Tokyo", arm="a"), enroll(house, study, arm="b")
    waiting = invite(house, study, arm="a")
    revision = publish(ida, study)
    body = {"id": str(new_uid()), "valid_from": SWITCH.isoformat(), "arm": "a"}
    path = f"{base(study)}/protocols/{revision}/moves"
    done, again = ida.post(path, body), ida.post(path, body)
    assert (done.status_code, done.json()["people"], done.json()["created"]) == (201, 3, True)
    assert (again.status_code, again.json()["people"], again.json()["created"]) == (200, 3, False)
    assert refusal(ida.post(path, {**body, "arm": "b"})) == (409, "move_differs")
    plan(house)
    (late,) = {version for found in versions(house, home).values() for version in found} - {study.version_id}
    for phone in (home, tokyo):
        found = versions(house, phone)
        assert {version for day, held in found.items() for version in held if day < SWITCH} == {study.version_id}
        assert {version for day, held in found.items() for version in held if day >= SWITCH} == {late}
    assert set().union(*versions(house, other).values()) == {study.version_id}

    forward(house, hours=37)  # 4 March 10:00 to 5 March 23:00 in New York: the 6th has begun in Tokyo
    plan(house)
    held = {phone.enrollment_uid: asked(house, phone) for phone in (home, tokyo, other)}
    assert held == {home.enrollment_uid: study.version_id, tokyo.enrollment_uid: late, other.enrollment_uid: study.version_id}
    forward(house, hours=2)
    plan(house)
    assert asked(house, home) == late
    begun = enroll(house, study, invited=waiting)
    assert begun.enrolled["protocol"]["revision"] == revision, "who starts after the day starts on it"
    listed = ida.get(f"{base(study)}/moves").json()["items"]
    assert [(one["revision"], one["withdraws"], one["people"], one["arm"]) for one in listed] == [(revision, False, 3, "a")]


def asked(house: Served, phone: Phone) -> int:
    with house.house.sessions.reading() as session:
        return int(session.value(select(Enrollment.protocol_version_id).where(Enrollment.id == phone.invited.enrollment_id)))


def test_the_day_of_a_move_is_not_past_for_anybody(house: Served, study: Built, ida: StaffDoor) -> None:
    enroll(house, study)
    enroll(house, study, zone="Pacific/Kiritimati")
    revision = publish(ida, study)
    assert faults(move(ida, study, revision, TODAY)) == [("/valid_from", "in_the_past")], "in Kiritimati it is the 5th"
    assert move(ida, study, revision, TODAY + DAY).status_code == 201
    later = ida.post(f"{base(study)}/protocols?effective_from=2026-04-01", revised()).json()["revision"]
    assert refusal(move(ida, study, later)) == (409, "not_in_effect")
    assert refusal(move(ida, study, 99)) == (404, "not_found")
    assert faults(move(ida, study, revision, site_id=str(new_uid()))) == [("/site_id", "unknown_site")]
    nobody = move(ida, study, revision, leaves=revision)
    assert nobody.json()["people"] == 0, "who is on it is on it"


def test_a_withdrawn_revision_sends_everybody_back_and_begins_for_nobody(house: Served, study: Built, ida: StaffDoor) -> None:
    on_it, coming, waiting = enroll(house, study, arm="a"), enroll(house, study, arm="b"), invite(house, study, arm="b")
    revision = publish(ida, study)
    assert move(ida, study, revision, TODAY, arm="a").json()["people"] == 1
    assert move(ida, study, revision, TODAY + 5 * DAY, arm="b").json()["people"] == 2
    plan(house)
    late = asked(house, on_it)
    assert late != study.version_id
    assert on_it.put("/v1/participant/protocol/held", {"revision": revision}).json()["behind"] is False
    sent = next(row for row in prompts(house, on_it) if row.state == PromptState.PLANNED)  # the first may have passed already
    with house.house.sessions.transaction() as session:
        session.execute(update(Prompt).where(Prompt.id == sent.id).values(state=PromptState.SENT, sent_at=NOW))

    body = {"id": str(new_uid()), "valid_from": (TODAY + DAY).isoformat(), "note": "two items read alike"}
    path = f"{base(study)}/protocols/{revision}/withdraw"
    done, again = ida.post(path, body), ida.post(path, body)
    assert (done.status_code, done.json()["people"], again.status_code) == (201, 3, 200)
    assert refusal(withdraw(ida, study, revision)) == (409, "revision_withdrawn")
    plan(house)
    found = versions(house, on_it)
    assert {version for day, held in found.items() for version in held if day > TODAY} == {study.version_id}
    assert set().union(*versions(house, coming).values()) == {study.version_id}
    kept = next(row for row in prompts(house, on_it) if row.id == sent.id)
    assert (kept.state, kept.protocol_version_id) == (PromptState.SENT, sent.protocol_version_id), "in flight: it finishes on its version"

    for refused in (move(ida, study, revision), ida.get(f"{base(study)}/protocols/{revision}/preview")):
        assert refusal(refused) == (409, "revision_withdrawn")
    document = ida.get(f"{base(study)}/protocols/{revision}").json()
    assert refusal(ida.post(f"{base(study)}/protocols", document)) == (409, "revision_withdrawn")
    answer = response_body(house, "craving", {"m_crave_now": 4}, protocol_revision=revision)
    assert on_it.put(f"/v1/participant/responses/{new_uid()}", answer).status_code == 201, "an answer may still name it"
    assert on_it.get(f"/v1/participant/protocol?revision={revision}").status_code == 200

    forward(house, days=6)
    plan(house)
    assert [asked(house, phone) for phone in (on_it, coming)] == [study.version_id] * 2
    assert enroll(house, study, invited=waiting).enrolled["protocol"]["revision"] == 1
    assert enroll(house, study).enrolled["protocol"]["revision"] == 1
    stays = next(one for one in ida.get(f"{base(study)}/protocols").json()["items"] if one["revision"] == revision)
    assert (stays["withdrawn_at"], stays["withdrawn_note"]) == (NOW.isoformat().replace("+00:00", "Z"), "two items read alike")
    with house.house.sessions.reading() as session:
        acts = session.rows(
            select(Audit.action).where(Audit.chain == str(study.study_uid), Audit.action.in_(("study_moved", "protocol_withdrawn")))
        )
    assert Counter(row.action for row in acts) == {"study_moved": 2, "protocol_withdrawn": 1}


def test_a_withdrawal_may_name_where_people_go_and_needs_a_revision_that_stands(house: Served, study: Built, ida: StaffDoor) -> None:
    phone = enroll(house, study)
    assert refusal(withdraw(ida, study, 1)) == (409, "last_revision")
    second, third = publish(ida, study), publish(ida, study)
    assert withdraw(ida, study, 1, to=second).json()["people"] == 1, "at once: the person's today"
    plan(house)
    with house.house.sessions.reading() as session:
        held = session.value(select(func.count()).where(Prompt.enrollment_id == phone.invited.enrollment_id, Prompt.state == "planned"))
    assert held > 0
    assert withdraw(ida, study, second).json()["people"] == 1
    plan(house)
    listed = {one["revision"]: one for one in ida.get(f"{base(study)}/protocols").json()["items"]}
    assert phone.put("/v1/participant/protocol/held", {"revision": third}).json() == {"held_revision": 3, "revision": 3, "behind": False}
    assert [listed[number]["withdrawn_at"] is None for number in (1, 2, 3)] == [False, False, True]


def test_a_crash_in_a_move_moves_nobody_and_the_same_again_moves_all(
    house: Served, study: Built, ida: StaffDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = [enroll(house, study) for _ in range(3)]
    revision = publish(ida, study)
    body = {"id": str(new_uid()), "valid_from": SWITCH.isoformat()}
    path = f"{base(study)}/protocols/{revision}/moves"

    def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("a crash")

    for place in ("write_moves", "add_act"):
        with monkeypatch.context() as broken:
            broken.setattr(moves, place, crash)
            assert ida.post(path, body).status_code == 500
        with house.house.sessions.reading() as session:
            assert session.value(select(func.count()).select_from(StudyMove).where(StudyMove.study_id == study.study_id)) == 0
            assert session.value(select(func.count()).select_from(ProtocolMove).where(ProtocolMove.study_id == study.study_id)) == 0
    assert ida.post(path, body).json()["people"] == 3
    # A crash between two transactions of the horizon: some are planned, and the others are still owed.
    sessions, keys, protocols = house.house.sessions, house.house.keys, house.house.protocols
    assert plan_due(sessions, keys, protocols, now=NOW, limit=2) == 2
    plan(house)
    assert all(len(set().union(*versions(house, phone).values())) == 2 for phone in phones)


def test_staff_see_which_phone_is_behind(house: Served, study: Built, ida: StaffDoor) -> None:
    told, silent, early = (enroll(house, study) for _ in range(3))
    ben = sign_in(house, open_study(house), Role.COORDINATOR, login=fresh("ben"))
    held = "/v1/participant/protocol/held"
    path = f"/v1/care/devices?study={study.study_uid}"

    def behind(query: str = "&behind=true") -> set[str]:
        reply = ida.get(path + query)
        assert reply.status_code == 200, reply.text
        return {one["enrollment_id"] for one in reply.json()["items"]}

    for phone in (told, early):
        phone.put(held, {"revision": 1})
    assert behind() == {silent.enrollment_uid}, "it never said what it holds"
    revision = publish(ida, study)
    move(ida, study, revision)
    assert early.put(held, {"revision": revision}).json()["behind"] is False, "it holds what is to come"
    assert behind() == {silent.enrollment_uid}
    forward(house, days=2)
    plan(house)
    assert behind() == {silent.enrollment_uid, told.enrollment_uid}
    assert behind("&behind=false") == {early.enrollment_uid}
    withdraw(ida, study, revision)
    plan(house)
    assert behind() == {silent.enrollment_uid, early.enrollment_uid}, "it holds what was withdrawn"
    (row,) = (one for one in ida.get(path).json()["items"] if one["enrollment_id"] == early.enrollment_uid)
    assert (row["held_revision"], row["asked_revision"], row["asked_from"], row["behind"]) == (revision, 1, SWITCH.isoformat(), True)
    first = ida.get(f"{path}&limit=2").json()
    assert len(ida.get(f"{path}&limit=2&cursor={first['next']}").json()["items"]) == 1
    assert behind("&unseen_hours=1") == {told.enrollment_uid, silent.enrollment_uid, early.enrollment_uid}
    assert ben.get("/v1/care/devices").json()["items"] == []
    assert refusal(ben.get(path)) == (404, "not_found")
