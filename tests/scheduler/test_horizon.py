"""The horizon: prompts as rows, planned exactly once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from models.definition.load import canonical, checksum
from models.definition.protocol import Protocol
from models.ids import new_uid
from models.kinds import EnrollmentState, PromptState
from models.protocols import Protocols
from models.queries.planning import due_enrollments, mark_stale
from models.queries.prompt import apply_move
from models.queries.study import add_protocol_version
from models.sealed import Keys
from models.session import Sessions
from models.tables import Enrollment, Pause, Prompt, PromptEvent, ProtocolMove, WakeHistory, ZoneHistory
from scheduler.horizon import TOGETHER, Counts, plan_due, plan_enrollment, plan_follow_up
from scheduler.plan.followup import Source
from scheduler.plan.slots import prompt_uid
from tests.build import NOW, Built, Person, build_person, build_study
from tests.scheduler.house import small_protocol

DAY = timedelta(days=1)


@pytest.fixture
def study(sessions: Sessions) -> Built:
    return build_study(sessions, small_protocol())


@pytest.fixture
def person(sessions: Sessions, keys: Keys, study: Built) -> Person:
    return build_person(sessions, keys, study)


def plan_now(sessions: Sessions, keys: Keys, person: Person, now: datetime = NOW, **options: Any) -> Counts:
    with sessions.transaction() as session:
        return plan_enrollment(session, keys, Protocols(), person.enrollment_id, now=now, **options)


def rows(sessions: Sessions) -> list[Any]:
    with sessions.reading() as session:
        return list(session.rows(select(Prompt).order_by(Prompt.due_at, Prompt.id)))


def events(sessions: Sessions) -> int:
    with sessions.reading() as session:
        return len(session.rows(select(PromptEvent.id)))


def enrollment(sessions: Sessions, person: Person) -> Any:
    with sessions.reading() as session:
        return session.row(select(Enrollment).where(Enrollment.id == person.enrollment_id))


def revised(study: Built, **changes: Any) -> Protocol:
    return study.protocol.model_copy(update={"version": "9.0.0", **changes})


def publish(sessions: Sessions, study: Built, protocol: Protocol) -> int:
    with sessions.transaction() as session:
        version_id, _, _ = add_protocol_version(
            session,
            study_id=study.study_id,
            name=protocol.name,
            version=protocol.version,
            checksum=checksum(protocol),
            document=canonical(protocol),
            effective_from=NOW.date(),
            published_by=None,
            note=None,
            now=NOW,
        )
    return version_id


def test_a_week_of_prompts_stands_as_rows_with_ids_a_phone_can_derive(sessions: Sessions, keys: Keys, person: Person) -> None:
    counts = plan_now(sessions, keys, person)
    found = rows(sessions)
    assert counts.inserted == len(found) == events(sessions)
    assert {row.uid for row in found} == {prompt_uid(person.enrollment_uid, row.design, row.slot_date, row.slot_index) for row in found}
    assert all(row.state is PromptState.PLANNED and row.next_at == row.due_at > NOW for row in found)
    assert max(row.due_at for row in found) > NOW + 6 * DAY
    assert enrollment(sessions, person).planned_until == NOW + 7 * DAY


def test_planning_twice_changes_nothing(sessions: Sessions, keys: Keys, person: Person) -> None:
    plan_now(sessions, keys, person)
    before, history = rows(sessions), events(sessions)
    assert plan_now(sessions, keys, person) == Counts()
    assert plan_now(sessions, keys, person, NOW + timedelta(hours=5)) == Counts()
    assert (rows(sessions), events(sessions)) == (before, history)


def test_the_rotation_of_a_slot_is_drawn_once_with_its_probabilities(sessions: Sessions, keys: Keys, person: Person) -> None:
    plan_now(sessions, keys, person)
    momentary = [row for row in rows(sessions) if row.instrument == "check"]
    assert all(row.drawn is None for row in rows(sessions) if row.instrument == "diary")
    for row in momentary:
        assert set(row.drawn["items"]) < set(row.drawn["probabilities"])
        assert len(row.drawn["items"]) == pytest.approx(sum(row.drawn["probabilities"].values()))
    assert len({tuple(row.drawn["items"]) for row in momentary}) > 1


def test_a_move_to_another_zone_retimes_what_was_not_sent_and_leaves_the_rest(sessions: Sessions, keys: Keys, person: Person) -> None:
    plan_now(sessions, keys, person)
    first = rows(sessions)[0]
    later = first.due_at + timedelta(hours=1)
    with sessions.transaction() as session:
        apply_move(session, first, "queued", PromptState.QUEUED, now=first.due_at, actor="system", next_at=first.expires_at)
        session.add(
            ZoneHistory,
            study_id=person.study_id,
            enrollment_id=person.enrollment_id,
            zone="America/Los_Angeles",
            valid_from=later,
            source="device",
            tzdata_version="test",
            recorded_at=later,
        )
    counts = plan_now(sessions, keys, person, later, reason="zone")
    assert counts.retimed > 10
    found = {row.uid: row for row in rows(sessions)}
    assert found[first.uid].due_at == first.due_at
    assert found[first.uid].state is PromptState.QUEUED
    moved = [row for row in found.values() if row.plan_revision == 2 and row.state is PromptState.PLANNED]
    assert {row.zone for row in moved} == {"America/Los_Angeles"}
    assert all(row.next_at == row.due_at > later for row in moved)
    assert plan_now(sessions, keys, person, later, reason="zone") == Counts()


def test_a_pause_blocks_its_prompts_and_their_rows_stay(sessions: Sessions, keys: Keys, person: Person) -> None:
    plan_now(sessions, keys, person)
    total = len(rows(sessions))
    pause = {"study_id": person.study_id, "enrollment_id": person.enrollment_id, "set_by": "participant", "uid": new_uid()}
    with sessions.transaction() as session:
        pause_id = session.add(Pause, starts_at=NOW, ends_at=NOW + DAY, **pause)
    counts = plan_now(sessions, keys, person, reason="pause")
    blocked = [row for row in rows(sessions) if row.state is PromptState.BLOCKED]
    assert counts.blocked == len(blocked) > 0
    assert {row.reason for row in blocked} == {"paused"}
    assert all(row.next_at is None and row.due_at < NOW + DAY for row in blocked)
    assert len(rows(sessions)) == total
    soon = NOW + timedelta(minutes=1)
    with sessions.transaction() as session:
        session.execute(update(Pause).where(Pause.id == pause_id).values(ended_early_at=soon))
    gone_by = {row.id for row in blocked if row.due_at <= soon}
    assert plan_now(sessions, keys, person, soon).retimed == len(blocked) - len(gone_by) > 0
    assert all(row.state is PromptState.PLANNED for row in rows(sessions) if row.id not in gone_by)


def test_a_new_version_holds_from_its_local_day_and_supersedes_vanished_slots(
    sessions: Sessions, keys: Keys, study: Built, person: Person
) -> None:
    plan_now(sessions, keys, person)
    kept = tuple(design for design in study.protocol.designs if design.id != "waking")
    version = publish(sessions, study, revised(study, designs=kept))
    begins = date(2026, 3, 7)
    with sessions.transaction() as session:
        session.add(
            ProtocolMove,
            study_id=person.study_id,
            enrollment_id=person.enrollment_id,
            protocol_version_id=version,
            valid_from=begins,
            moved_at=NOW,
        )
    counts = plan_now(sessions, keys, person, reason="protocol")
    gone = [row for row in rows(sessions) if row.state is PromptState.SUPERSEDED]
    assert {row.design for row in gone} == {"waking"}
    assert counts.superseded == len(gone) > 0
    assert all(row.slot_date >= begins and row.next_at is None for row in gone)
    live = [row for row in rows(sessions) if row.state is PromptState.PLANNED]
    assert {row.protocol_version_id for row in live if row.slot_date < begins} == {study.version_id}
    assert {row.protocol_version_id for row in live if row.slot_date >= begins} == {version}
    assert plan_now(sessions, keys, person, reason="protocol") == Counts()
    assert enrollment(sessions, person).protocol_version_id == study.version_id

    first_day = datetime(2026, 3, 7, 5, 0, tzinfo=UTC)
    assert enrollment(sessions, person).planned_until <= first_day + 6 * DAY
    plan_now(sessions, keys, person, first_day + timedelta(hours=9))
    assert enrollment(sessions, person).protocol_version_id == version


def test_a_version_that_begins_while_the_window_is_open_waits_for_its_end(sessions: Sessions, keys: Keys, study: Built) -> None:
    late = {"start": "12:00", "end": "02:00"}
    person = build_person(sessions, keys, study, wake_windows={"weekday": late, "weekend": late})
    version = publish(sessions, study, revised(study, length_days=13))
    with sessions.transaction() as session:
        move = {"study_id": person.study_id, "enrollment_id": person.enrollment_id, "protocol_version_id": version}
        session.add(ProtocolMove, **move, valid_from=date(2026, 3, 6), moved_at=NOW)
    plan_now(sessions, keys, person)
    midnight = datetime(2026, 3, 6, 5, 0, tzinfo=UTC)
    for now, held in ((midnight, study.version_id), (midnight + timedelta(hours=2), version)):
        plan_due(sessions, keys, Protocols(), now=now, limit=9)
        assert enrollment(sessions, person).protocol_version_id == held
        assert plan_due(sessions, keys, Protocols(), now=now, limit=9) == 0, "nobody is owed the same plan over and over"


def test_someone_who_left_is_asked_nothing_more(sessions: Sessions, keys: Keys, person: Person) -> None:
    planned = plan_now(sessions, keys, person).inserted
    with sessions.transaction() as session:
        session.execute(update(Enrollment).values(state=EnrollmentState.WITHDRAWN, plan_stale=True))
    assert plan_now(sessions, keys, person).cancelled == planned
    assert {(row.state, row.reason, row.next_at) for row in rows(sessions)} == {(PromptState.CANCELLED, "withdrawn", None)}
    assert enrollment(sessions, person).planned_until is None


def test_after_the_last_study_day_there_is_nothing_to_plan(sessions: Sessions, keys: Keys) -> None:
    study = build_study(sessions, small_protocol(length_days=3))
    person = build_person(sessions, keys, study)
    plan_now(sessions, keys, person)
    assert max(row.study_day for row in rows(sessions)) == 3
    assert enrollment(sessions, person).planned_until is None


def test_the_duty_plans_who_is_stale_or_near_the_edge_once(sessions: Sessions, keys: Keys, study: Built) -> None:
    people = [build_person(sessions, keys, study) for _ in range(3)]
    protocols = Protocols()
    assert plan_due(sessions, keys, protocols, now=NOW, limit=2) == 2
    assert plan_due(sessions, keys, protocols, now=NOW, limit=2) == 1
    assert plan_due(sessions, keys, protocols, now=NOW, limit=2) == 0
    with sessions.transaction() as session:
        mark_stale(session, [people[1].enrollment_id])
    with sessions.reading() as session:
        assert due_enrollments(session, edge=NOW, soon=DAY, limit=9) == [people[1].enrollment_id]
    assert plan_due(sessions, keys, protocols, now=NOW, limit=2) == 1
    assert plan_due(sessions, keys, protocols, now=NOW + DAY, limit=9) == 3


def test_whoever_is_owed_a_plan_within_the_hour_is_planned_along(sessions: Sessions, keys: Keys, study: Built) -> None:
    protocols = Protocols()
    for minutes in (0, 59, 61):
        build_person(sessions, keys, study)
        assert plan_due(sessions, keys, protocols, now=NOW + timedelta(minutes=minutes), limit=9) == 1
    assert plan_due(sessions, keys, protocols, now=NOW + DAY - timedelta(minutes=1), limit=9) == 0
    assert plan_due(sessions, keys, protocols, now=NOW + DAY, limit=9) == 2


def test_a_crowd_is_planned_together_and_a_day_later_only_the_new_day_is_written(sessions: Sessions, keys: Keys, study: Built) -> None:
    people = [build_person(sessions, keys, study) for _ in range(TOGETHER + 2)]
    people.append(build_person(sessions, keys, study, zone="Asia/Kolkata"))
    assert plan_due(sessions, keys, Protocols(), now=NOW, limit=99) == len(people)
    before = {row.uid: row for row in rows(sessions)}
    assert plan_due(sessions, keys, Protocols(), now=NOW + DAY, limit=99) == len(people)
    after = {row.uid: row for row in rows(sessions)}
    new = [row for uid, row in after.items() if uid not in before]
    assert all(after[uid] == row for uid, row in before.items())
    assert min(row.slot_date for row in new) > min(row.slot_date for row in before.values()) + 5 * DAY
    assert {row.enrollment_id for row in new} == {one.enrollment_id for one in people}
    assert events(sessions) == len(after)


def test_one_broken_person_does_not_keep_the_others_from_being_planned(sessions: Sessions, keys: Keys, study: Built) -> None:
    broken = build_person(sessions, keys, study, plan_key=b"not a wrapped key")
    whole = build_person(sessions, keys, study)
    with pytest.raises(Exception, match="unsealable"):
        plan_due(sessions, keys, Protocols(), now=NOW, limit=9)
    assert {row.enrollment_id for row in rows(sessions)} == {whole.enrollment_id} != {broken.enrollment_id}


def test_a_report_is_followed_up_once_however_often_it_arrives(sessions: Sessions, keys: Keys, study: Built, person: Person) -> None:
    source = Source(new_uid(), "report", NOW, {})

    def follow(now: datetime, source: Source = source) -> int:
        with sessions.transaction() as session:
            version = study.version_id
            return len(plan_follow_up(session, keys, Protocols(), person.enrollment_id, version_id=version, source=source, now=now))

    assert follow(NOW) == 1
    assert follow(NOW) == 0
    assert follow(NOW + timedelta(minutes=5)) == 0
    (row,) = rows(sessions)
    assert (row.instrument, row.source, row.due_at) == ("after", source.response_uid, NOW + timedelta(minutes=20))
    assert follow(NOW, Source(new_uid(), "check", NOW, {})) == 0
    plan_now(sessions, keys, person)
    assert next(one for one in rows(sessions) if one.uid == row.uid) == row


def test_hours_that_change_on_the_first_morning_do_not_move_the_first_study_day(sessions: Sessions, keys: Keys, study: Built) -> None:
    early = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)  # 06:00 in New York, before the window begins
    person = build_person(sessions, keys, study, now=early)
    plan_now(sessions, keys, person, early)
    night = {"start": "23:00", "end": "15:00"}
    mine = {"study_id": person.study_id, "enrollment_id": person.enrollment_id, "valid_from": date(2026, 3, 4), "source": "device"}
    with sessions.transaction() as session:
        session.add(WakeHistory, **mine, wake_windows={"weekday": night, "weekend": night}, recorded_at=early)
    plan_now(sessions, keys, person, early + timedelta(minutes=1), reason="wake")
    assert {row.study_day for row in rows(sessions) if row.slot_date == date(2026, 3, 4)} == {1}
    assert min(row.slot_date for row in rows(sessions)) == date(2026, 3, 4)
