from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from models.access import SYSTEM, Viewer
from models.definition.escalation import Ladder, Rung
from models.errors import Conflict, Forbidden, Invalid, Missing, PreconditionFailed
from models.ids import new_uid
from models.kinds import AlertState, Disposition, Role, RungTarget
from models.queries.alert import Cursor, Filters, alert, alerts
from models.sealed import Keys
from models.session import Sessions
from models.tables import Alert, AlertEvent, Caseload, Delivery, Duty, RoleGrant, Staff, WebhookEndpoint
from risk.alert_terms import Acknowledge, Move, Note, Progress, Reassign, Reopen, Resolve, Snooze
from risk.alerting import AlertRef, Opening, act, audit_alerts, escalate_due, open_alert
from tests.build import NOW, Built, Person, build_person, build_staff, build_study, shipped

CLIMB = (RungTarget.OWNER, RungTarget.ON_DUTY, RungTarget.SUPERVISOR)


def ladder(tier: int, *targets: RungTarget) -> Ladder:
    rungs = tuple(Rung(to=to, acknowledge_minutes=15, repeat_minutes=5) for to in targets or CLIMB)
    return Ladder(tier=tier, group_wait_minutes=5 if tier == 2 else 0, rungs=rungs, acknowledgement_minutes=30, snooze_limit_minutes=240)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@dataclass
class World:
    """A study with one person, and the alerts of that person."""

    sessions: Sessions
    study: Built
    person: Person

    def staff(self, login: str, *roles: Role, attested: bool = True) -> Viewer:
        return build_staff(self.sessions, self.study, *(roles or (Role.COORDINATOR,)), login=login, attested=attested)

    def caseload(self, viewer: Viewer, *, cover: bool = False, start: float = -60, end: float | None = None) -> None:
        with self.sessions.transaction() as session:
            session.add(
                Caseload,
                study_id=self.study.study_id,
                enrollment_id=self.person.enrollment_id,
                staff_id=viewer.staff_id,
                is_cover=cover,
                valid_from=at(start),
                valid_until=None if end is None else at(end),
            )

    def duty(self, viewer: Viewer, rung: str) -> None:
        with self.sessions.transaction() as session:
            session.add(Duty, study_id=self.study.study_id, staff_id=viewer.staff_id, rung=rung, valid_from=at(-60))

    def open(self, tier: int = 4, *, minutes: float = 0, source: str = "r1", family: str = "family", **changes: Any) -> AlertRef:
        opening = Opening(
            study_id=self.study.study_id,
            enrollment_id=self.person.enrollment_id,
            tier=tier,
            family=family,
            source_id=source,
            protocol_version_id=self.study.version_id,
            rule_hash="0" * 64,
            synthetic=False,
        )
        with self.sessions.transaction() as session:
            return open_alert(session, replace(opening, **changes), self.study.protocol, now=at(minutes), system_now=at(minutes))

    def act(
        self, viewer: Viewer, ref: AlertRef, move: Move, *, minutes: float = 1, version: int | None = None, note: bytes | None = None
    ) -> Any:
        with self.sessions.transaction() as session:
            known = self.row(ref).version if version is None else version
            return act(session, viewer, ref.uid, move, version=known, now=at(minutes), system_now=at(minutes), note_sealed=note)

    def tick(self, minutes: float) -> int:
        with self.sessions.transaction() as session:
            return escalate_due(session, now=at(minutes), system_now=at(minutes))

    def row(self, ref: AlertRef) -> Any:
        with self.sessions.reading() as session:
            return session.row(select(Alert).where(Alert.id == ref.id))

    def events(self, ref: AlertRef) -> Sequence[Any]:
        with self.sessions.reading() as session:
            return session.rows(select(AlertEvent).where(AlertEvent.alert_id == ref.id).order_by(AlertEvent.sequence))

    def names(self, ref: AlertRef) -> list[str]:
        return [event.name for event in self.events(ref)]

    def told(self, ref: AlertRef, channel: str = "inbox") -> list[str]:
        """Recipients in the order of their promises."""
        with self.sessions.reading() as session:
            chosen = select(Delivery).where(Delivery.subject == ref.uid, Delivery.channel == channel).order_by(Delivery.id)
            return [row.recipient for row in session.rows(chosen)]


