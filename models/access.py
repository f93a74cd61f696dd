"""Who asks, what each role may do, and the one predicate "which enrollments may this viewer see".

Every query that reads a person's rows takes a Viewer and adds `visible`; what is not visible does not exist for the viewer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true

from models.errors import Forbidden, Missing
from models.kinds import AlertState, Role
from models.tables import Alert, Caseload, Delivery, Enrollment


class Ability(StrEnum):
    """What a role may do; every staff route names one."""

    SEE_PEOPLE = "see_people"
    SEE_IDENTIFIERS = "see_identifiers"
    SEE_ANSWERS = "see_answers"
    SEE_ALERTS = "see_alerts"
    WORK_ALERTS = "work_alerts"
    SEE_ESTIMATES = "see_estimates"
    ENROLL = "enroll"
    RECORD_EVENTS = "record_events"
    MANAGE_STUDY = "manage_study"
    MANAGE_STAFF = "manage_staff"
    EXPORT = "export"
    READ_AUDIT = "read_audit"
    OPERATE = "operate"


GRANTS: Mapping[Role, frozenset[Ability]] = {
    Role.PARTICIPANT: frozenset(),
    Role.COORDINATOR: frozenset(
        {
            Ability.SEE_PEOPLE,
            Ability.SEE_IDENTIFIERS,
            Ability.SEE_ANSWERS,
            Ability.SEE_ALERTS,
            Ability.WORK_ALERTS,
            Ability.SEE_ESTIMATES,
            Ability.ENROLL,
            Ability.RECORD_EVENTS,
        }
    ),
    Role.CLINICIAN: frozenset(
        {
            Ability.SEE_PEOPLE,
            Ability.SEE_IDENTIFIERS,
            Ability.SEE_ANSWERS,
            Ability.SEE_ALERTS,
            Ability.WORK_ALERTS,
            Ability.SEE_ESTIMATES,
            Ability.RECORD_EVENTS,
        }
    ),
    Role.INVESTIGATOR: frozenset(
        {
            Ability.SEE_PEOPLE,
            Ability.SEE_ANSWERS,
            Ability.SEE_ALERTS,
            Ability.WORK_ALERTS,
            Ability.SEE_ESTIMATES,
            Ability.MANAGE_STUDY,
            Ability.EXPORT,
        }
    ),
    Role.DATA_MANAGER: frozenset({Ability.SEE_PEOPLE, Ability.SEE_ANSWERS, Ability.EXPORT}),
    Role.ADMIN: frozenset({Ability.SEE_PEOPLE, Ability.ENROLL, Ability.MANAGE_STUDY, Ability.MANAGE_STAFF}),
    Role.OPERATOR: frozenset({Ability.OPERATE}),
    Role.AUDITOR: frozenset({Ability.READ_AUDIT}),
}

NEEDS_ATTESTATION = frozenset({Ability.SEE_ALERTS, Ability.WORK_ALERTS, Ability.SEE_ESTIMATES})
"""Only for who attests to having no authority over dose, housing, custody or employment (safety.md rule 3)."""

CASELOAD_ROLES = frozenset({Role.COORDINATOR, Role.CLINICIAN})
"""See their own caseload, whoever has no owner now, and whoever an alert rang for; the other roles see the whole study."""

TOLD_FOR = timedelta(days=1)
"""How long after its end an alert still opens its person to who was told."""


@dataclass(frozen=True, slots=True)
class Grant:
    study_id: int
    role: Role
    site_id: int | None
    attested: bool


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. `grants` are those that hold at the moment of asking."""

    kind: Literal["participant", "staff", "system"]
    uid: UUID | None = None
    staff_id: int | None = None
    enrollment_id: int | None = None
    study_id: int | None = None
    device_id: int | None = None
    grants: tuple[Grant, ...] = ()
    must_change: bool = False

    @property
    def actor(self) -> str:
        """As written in audit rows."""
        if self.kind == "system":
            return "system"
        return f"{'device' if self.kind == 'participant' else 'staff'}:{self.uid}"

    def granting(self, ability: Ability) -> tuple[Grant, ...]:
        """The grants that allow `ability`."""
        return tuple(
            grant for grant in self.grants if ability in GRANTS[grant.role] and (grant.attested or ability not in NEEDS_ATTESTATION)
        )

    def studies(self, ability: Ability) -> frozenset[int]:
        return frozenset(grant.study_id for grant in self.granting(ability))


