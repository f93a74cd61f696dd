"""Alerts: the coordinator's work, with its reason, its freshness, what the person already received and its deadline."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import Field
from sqlalchemy import Row

from api.actions.handle_alert import note_place
from api.actions.record_act import act_of, record, record_reading
from api.auth.staff import StaffViewer
from api.care.banner import Banner, banner
from api.care.estimates import ExplainedEstimate, explained
from api.care.scores import ScoreOut, score_behind, score_out
from api.deps import House, TheHouse
from api.pages import cursor_of, etag, read_cursor
from api.problems import responses
from api.router import Router
from api.shapes import Cursor, Moment, Shape
from models.access import Ability, Viewer
from models.definition.protocol import Protocol
from models.errors import Forbidden
from models.kinds import AlertState, Disposition, RungTarget
from models.queries import alert as rows
from models.queries import enrollment as people
from models.queries.caseload import newest_estimates
from models.queries.decision import decisions_of
from models.queries.study import study_by_uid
from models.sealed import person_key, unseal
from models.session import ReadSession
from models.tables import DecisionRow
from risk.alert_rows import view_of
from risk.alerts import rung_of, snooze_limit_minutes

router = Router(prefix="/v1/care/alerts", tags=["care"])

RECEIVED_HOURS = 24

Tier = Annotated[int, Field(ge=2, le=4)]


class LadderPosition(Shape):
    rung: int
    """From 1."""
    rungs: int
    to: RungTarget
    since: Moment
    deadline: Moment | None
    """When the next rung is told; null on the last rung, which repeats until a human acts, and where the alert is claimed."""


class AlertRow(Shape):
    id: UUID
    study_id: UUID
    enrollment_id: UUID
    tier: int
    reason: str
    """In the study's own words, for staff."""
    state: AlertState
    version: int
    """For If-Match."""
    opened_at: Moment
    last_occurred_at: Moment
    occurrences: int
    next_at: Moment | None
    """When this alert moves by itself. Null only where it is resolved."""
    owner_id: UUID | None
    owner_name: str | None
    acknowledged_at: Moment | None
    snoozed_until: Moment | None
    resolved_at: Moment | None
    disposition: Disposition | None


class AlertPage(Shape):
    banner: Banner
    items: list[AlertRow]
    next: str | None


class ReceivedOut(Shape):
    """Content that the person was shown."""

    at: Moment
    content_code: str
    title: str | None
    outcome_status: str


class AlertEventOut(Shape):
    sequence: int
    at: Moment
    name: str
    from_state: str | None
    to_state: str
    rung: int
    actor: str
    reason: str | None
    has_note: bool
    note: str | None
    """Null for roles that see no identifiers."""


class AlertOut(Shape):
    banner: Banner
    alert: AlertRow
    rule: str
    """Id of the disclosure or alert rule, and below its hash in the protocol revision that held."""
    rule_hash: str
    protocol_revision: int
    ladder: LadderPosition
    snooze_limit_minutes: int
    """0: cannot be snoozed."""
    estimate: ExplainedEstimate | None
    score: ScoreOut | None
    """What a population model said, where it raised the alert; null otherwise, and where the viewer may not see estimates."""
    received: list[ReceivedOut]
    """What was shown to the person in the 24 hours before it last occurred, and since."""
    contact_preference: str | None
    safe_to_voicemail: bool | None
    consent_contact: bool
    """False: reach out only where the protocol's tier 4 says so."""
    parent_id: UUID | None
    events: list[AlertEventOut]