def made(sessions: Sessions, keys: Keys, *ladders: Ladder) -> World:
    protocol = shipped().model_copy(update={"ladders": ladders or tuple(ladder(tier) for tier in (2, 3, 4))})
    study = build_study(sessions, protocol)
    return World(sessions, study, build_person(sessions, keys, study))


@pytest.fixture
def world(sessions, keys) -> World:
    return made(sessions, keys)


@pytest.fixture
def light(sqlite_settings, keys) -> Iterator[World]:
    """On SQLite alone, where the statements are run on both databases by another test."""
    sessions = Sessions(sqlite_settings)
    yield made(sessions, keys)
    sessions.close()


def inbox(*viewers: Viewer) -> list[str]:
    return [f"staff:{viewer.uid}" for viewer in viewers]


def test_an_alert_opens_with_its_history_its_promise_and_its_next_moment(world):
    owner = world.staff("owner")
    world.caseload(owner)
    ref = world.open()
    row = world.row(ref)
    assert (row.state, row.owner_id, row.next_at, row.version) == (AlertState.OPEN, owner.staff_id, at(5), 1)
    assert row.dedup_key == f"{world.person.enrollment_id}:family:4"
    assert row.ladder == ladder(4).model_dump(mode="json")
    [event] = world.events(ref)
    assert (event.name, event.sequence, event.actor, event.detail) == ("opened", 1, "system", {"source": "r1", "told": 1})
    assert world.told(ref) == inbox(owner)


def test_what_leaves_is_an_opaque_id_and_an_expiry(light):
    light.caseload(light.staff("owner"))
    ref = light.open()
    with light.sessions.reading() as session:
        row = session.row(select(Delivery))
    assert (row.kind, row.urgent, row.payload.keys()) == ("alert", True, {"kind", "id", "expires_at"})
    assert row.payload["id"] == str(ref.uid)


def test_every_endpoint_that_wants_alerts_is_told_too(world):
    world.caseload(world.staff("owner"))
    with world.sessions.transaction() as session:
        for kinds, disabled in ((["alert"], None), (["prompt"], None), (["alert"], NOW)):
            session.add(
                WebhookEndpoint,
                uid=new_uid(),
                study_id=world.study.study_id,
                url="https://example.org/hook",
                secret_sealed=b"",
                key_id="k1",
                kinds=kinds,
                created_at=NOW,
                disabled_at=disabled,
            )
    ref = world.open()
    assert len(world.told(ref, "webhook")) == 1
    assert world.told(ref, "webhook")[0].startswith("endpoint:")


def test_another_occurrence_joins_the_open_alert_and_tells_again(world):
    world.caseload(world.staff("owner"))
    first, second = world.open(source="r1"), world.open(source="r2", minutes=2)
    assert (second.id, second.uid, second.created) == (first.id, first.uid, False)
    row = world.row(first)
    assert (row.occurrences, row.last_occurred_at, row.version) == (2, at(2), 2)
    assert world.names(first) == ["opened", "occurred"]
    assert len(world.told(first)) == 2


def test_the_same_source_never_opens_or_joins_twice_even_after_the_alert_is_resolved(world):
    owner = world.staff("owner")
    world.caseload(owner)
    ref = world.open(source="r1")
    world.open(source="r2")
    assert not world.open(source="r1").created
    world.act(owner, ref, Resolve(Disposition.REACHED_SAFE))
    assert world.open(source="r1", minutes=9) == replace(ref, created=False)
    assert world.open(source="r2", minutes=9) == replace(ref, created=False)
    assert world.row(ref).occurrences == 2
    assert world.open(source="r3", minutes=9).created


def test_concurrent_openings_of_one_family_leave_one_alert_that_counts_them_all(world):
    world.caseload(world.staff("owner"))
    with ThreadPoolExecutor(6) as pool:
        refs = list(pool.map(lambda number: world.open(source=f"r{number}"), range(6)))
    assert len({ref.id for ref in refs}) == 1
    assert sum(ref.created for ref in refs) == 1
    assert world.row(refs[0]).occurrences == 6
    assert [event.sequence for event in world.events(refs[0])] == [1, 2, 3, 4, 5, 6]


def test_families_and_tiers_of_one_person_have_alerts_of_their_own(light):
    refs = [light.open(4), light.open(3), light.open(4, family="other")]
    assert len({ref.id for ref in refs}) == 3
    assert all(ref.created for ref in refs)


