"""The one predicate "which enrollments may this viewer see", on both databases."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import select

from models.access import GRANTS, NEEDS_ATTESTATION, SYSTEM, Ability, Grant, Viewer, require_study, require_whole_study, visible
from models.errors import Forbidden, Missing
from models.ids import new_uid
from models.kinds import AlertState, DeliveryState, Disposition, Role
from models.session import Sessions
from models.tables import Alert, Caseload, Delivery, Enrollment, Site
from tests.build import NOW, Built, Person, build_person, build_staff, build_study
from tests.conftest import fixed_keys

HOUR = timedelta(hours=1)
STAFF_ROLES = [role for role in Role if role is not Role.PARTICIPANT]


@dataclass
class World:
    """Two studies; in the first two sites and three people: a and b at the east site, c at the west one. d is in the other study."""

    sessions: Sessions
    one: Built
    other: Built
    east: int
    west: int
    people: dict[str, Person]
    coordinator: Viewer
    colleague: Viewer

    def seen(self, viewer: Viewer, ability: Ability = Ability.SEE_PEOPLE, now=NOW) -> str:
        with self.sessions.reading() as session:
            rows = session.rows(select(Enrollment.id).where(visible(viewer, ability, now=now)))
        ids = {row.id for row in rows}
        return "".join(name for name, person in sorted(self.people.items()) if person.enrollment_id in ids)

    def viewer(self, *grants: tuple[Role, int | None], attested: bool = True) -> Viewer:
        """Someone who has no caseload, with roles in the first study."""
        given = tuple(Grant(self.one.study_id, role, site, attested) for role, site in grants)
        return Viewer(kind="staff", uid=new_uid(), staff_id=10**6, grants=given)


def caseload(sessions, person, viewer, *, cover=False, since=NOW - HOUR, until=None):
    with sessions.transaction() as session:
        session.add(
            Caseload,
            study_id=person.study_id,
            enrollment_id=person.enrollment_id,
            staff_id=viewer.staff_id,
            is_cover=cover,
            valid_from=since,
            valid_until=until,
        )


@pytest.fixture(scope="module")
def world(shared_sessions: Sessions) -> World:
    keys = fixed_keys()
    one, other = build_study(shared_sessions, slug="one"), build_study(shared_sessions, slug="other")
    with shared_sessions.transaction() as session:
        sites = [session.add(Site, uid=new_uid(), study_id=one.study_id, code=code, title=code, zone="UTC") for code in ("east", "west")]
    people = {
        "a": build_person(shared_sessions, keys, one, site_id=sites[0]),
        "b": build_person(shared_sessions, keys, one, site_id=sites[0]),
        "c": build_person(shared_sessions, keys, one, site_id=sites[1]),
        "d": build_person(shared_sessions, keys, other),
    }
    mine = build_staff(shared_sessions, one, Role.COORDINATOR, login="mine")
    colleague = build_staff(shared_sessions, one, Role.COORDINATOR, login="colleague")
    caseload(shared_sessions, people["a"], mine)
    caseload(shared_sessions, people["b"], colleague)
    return World(shared_sessions, one, other, sites[0], sites[1], people, mine, colleague)


def test_a_participant_sees_the_own_enrollment_whatever_is_asked(world):
    for ability in Ability:
        assert world.seen(world.people["b"].viewer(), ability) == "b"


def test_the_house_sees_everyone(world):
    assert world.seen(SYSTEM) == "abcd"


@pytest.mark.parametrize("role", [role for role in STAFF_ROLES if role not in {Role.COORDINATOR, Role.CLINICIAN}])
def test_a_role_sees_the_whole_study_for_what_it_may_do_and_nobody_for_the_rest(world, role):
    viewer = world.viewer((role, None))
    for ability in Ability:
        assert world.seen(viewer, ability) == ("abc" if ability in GRANTS[role] else "")


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.CLINICIAN])
def test_who_has_a_caseload_sees_it_and_whoever_has_no_owner(world, role):
    grants = (Grant(world.one.study_id, role, None, True),)
    assert world.seen(replace(world.coordinator, grants=grants)) == "ac"
    assert world.seen(replace(world.colleague, grants=grants)) == "bc"
    assert world.seen(world.viewer((role, None))) == "c"


def test_a_grant_for_a_site_ends_at_its_door(world):
    assert world.seen(world.viewer((Role.INVESTIGATOR, world.east))) == "ab"
    assert world.seen(world.viewer((Role.INVESTIGATOR, world.west))) == "c"
    assert world.seen(world.viewer((Role.COORDINATOR, world.east))) == ""


def test_two_grants_reach_what_either_reaches(world):
    assert world.seen(world.viewer((Role.INVESTIGATOR, world.west), (Role.COORDINATOR, None))) == "c"
    assert world.seen(world.viewer((Role.INVESTIGATOR, world.west), (Role.DATA_MANAGER, world.east))) == "abc"
    assert world.seen(world.viewer((Role.INVESTIGATOR, world.west), (Role.AUDITOR, None))) == "c"


def test_nobody_without_a_grant_sees_anyone(world):
    assert world.seen(Viewer(kind="staff", uid=new_uid(), staff_id=10**6)) == ""


@pytest.mark.parametrize(("role", "ability"), list(product(STAFF_ROLES, sorted(NEEDS_ATTESTATION))))
def test_alerts_and_estimates_need_the_attestation(world, role, ability):
    """No recipient with power over the person (safety.md rule 3)."""
    assert world.seen(world.viewer((role, None), attested=False), ability) == ""


def test_without_the_attestation_the_rest_of_the_work_goes_on(world):
    assert world.seen(world.viewer((Role.INVESTIGATOR, None), attested=False), Ability.SEE_ANSWERS) == "abc"


def test_a_cover_sees_the_person_while_it_lasts_and_the_owner_keeps_seeing(world):
    cover = build_staff(world.sessions, world.one, Role.COORDINATOR, login="cover")
    caseload(world.sessions, world.people["a"], cover, cover=True, since=NOW - HOUR, until=NOW + HOUR)
    assert world.seen(cover) == "ac"
    assert world.seen(cover, now=NOW + HOUR) == "c", "the end is excluded"
    assert world.seen(cover, now=NOW - 2 * HOUR) == "abc", "before any caseload began nobody was owned"
    assert world.seen(world.coordinator) == "ac"


def test_a_person_whose_owner_left_is_everyones_until_another_comes(world):
    person = build_person(world.sessions, fixed_keys(), world.one)
    past = build_staff(world.sessions, world.one, Role.COORDINATOR, login="past")
    caseload(world.sessions, person, past, since=NOW - 9 * HOUR, until=NOW)
    world.people["e"] = person
    try:
        assert "e" in world.seen(world.viewer((Role.COORDINATOR, None)))
        assert "e" not in world.seen(world.viewer((Role.COORDINATOR, None)), now=NOW - HOUR)
    finally:
        del world.people["e"]


def test_who_was_told_of_an_alert_sees_its_person_until_a_day_after_it_ends(world):
    told = build_staff(world.sessions, world.one, Role.COORDINATOR, login="told")
    alert_uid = new_uid()
    assert world.seen(told) == "c"
    with world.sessions.transaction() as session:
        alert_id = session.add(Alert, **_alert(world.people["b"], alert_uid, world.one))
        session.add(Delivery, **_delivery(world.people["b"], alert_uid, f"staff:{told.uid}"))
    assert world.seen(told) == "bc"
    assert world.seen(world.viewer((Role.COORDINATOR, None))) == "c", "only who was told"
    with world.sessions.transaction() as session:
        ended = {"state": AlertState.RESOLVED, "next_at": None, "resolved_at": NOW, "disposition": Disposition.REACHED_SAFE}
        session.execute(Alert.__table__.update().where(Alert.id == alert_id).values(**ended))
    assert world.seen(told, now=NOW + timedelta(hours=23)) == "bc"
    assert world.seen(told, now=NOW + timedelta(hours=24)) == "c"


def test_a_study_without_a_grant_does_not_exist_for_the_viewer(world):
    viewer = world.viewer((Role.INVESTIGATOR, None))
    with pytest.raises(Missing):
        require_study(viewer, Ability.EXPORT, world.other.study_id)
    with pytest.raises(Forbidden):
        require_study(viewer, Ability.MANAGE_STAFF, world.one.study_id)
    require_study(viewer, Ability.EXPORT, world.one.study_id)
    require_study(SYSTEM, Ability.EXPORT, world.other.study_id)


def test_what_belongs_to_the_whole_study_is_refused_to_a_grant_for_one_site(world):
    with pytest.raises(Forbidden, match="whole_study_needed"):
        require_whole_study(world.viewer((Role.INVESTIGATOR, world.east)), Ability.EXPORT, world.one.study_id)
    require_whole_study(world.viewer((Role.INVESTIGATOR, world.east), (Role.INVESTIGATOR, None)), Ability.EXPORT, world.one.study_id)


def test_nobody_who_sees_answers_runs_the_machine_and_the_auditor_sees_no_one():
    assert GRANTS[Role.PARTICIPANT] == frozenset()
    assert GRANTS[Role.OPERATOR] == {Ability.OPERATE}
    assert GRANTS[Role.AUDITOR] == {Ability.READ_AUDIT}
    assert not {role for role in Role if {Ability.SEE_IDENTIFIERS, Ability.EXPORT} <= GRANTS[role]}
    assert GRANTS.keys() == set(Role)


def test_an_actor_is_written_without_a_name(world):
    assert world.coordinator.actor == f"staff:{world.coordinator.uid}"
    assert world.people["a"].viewer().actor == f"device:{world.people['a'].device_uid}"
    assert SYSTEM.actor == "system"


def _alert(person, alert_uid, study):
    return {
        "uid": alert_uid,
        "study_id": person.study_id,
        "enrollment_id": person.enrollment_id,
        "tier": 3,
        "family": "f",
        "dedup_key": "k",
        "state": AlertState.OPEN,
        "ladder": {},
        "rung": 0,
        "rung_since": NOW,
        "next_at": NOW,
        "occurrences": 1,
        "last_occurred_at": NOW,
        "source_id": "s",
        "protocol_version_id": study.version_id,
        "rule_hash": "-",
        "opened_at": NOW,
        "version": 1,
        "synthetic": False,
    }


def _delivery(person, alert_uid, recipient):
    return {
        "uid": new_uid(),
        "study_id": person.study_id,
        "enrollment_id": person.enrollment_id,
        "kind": "alert",
        "subject": alert_uid,
        "channel": "inbox",
        "recipient": recipient,
        "payload": {},
        "dedup_key": f"{alert_uid}",
        "state": DeliveryState.DELIVERED,
        "expires_at": NOW,
        "created_at": NOW,
        "urgent": True,
        "synthetic": False,
    }