@router.get("", response_model=AlertPage, responses=responses(401, 403, 404, 422))
def list_alerts(
    viewer: StaffViewer,
    house: TheHouse,
    request: Request,
    study: UUID | None = None,
    enrollment: UUID | None = None,
    state: Annotated[list[AlertState] | None, Query(max_length=7)] = None,
    tier: Annotated[list[Tier] | None, Query(max_length=3)] = None,
    since: Moment | None = None,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> AlertPage:
    """Alerts the viewer may see, the newest first; suppressed and resolved ones too unless `state` leaves them out."""
    if not viewer.studies(Ability.SEE_ALERTS):
        raise Forbidden("forbidden", "Your role, or a missing attestation, does not allow this.")
    now, above = house.clock.study(), banner(house)
    with house.sessions.reading() as session:
        filters = rows.Filters(
            study_id=None if study is None else study_by_uid(session, viewer, study).id,
            enrollment_uid=enrollment,
            states=frozenset(state or ()),
            tiers=frozenset(tier or ()),
            since=since,
        )
        found = rows.alerts(session, viewer, filters, now=now, after=_after(session, viewer, cursor, now), limit=limit + 1)
        shown = found[:limit]
        items = [_row(house, session, one) for one in shown]
    _note_list(house, request, viewer, items)
    return AlertPage(banner=above, items=items, next=cursor_of(shown[-1].uid) if len(found) > limit else None)


def _after(session: ReadSession, viewer: Viewer, cursor: str | None, now: datetime) -> rows.Cursor | None:
    if cursor is None:
        return None
    (uid,) = read_cursor(cursor, UUID)
    row, _ = rows.alert(session, viewer, uid, now=now)
    return rows.Cursor(row.opened_at, row.id)


def _note_list(house: House, request: Request, viewer: Viewer, items: list[AlertRow]) -> None:
    counts: dict[UUID, int] = {}
    for one in items:
        counts[one.study_id] = counts.get(one.study_id, 0) + 1
    record_reading(
        house,
        {
            study: act_of(house, request, viewer, "alerts_read", "study", study, purpose="care", rows=count)
            for study, count in counts.items()
        },
    )


@router.get("/{alert_id}", response_model=AlertOut, responses=responses(401, 403, 404))
def read_alert(alert_id: UUID, viewer: StaffViewer, house: TheHouse, request: Request, response: Response) -> AlertOut:
    """One alert with everything that is needed to act on it."""
    shown = alert_out(house, viewer, alert_id)
    act = act_of(house, request, viewer, "alert_read", "alert", alert_id, person=shown.alert.enrollment_id, purpose="care")
    record(house, shown.alert.study_id, act)
    response.headers["ETag"] = etag(shown.alert.version)
    return shown


def alert_out(house: House, viewer: Viewer, alert_id: UUID) -> AlertOut:
    """The whole alert as the viewer may see it."""
    now, above = house.clock.study(), banner(house)
    with house.sessions.reading() as session:
        row, events = rows.alert(session, viewer, alert_id, now=now)
        person = people.person(session, viewer, Ability.SEE_ALERTS, row.enrollment_uid, now=now)
        protocol = house.protocols.get(session, row.protocol_version_id)
        may = people.reached(session, viewer, (Ability.SEE_IDENTIFIERS, Ability.SEE_ESTIMATES), person.id, now=now)
        estimates = Ability.SEE_ESTIMATES in may
        view = view_of(row)
        return AlertOut(
            banner=above,
            alert=_row(house, session, row),
            rule=row.family,
            rule_hash=row.rule_hash,
            protocol_revision=people.revision_of(session, row.protocol_version_id),
            ladder=_ladder(view),
            snooze_limit_minutes=snooze_limit_minutes(view),
            estimate=explained(newest_estimates(session, [person.id]).get(person.id), now=now) if estimates else None,
            score=score_out(score_behind(session, row)) if estimates else None,
            received=_received(session, viewer, row, protocol, now),
            contact_preference=person.contact_preference,
            safe_to_voicemail=person.safe_to_voicemail,
            consent_contact=person.consent_contact,
            parent_id=row.parent_uid,
            events=[_event(house, person, alert_id, one, Ability.SEE_IDENTIFIERS in may) for one in events],
        )


def _row(house: House, session: ReadSession, row: Row[Any]) -> AlertRow:
    protocol = house.protocols.get(session, row.protocol_version_id)
    return AlertRow(
        id=row.uid,
        study_id=row.study_uid,
        enrollment_id=row.enrollment_uid,
        tier=row.tier,
        reason=_reason(protocol, row.family),
        state=row.state,
        version=row.version,
        opened_at=row.opened_at,
        last_occurred_at=row.last_occurred_at,
        occurrences=row.occurrences,
        next_at=row.next_at,
        owner_id=row.owner_uid,
        owner_name=row.owner_name,
        acknowledged_at=row.acknowledged_at,
        snoozed_until=row.snoozed_until,
        resolved_at=row.resolved_at,
        disposition=row.disposition,
    )


def _reason(protocol: Protocol, family: str) -> str:
    """The study's own sentence; the rule's id where the protocol has none such (an alert that the house itself opened)."""
    said = {one.id: one.reason for one in protocol.disclosures} | {one.id: one.reason for one in protocol.alert_rules}
    return said[family][protocol.language] if family in said else family.replace("_", " ")


def _ladder(view: Any) -> LadderPosition:
    rung, last = rung_of(view), view.rung == len(view.ladder.rungs) - 1
    deadline = None if last or view.state is not AlertState.OPEN else view.rung_since + timedelta(minutes=rung.acknowledge_minutes)
    return LadderPosition(rung=view.rung + 1, rungs=len(view.ladder.rungs), to=rung.to, since=view.rung_since, deadline=deadline)


def _received(session: ReadSession, viewer: Viewer, row: Row[Any], protocol: Protocol, now: datetime) -> list[ReceivedOut]:
    since = row.last_occurred_at - timedelta(hours=RECEIVED_HOURS)
    statement = decisions_of(viewer, Ability.SEE_ALERTS, row.enrollment_uid, now=now)
    found = session.rows(statement.where(DecisionRow.content_code.is_not(None), DecisionRow.decided_at >= since).limit(20))
    return [
        ReceivedOut(
            at=one.decided_at,
            content_code=one.content_code,
            title=None if (item := protocol.content_item(one.content_code)) is None else item.title[protocol.language],
            outcome_status=one.outcome_status,
        )
        for one in found
    ]


def _event(house: House, person: Row[Any], alert_id: UUID, row: Row[Any], identifies: bool) -> AlertEventOut:
    readable = identifies and row.note_sealed is not None and person.data_key is not None
    return AlertEventOut(
        sequence=row.sequence,
        at=row.at,
        name=row.name,
        from_state=row.from_state,
        to_state=row.to_state,
        rung=row.rung + 1,
        actor=row.actor,
        reason=row.reason,
        has_note=row.note_sealed is not None,
        note=_note(house, person, alert_id, row) if readable else None,
    )


def _note(house: House, person: Row[Any], alert_id: UUID, row: Row[Any]) -> str:
    key = person_key(house.keys, person.data_key, person.person_key_id, str(person.participant_uid))
    return unseal(key, row.note_sealed, note_place(alert_id)).decode()