def test_an_unanswered_alert_climbs_and_tells_each_rung(world):
    owner, duty, chief = world.staff("owner"), world.staff("duty"), world.staff("chief", Role.CLINICIAN)
    world.caseload(owner)
    world.duty(duty, "on_duty")
    world.duty(chief, "supervisor")
    ref = world.open()
    for minutes in range(1, 41):
        world.tick(minutes)
    assert world.told(ref) == inbox(owner, owner, owner, duty, duty, duty, chief, chief, chief)
    assert world.names(ref) == ["opened", *["repeated"] * 2, "escalated", *["repeated"] * 2, "escalated", *["repeated"] * 2]
    assert (world.row(ref).rung, world.row(ref).version) == (2, 1)


def test_a_second_escalator_at_the_same_instant_doubles_nothing(light):
    light.caseload(light.staff("owner"))
    ref = light.open()
    assert (light.tick(5), light.tick(5)) == (1, 0)
    assert len(light.told(ref)) == 2


def test_two_escalators_at_once_never_tell_twice(world):
    world.caseload(world.staff("owner"))
    refs = [world.open(family=f"family{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(world.tick, [5] * 4)) == 4
    assert [len(world.told(ref)) for ref in refs] == [2, 2, 2, 2]


def test_after_a_long_downtime_the_right_rung_is_told_once(light):
    light.caseload(light.staff("owner"))
    chief = light.staff("chief", Role.CLINICIAN)
    light.duty(chief, "supervisor")
    ref = light.open()
    assert light.tick(60 * 24) == 1
    assert light.told(ref)[1:] == inbox(chief)
    assert light.row(ref).next_at == at(60 * 24 + 5)


def test_a_rung_without_anyone_is_left_at_once_and_says_so(light):
    duty = light.staff("duty")
    light.duty(duty, "on_duty")
    ref = light.open()
    assert light.told(ref) == inbox(duty)
    assert light.names(ref) == ["opened", "rung_empty"]
    assert light.row(ref).rung == 1


def test_where_nobody_is_listed_the_roles_stand_in(world):
    coordinator, clinician = world.staff("a"), world.staff("b", Role.CLINICIAN)
    world.staff("c", Role.DATA_MANAGER)
    assert world.told(world.open()) == inbox(coordinator, clinician)


def test_on_an_empty_last_rung_the_admins_are_told_and_then_anyone(world):
    manager = world.staff("manager", Role.DATA_MANAGER, attested=False)
    first = world.open(family="one")
    assert world.told(first) == inbox(manager)
    assert world.names(first) == ["opened", "rung_empty", "rung_empty", "last_rung_empty"]
    admin = world.staff("admin", Role.ADMIN, attested=False)
    assert world.told(world.open(family="two")) == inbox(admin)


def test_with_nobody_to_tell_the_alert_stands_and_keeps_its_next_moment(light):
    ref = light.open()
    assert light.told(ref) == []
    assert light.names(ref)[-1] == "nobody_to_tell"
    assert light.row(ref).next_at == at(5)
    late = light.staff("late")
    light.duty(late, "supervisor")
    light.tick(5)
    assert light.told(ref) == inbox(late)


def test_who_does_not_attest_to_having_no_power_is_not_told(light):
    owner, duty = light.staff("owner", attested=False), light.staff("duty")
    light.caseload(owner)
    light.duty(duty, "on_duty")
    assert light.told(light.open()) == inbox(duty)


def test_a_disabled_member_of_staff_and_an_ended_grant_are_not_told(world):
    gone, ended, duty = world.staff("gone"), world.staff("ended"), world.staff("duty")
    world.caseload(gone)
    world.caseload(ended, start=-30)
    world.duty(duty, "on_duty")
    with world.sessions.transaction() as session:
        session.execute(update(Staff).where(Staff.id == gone.staff_id).values(disabled_at=at(-1)))
        session.execute(update(RoleGrant).where(RoleGrant.staff_id == ended.staff_id).values(valid_until=at(-1)))
    assert world.told(world.open()) == inbox(duty)


def test_the_caseload_is_read_by_its_dates(light):
    old, new = light.staff("old"), light.staff("new")
    light.caseload(old, start=-600, end=10)
    light.caseload(new, start=10)
    assert light.told(light.open(family="before")) == inbox(old)
    assert light.told(light.open(family="after", minutes=10)) == inbox(new)


def test_who_takes_over_the_caseload_is_told_beside_the_owner_on_the_alert(light):
    old, new = light.staff("old"), light.staff("new")
    light.caseload(old, start=-600, end=3)
    light.caseload(new, start=3)
    ref = light.open()
    light.tick(5)
    assert light.told(ref) == inbox(old, old, new)


def test_a_cover_is_told_on_its_own_rung(sessions, keys):
    world = made(sessions, keys, ladder(4, RungTarget.COVER, RungTarget.OWNER))
    owner, cover = world.staff("owner"), world.staff("cover")
    world.caseload(owner)
    world.caseload(cover, cover=True)
    assert world.told(world.open()) == inbox(cover)


def test_an_acknowledgement_needs_the_version_that_was_read(world):
    owner = world.staff("owner")
    world.caseload(owner)
    ref = world.open()
    for wrong in (0, 7):
        with pytest.raises(PreconditionFailed):
            world.act(owner, ref, Acknowledge(), version=wrong)
    acted = world.act(owner, ref, Acknowledge(), version=1)
    assert (acted.version, acted.view.state) == (2, AlertState.ACKNOWLEDGED)
    row = world.row(ref)
    assert (row.version, row.acknowledged_by, row.owner_id, row.next_at) == (2, owner.staff_id, owner.staff_id, at(31))
    with pytest.raises(PreconditionFailed), world.sessions.transaction() as session:
        act(session, owner, ref.uid, Progress(), version=None, now=at(2), system_now=at(2))


def test_a_repeat_or_a_rung_does_not_keep_anyone_from_acknowledging(light):
    owner = light.staff("owner")
    light.caseload(owner)
    ref = light.open()
    light.tick(5)
    light.tick(20)
    assert light.act(owner, ref, Acknowledge(), version=1, minutes=21).view.state is AlertState.ACKNOWLEDGED


def test_an_occurrence_that_was_not_read_refuses_a_resolution(light):
    owner = light.staff("owner")
    light.caseload(owner)
    ref = light.open()
    light.open(source="r2", minutes=1)
    with pytest.raises(PreconditionFailed):
        light.act(owner, ref, Resolve(Disposition.REACHED_SAFE), version=1, minutes=2)


def test_an_act_is_written_with_its_actor_its_reason_and_its_sealed_note(world):
    owner = world.staff("owner")
    world.caseload(owner)
    ref = world.open()
    world.act(owner, ref, Acknowledge())
    world.act(owner, ref, Note(), note=b"sealed", version=0)
    world.act(owner, ref, Resolve(Disposition.NO_ANSWER, 20), minutes=9)
    written = [(event.name, event.actor, event.reason, event.note_sealed) for event in world.events(ref)[1:]]
    actor = f"staff:{owner.uid}"
    assert written == [("acknowledged", actor, None, None), ("noted", actor, None, b"sealed"), ("resolved", actor, "no_answer", None)]
    row = world.row(ref)
    assert (row.disposition, row.minutes_spent, row.next_at, row.resolved_by, row.version) == (
        Disposition.NO_ANSWER,
        20,
        None,
        owner.staff_id,
        3,
    )


def test_an_acknowledgement_that_runs_out_reaches_the_next_rung(light):
    owner, duty = light.staff("owner"), light.staff("duty")
    light.caseload(owner)
    light.duty(duty, "on_duty")
    ref = light.open()
    light.act(owner, ref, Acknowledge())
    assert light.tick(30) == 0
    assert light.tick(31) == 1
    assert light.told(ref) == inbox(owner, duty)
    assert light.row(ref).state is AlertState.OPEN


def test_an_alert_of_another_caseload_or_study_does_not_exist(world, sessions, keys):
    owner, other = world.staff("owner"), world.staff("other")
    world.caseload(owner)
    ref = world.open()
    elsewhere = build_study(sessions, world.study.protocol, slug="elsewhere")
    foreign = build_staff(sessions, elsewhere, Role.COORDINATOR, login="foreign")
    unattested = world.staff("unattested", attested=False)
    for viewer in (other, foreign, unattested, world.staff("admin", Role.ADMIN)):
        with pytest.raises(Missing), sessions.reading() as session:
            alert(session, viewer, ref.uid, now=NOW)
        with pytest.raises(Missing):
            world.act(viewer, ref, Acknowledge())
        with sessions.reading() as session:
            assert alerts(session, viewer, Filters(), now=NOW) == []
    with pytest.raises(Forbidden), sessions.reading() as session:
        alert(session, world.person.viewer(), ref.uid, now=NOW)
    with sessions.reading() as session:
        row, events = alert(session, owner, ref.uid, now=NOW)
    assert (row.uid, row.enrollment_uid, row.owner_uid, row.owner_name, len(events)) == (
        ref.uid,
        world.person.enrollment_uid,
        owner.uid,
        "Owner",
        1,
    )


def test_alerts_are_listed_by_filter_and_page(world):
    investigator = world.staff("investigator", Role.INVESTIGATOR)
    refs = [world.open(tier, family=f"family{number}", minutes=number) for number, tier in enumerate((4, 3, 3, 4))]
    world.act(investigator, refs[0], Resolve(Disposition.WRONG_ALERT), minutes=8)
    with world.sessions.reading() as session:

        def listed(filters: Filters | None = None, **more: Any) -> list[int]:
            return [row.id for row in alerts(session, investigator, filters or Filters(), now=NOW, **more)]

        newest_first = [ref.id for ref in reversed(refs)]
        assert listed() == newest_first
        first = alerts(session, investigator, Filters(), now=NOW, limit=2)
        assert [row.id for row in first] == newest_first[:2]
        assert listed(after=Cursor(first[-1].opened_at, first[-1].id)) == newest_first[2:]
        assert listed(Filters(tiers=frozenset({3}))) == [refs[2].id, refs[1].id]
        assert listed(Filters(states=frozenset({AlertState.RESOLVED}))) == [refs[0].id]
        assert listed(Filters(since=at(2))) == newest_first[:2]
        assert listed(Filters(study_id=world.study.study_id, enrollment_uid=world.person.enrollment_uid)) == newest_first
        assert listed(Filters(enrollment_uid=new_uid())) == []


def test_an_alert_is_given_only_to_who_may_work_it(light):
    owner, other, admin = light.staff("owner"), light.staff("other"), light.staff("admin", Role.ADMIN)
    light.caseload(owner)
    ref = light.open()
    with pytest.raises(Invalid) as refused:
        light.act(owner, ref, Reassign(admin.staff_id))
    assert refused.value.faults[0].pointer == "/owner"
    light.act(owner, ref, Reassign(other.staff_id))
    assert light.row(ref).owner_id == other.staff_id
    assert set(light.told(ref)) == set(inbox(owner, other))


def test_an_open_tier_four_alert_hides_tier_two_until_it_is_resolved(world):
    owner = world.staff("owner")
    world.caseload(owner)
    before = world.open(2, source="r1")
    world.tick(5)
    crisis = world.open(4, source="r2", minutes=6)
    during = world.open(2, source="r3", family="other", minutes=7)
    for ref in (before, during):
        row = world.row(ref)
        assert (row.state, row.parent_id) == (AlertState.SUPPRESSED, crisis.id)
    assert world.told(during) == []
    told = len(world.told(before))
    world.tick(30)
    assert world.row(before).state is AlertState.SUPPRESSED
    assert len(world.told(before)) == told
    world.act(owner, crisis, Resolve(Disposition.REACHED_SAFE), minutes=31)
    for ref in (before, during):
        assert world.row(ref).state is AlertState.OPEN
        assert world.names(ref)[-1] == "released"
    assert world.told(during) == inbox(owner)


def test_a_second_open_tier_four_alert_keeps_hiding(light):
    investigator = light.staff("investigator", Role.INVESTIGATOR)
    one, two = light.open(4, family="one"), light.open(4, family="two")
    hidden = light.open(2)
    light.act(investigator, one, Resolve(Disposition.REACHED_SAFE))
    assert light.row(hidden).state is AlertState.SUPPRESSED
    light.act(investigator, two, Resolve(Disposition.REACHED_SAFE))
    assert light.row(hidden).state is AlertState.OPEN


def test_tier_three_is_not_hidden_and_a_claimed_tier_two_stays_claimed(light):
    owner = light.staff("owner")
    light.caseload(owner)
    urgent, claimed = light.open(3), light.open(2)
    light.act(owner, claimed, Acknowledge())
    light.open(4, minutes=2)
    assert light.row(urgent).state is AlertState.OPEN
    assert light.row(claimed).state is AlertState.ACKNOWLEDGED
    assert light.open(3, family="other", minutes=3).created


def test_a_snooze_that_ends_behind_an_open_tier_four_alert_is_hidden_by_it(light):
    owner = light.staff("owner")
    light.caseload(owner)
    ref = light.open(2)
    light.tick(5)
    light.act(owner, ref, Snooze(at(60), "call_planned"), minutes=6)
    crisis = light.open(4, minutes=7)
    light.tick(60)
    assert (light.row(ref).state, light.row(ref).parent_id) == (AlertState.SUPPRESSED, crisis.id)


def test_a_suppressed_alert_whose_parent_closed_unseen_is_released_by_the_escalator(light):
    light.caseload(light.staff("owner"))
    crisis = light.open(4)
    hidden = light.open(2)
    closed = {"state": AlertState.RESOLVED, "disposition": Disposition.WRONG_ALERT, "next_at": None}
    with light.sessions.transaction() as session:
        session.execute(update(Alert).where(Alert.id == crisis.id).values(**closed))
    light.tick(15)
    assert light.row(hidden).state is AlertState.OPEN


def test_a_resolved_alert_reopens_unless_a_newer_one_is_open(world):
    investigator = world.staff("investigator", Role.INVESTIGATOR)
    ref = world.open(source="r1")
    world.act(investigator, ref, Resolve(Disposition.WRONG_ALERT))
    lower = world.open(2, minutes=2)
    world.act(investigator, ref, Reopen("not_wrong_after_all"), minutes=3)
    assert (world.row(ref).state, world.row(ref).disposition) == (AlertState.OPEN, None)
    assert world.row(lower).state is AlertState.SUPPRESSED
    world.act(investigator, ref, Resolve(Disposition.REACHED_SAFE), minutes=4)
    assert world.open(source="r2", minutes=5).created
    with pytest.raises(Conflict):
        world.act(investigator, ref, Reopen("again"), minutes=6)


def test_a_tier_two_rule_is_held_back_during_its_refractory_time_and_leaves_a_trace(world):
    investigator = world.staff("investigator", Role.INVESTIGATOR)
    ref = world.open(2, source="r1", refractory_hours=72)
    world.act(investigator, ref, Resolve(Disposition.ALREADY_KNOWN))
    held = world.open(2, source="r2", minutes=60, refractory_hours=72)
    assert held == replace(ref, created=False)
    assert (world.names(ref)[-1], world.row(ref).state) == ("held_back", AlertState.RESOLVED)
    assert world.open(2, source="r3", minutes=72 * 60, refractory_hours=72).created


def test_tiers_three_and_four_know_no_refractory_time(light):
    investigator = light.staff("investigator", Role.INVESTIGATOR)
    for tier in (3, 4):
        ref = light.open(tier, source="r1", refractory_hours=72)
        light.act(investigator, ref, Resolve(Disposition.ALREADY_KNOWN))
        assert light.open(tier, source="r2", minutes=2, refractory_hours=72).created


def test_the_auditor_finds_what_the_escalator_left_lying(world):
    ref = world.open()
    with world.sessions.reading() as session:
        assert audit_alerts(session, now=at(14), grace=timedelta(minutes=10)) == []
        assert audit_alerts(session, now=at(16), grace=timedelta(minutes=10)) == [ref.uid]
    world.tick(16)
    with world.sessions.reading() as session:
        assert audit_alerts(session, now=at(16), grace=timedelta(minutes=10)) == []


def test_a_ladder_that_cannot_be_read_does_not_stop_the_escalator(world):
    world.caseload(world.staff("owner"))
    broken, sound = world.open(family="broken"), world.open(family="sound")
    with world.sessions.transaction() as session:
        session.execute(update(Alert).where(Alert.id == broken.id).values(ladder={"rungs": "none"}))
    assert world.tick(5) == 2
    assert [len(world.told(ref)) for ref in (broken, sound)] == [2, 2]


def test_the_house_may_act_without_a_name(light):
    ref = light.open()
    light.act(SYSTEM, ref, Resolve(Disposition.ALREADY_KNOWN))
    assert (light.row(ref).resolved_by, light.events(ref)[-1].actor) == (None, "system")


def test_the_escalator_takes_the_most_overdue_first_and_no_more_than_its_limit(light):
    light.caseload(light.staff("owner"))
    refs = [light.open(family=f"family{number}", minutes=number) for number in range(3)]
    with light.sessions.transaction() as session:
        assert escalate_due(session, now=at(9), system_now=at(9), limit=2) == 2
    assert [len(light.told(ref)) for ref in refs] == [2, 2, 1]
