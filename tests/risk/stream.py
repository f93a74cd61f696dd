"""One person's answers through the writer's own `apply`, batch by batch, with everything that it leaves in the database."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from api.actions.submission import Submission, read_submission
from api.actions.submit_response import Submitted, apply_submissions
from api.app import build_house
from api.deps import House
from api.settings import ApiSettings
from models.ids import derived_uid, new_uid
from models.queries import response as response_queries
from models.sealed import Keys, place, wrap
from models.session import Sessions
from models.tables import AccessToken, Alert, DecisionRow, Enrollment, Response, RiskEstimateRow, RiskSnapshot, RiskStateRow, TokenFamily
from risk.decision_point import Whereabouts
from risk.estimate.state import encode
from risk.owed import settle
from risk.refold import Folded, fold, past_of
from scheduler.moment import whereabouts
from tests.build import NOW, Built, Person, build_person, build_study

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass
class Hands:
    """A clock that a test sets."""

    at: datetime = NOW

    def study(self) -> datetime:
        return self.at

    def system(self) -> datetime:
        return NOW


@dataclass
class Stream:
    """A person, a phone's token and a house."""

    house: House
    study: Built
    person: Person
    clock: Hands
    token: bytes
    sent: list[UUID] = field(default_factory=list)

    @property
    def sessions(self) -> Sessions:
        return self.house.sessions

    def answer(self, at: datetime, instrument: str = "craving", *, id: UUID | None = None, **answers: Any) -> Submission:
        """A submission by the person's phone; members of the envelope start with an underscore. Not sent yet."""
        envelope = {name[1:]: answers.pop(name) for name in list(answers) if name.startswith("_")}
        client_id = id or derived_uid("stream", str(len(self.sent)))
        self.sent.append(client_id)
        body = {
            "protocol_revision": 1,
            "instrument": instrument,
            "answered_at": at.isoformat(),
            "sent_at": self.clock.at.isoformat(),
            "zone": "America/New_York",
            "answers": {item: {"value": value} for item, value in answers.items()},
            **envelope,
        }
        return read_submission(self.person.viewer(), self.token, client_id, json.dumps(body).encode())

    def store(self, *submissions: Submission, now: datetime | None = None) -> list[Any]:
        """One batch, one transaction. `now` is where study time stands when it arrives."""
        if now is not None:
            self.clock.at = now
        with self.sessions.transaction() as session:
            return list(apply_submissions(session, submissions, self.house))

    def say(self, at: datetime, instrument: str = "craving", *, now: datetime | None = None, **answers: Any) -> Submitted:
        """One answer in a batch of its own, a minute after it was given unless told otherwise."""
        self.clock.at = now or at + MINUTE
        (result,) = self.store(self.answer(at, instrument, **answers))
        assert isinstance(result, Submitted), result
        return result

    def settle(self, now: datetime | None = None) -> int:
        """The duty that takes up what is pending or stale."""
        return settle(self.sessions, self.house.mind, _locate, now=now or self.clock.at, system_now=NOW)

    def refolded(self) -> Folded:
        """The whole history through the step from nothing, read from the rows; stores nothing."""
        with self.sessions.reading() as session:
            return fold(past_of(session, self.house.mind, self.person.enrollment_id), self.house.mind, Folded(None, 0, None))

    def rows(self, table: Any, **where: Any) -> list[Row[Any]]:
        wanted = select(table).where(table.enrollment_id == self.person.enrollment_id).filter_by(**where).order_by(table.id)
        with self.sessions.reading() as session:
            return list(session.rows(wanted))

    def state(self) -> Row[Any]:
        (row,) = self.rows(RiskStateRow)
        return row

    def newest(self) -> dict[str, Row[Any]]:
        """The newest estimate of each source."""
        return {row.source_id: row for row in sorted(self.rows(RiskEstimateRow), key=lambda one: one.revision)}

    def decisions(self) -> dict[str, Mapping[str, Any]]:
        return {row.source_id: dict(row._mapping) for row in self.rows(DecisionRow)}

    def alerts(self) -> list[Mapping[str, Any]]:
        return [dict(row._mapping) for row in self.rows(Alert)]

    def responses(self) -> list[Row[Any]]:
        return self.rows(Response)

    def snapshots(self) -> list[Row[Any]]:
        return self.rows(RiskSnapshot)

    def pending(self) -> list[int]:
        with self.sessions.reading() as session:
            return [row.id for row in response_queries.pending_of(session, self.person.enrollment_id)]

    def holds(self) -> None:
        """Stream and fold say the same, bit for bit: state, its place, and the newest estimate of every answer."""
        folded, state = self.refolded(), self.state()
        assert folded.state is not None
        assert (state.last_key, state.observations) == (folded.last_key, folded.observations)
        assert bytes(state.state) == encode(folded.state)
        newest = self.newest()
        assert newest.keys() == folded.estimates.keys()
        assert {name: row.level for name, row in newest.items()} == {name: one.level for name, (_, one) in folded.estimates.items()}
        assert {name: row.rise for name, row in newest.items()} == {name: one.rise for name, (_, one) in folded.estimates.items()}


def _locate(instant: datetime, zone: str, enrollment: Row[Any]) -> Whereabouts:
    return whereabouts(instant, zone=zone, wake_windows=enrollment.wake_windows, start_date=enrollment.start_date)


def begin(sessions: Sessions, keys: Keys, study: Built | None = None, *, estimating: bool = True, **columns: Any) -> Stream:
    """A new person in a study, with a house of its own. The key that draws and the ids of answers are the same in every run."""
    clock = Hands()
    house = build_house(sessions, keys, ApiSettings(), clock=clock)
    house.mind.estimating = estimating
    study = study or build_study(sessions, slug=new_uid().hex)
    columns = {"started_at": NOW - 90 * 24 * HOUR, "start_date": (NOW - 90 * 24 * HOUR).date(), **columns}
    person = build_person(sessions, keys, study, **columns)
    drawn = wrap(keys, bytes(range(32)), place("enrollment", "randomization_key", str(person.enrollment_uid)))
    token = sha256(person.enrollment_uid.bytes).digest()
    mine = {"study_id": person.study_id, "enrollment_id": person.enrollment_id, "device_id": person.device_id}
    with sessions.transaction() as session:
        session.execute(update(Enrollment).where(Enrollment.id == person.enrollment_id).values(randomization_key=drawn))
        family = session.add(TokenFamily, uid=new_uid(), **mine, generation=1, created_at=NOW, ends_at=NOW + HOUR)
        session.add(AccessToken, digest=token, **mine, family_id=family, issued_at=NOW, expires_at=NOW + HOUR)
    return Stream(house, study, person, clock, token)
