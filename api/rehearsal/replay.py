"""An existing EMA dataset sent through the API on a movable study clock.

Every answer goes over HTTP as a phone would send it, at its own time. Nothing is invented: an item that was not asked stays
`not_shown`, one that was not answered `skipped`. The same file again stores nothing new, since ids are derived from it.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import func, select

from api.actions.enroll import Newcomer, add_person, fresh_code, store_code
from api.deps import House
from api.rehearsal.mapping import Entry, Left, Mapped
from api.rehearsal.phone import Phone, Refused
from api.rehearsal.server import served
from models.access import SYSTEM
from models.clock import MovableClock
from models.definition.check import check
from models.definition.load import canonical, checksum, parse
from models.errors import Conflict, Invalid
from models.ids import derived_uid
from models.queries import study as study_queries
from models.tables import DecisionRow, Enrollment, Response, RiskEstimateRow

EARLIER = timedelta(days=2)
"""How long before its first answer the replayed study begins."""


@dataclass(slots=True)
class Report:
    """What a replay did, in counts; line numbers stand for what was not sent."""

    dataset: str
    file: str
    read: int = 0
    people: int = 0
    stored_now: int = 0
    stored_before: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)
    without_time: int = 0
    stored_in_all: int = 0
    decision_points: int = 0
    estimates: int = 0

    def document(self) -> dict[str, Any]:
        return asdict(self)


def replay(
    house: House,
    app: FastAPI,
    mapped: Mapped,
    protocol_file: Path,
    file: Path,
    entries: list[Entry],
    left: Left,
    tell: Callable[[int], None],
) -> Report:
    """Sends entries in order of time. `tell` is called with the number sent so far. Raises Conflict outside a rehearsal."""
    if not house.rehearsal or not isinstance(house.clock, MovableClock):
        raise Conflict("not_a_rehearsal", "A replay moves study time, and this database is not marked as a rehearsal.")
    report = Report(dataset=mapped.title, file=file.name, read=len(entries) + len(left.refused), without_time=left.without_time)
    report.refused = [{"reason": reason, "lines": list(lines)} for reason, lines in left.refused]
    if not entries:
        return report
    study, revision = _study(house, mapped, protocol_file, entries[0].at.date())
    with served(app) as url, httpx.Client(base_url=url, timeout=30) as client:
        phones: dict[str, Phone] = {}
        for number, entry in enumerate(entries, start=1):
            _send(house, mapped, study, revision, entry, phones, client, report)
            tell(number)
    report.people = len(phones)
    _count(house, study.id, report)
    return report


def _send(
    house: House, mapped: Mapped, study: Any, revision: int, entry: Entry, phones: dict[str, Phone], client: httpx.Client, report: Report
) -> None:
    assert isinstance(house.clock, MovableClock)
    if entry.at > house.clock.study():
        _move(house, house.clock, entry.at)
    try:
        if entry.person not in phones:
            phone = Phone(client, entry.zone)
            phone.enroll(_code(house, mapped, study, entry))
            phones[entry.person] = phone
        response_id = derived_uid("replay", mapped.study.slug, entry.person, entry.at.isoformat())
        new, _ = phones[entry.person].respond(
            response_id, revision=revision, instrument=mapped.instrument, answers=dict(entry.answers), at=entry.at
        )
    except Refused as refusal:
        report.refused.append({"reason": str(refusal), "lines": list(entry.rows)})
        return
    report.stored_now += new
    report.stored_before += not new


def _move(house: House, clock: MovableClock, instant: Any) -> None:
    clock.move(instant)
    with house.sessions.transaction() as session:
        study_queries.move_study_time(session, instant)


def _study(house: House, mapped: Mapped, protocol_file: Path, first_day: date) -> tuple[Any, int]:
    """The study and the revision of its protocol, made on the first replay."""
    protocol = parse(protocol_file.read_bytes())
    if faults := check(protocol):
        raise Invalid("protocol_faulty", f"{protocol_file.name} has {len(faults)} faults.", faults)
    now = house.clock.study()
    with house.sessions.transaction() as session:
        study = study_queries.study_by_slug(session, mapped.study.slug)
        if study is None:
            study_queries.add_study(
                session, slug=mapped.study.slug, title=mapped.study.title, zone=mapped.study.zone, synthetic=False, now=now
            )
            study = study_queries.study_by_slug(session, mapped.study.slug)
        assert study is not None
        known = study_queries.protocol_by_checksum(session, study.id, checksum(protocol))
        if known is not None:
            return study, known.revision
        _, _, revision = study_queries.add_protocol_version(
            session,
            study_id=study.id,
            name=protocol.name,
            version=protocol.version,
            checksum=checksum(protocol),
            document=canonical(protocol),
            effective_from=first_day - EARLIER,
            published_by=None,
            note="replay",
            now=now,
        )
    return study, revision


def _code(house: House, mapped: Mapped, study: Any, entry: Entry) -> str:
    """A code for the person's enrollment, which the first answer makes; a second replay gets a new code for the same one."""
    enrollment_uid = derived_uid("replay", mapped.study.slug, entry.person)
    made = fresh_code(house.sessions, house.settings)
    with house.sessions.transaction() as session:
        person: Any = session.row(select(Enrollment.id, Enrollment.uid, Enrollment.study_id).where(Enrollment.uid == enrollment_uid))
        if person is None:
            newcomer = Newcomer(zone=entry.zone, enrollment_uid=enrollment_uid)
            person = add_person(session, house.keys, study, newcomer, site_id=None, now=house.clock.study())
        return store_code(session, house.settings, person, made, issued_by=SYSTEM.staff_id, system_now=house.clock.system()).code


def _count(house: House, study_id: int, report: Report) -> None:
    with house.sessions.reading() as session:
        report.stored_in_all = session.value(select(func.count()).select_from(Response).where(Response.study_id == study_id))
        report.decision_points = session.value(select(func.count()).select_from(DecisionRow).where(DecisionRow.study_id == study_id))
        report.estimates = session.value(select(func.count()).select_from(RiskEstimateRow).where(RiskEstimateRow.study_id == study_id))