SYSTEM = Viewer(kind="system")
"""Duties and the command line: nobody asks, the house does its work."""


def visible(viewer: Viewer, ability: Ability, *, now: datetime) -> ColumnElement[bool]:
    """The predicate over `enrollment`: a participant sees the own one, staff what a grant with `ability` reaches.

    Relies on ix_caseload_enrollment.
    """
    if viewer.kind == "system":
        return true()
    if viewer.kind == "participant":
        return _ENROLLMENT.id == viewer.enrollment_id
    parts = [_reach(grant, viewer, now) for grant in viewer.granting(ability)]
    return or_(*parts) if parts else false()


_ENROLLMENT, _CASELOAD = Enrollment.__table__.c, Caseload.__table__.c
_ALERT, _DELIVERY = Alert.__table__.alias(), Delivery.__table__.alias()
"""Columns of the bare tables: this is built at every request of staff, and an operator of a mapped column costs ten times as much."""
_THEIRS = select(_CASELOAD.id)
_RANG = select(_ALERT.c.enrollment_id).join(_DELIVERY, _DELIVERY.c.subject == _ALERT.c.uid)


def _reach(grant: Grant, viewer: Viewer, now: datetime) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [_ENROLLMENT.study_id == grant.study_id]
    if grant.site_id is not None:
        parts.append(_ENROLLMENT.site_id == grant.site_id)
    if grant.role in CASELOAD_ROLES:
        current = and_(
            _CASELOAD.enrollment_id == _ENROLLMENT.id,
            _CASELOAD.valid_from <= now,
            or_(_CASELOAD.valid_until.is_(None), _CASELOAD.valid_until > now),
        )
        mine = exists(_THEIRS.where(current, _CASELOAD.staff_id == viewer.staff_id))
        owned = exists(_THEIRS.where(current, _CASELOAD.is_cover.is_(False)))
        parts.append(or_(mine, ~owned, _ENROLLMENT.id.in_(_told(viewer, now))))
    return and_(*parts)


def _told(viewer: Viewer, now: datetime) -> Select[Any]:
    """Whom the ladder has told the viewer about: who is on duty must be able to open what rang, whoever's caseload it is.

    Holds while the alert is open and a day longer, so that the work can be finished (ix_delivery_recipient).
    """
    return _RANG.where(
        _DELIVERY.c.recipient == f"staff:{viewer.uid}",
        _DELIVERY.c.channel == "inbox",
        or_(_ALERT.c.state != AlertState.RESOLVED, _ALERT.c.resolved_at > now - TOLD_FOR),
    )


def require_study(viewer: Viewer, ability: Ability, study_id: int) -> None:
    """Raises Missing where the viewer has no grant in the study at all, Forbidden where the grants do not allow `ability`."""
    if viewer.kind == "system":
        return
    if not any(grant.study_id == study_id for grant in viewer.grants):
        raise Missing("not_found", "There is no such study.")
    if study_id not in viewer.studies(ability):
        raise Forbidden("forbidden", "Your role in this study does not allow this.")


def require_whole_study(viewer: Viewer, ability: Ability, study_id: int) -> None:
    """As `require_study`, and refuses grants that reach one site only: protocols, grants and the audit belong to the whole study."""
    require_study(viewer, ability, study_id)
    if viewer.kind == "system":
        return
    if not any(grant.study_id == study_id and grant.site_id is None for grant in viewer.granting(ability)):
        raise Forbidden("whole_study_needed", "Your role reaches one site; this needs a role in the whole study.")
