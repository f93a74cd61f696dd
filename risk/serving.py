"""Population models at work: which a study has, and the scores of a person's days.

Everything here is beside the point of an answer: no disclosure, prompt or help reads a score, and without a model, or with a broken one,
all else goes on. What a score in use comes to is judged in `risk.budgeted`.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from math import isnan, nan
from threading import Lock
from typing import Any, Final

import structlog
from sqlalchemy import Row

from models.codec import canonical
from models.errors import Problem
from models.ids import new_uid
from models.kinds import EnrollmentState, Timing
from models.protocols import Protocols
from models.queries import population as rows
from models.session import ReadSession, WriteSession
from risk.budgeted import Budget, Scored
from risk.population.artefact import PopulationModel, read
from risk.population.features import MONTH, Sources, columns, features_at
from risk.population.history import History
from risk.population.record import Record, said_of, sources_of
from risk.population.score import probability
from risk.population.standing import Standing, standing

log = structlog.get_logger("serving")

STATES_BACK: Final = timedelta(days=MONTH + 1)
"""No feature reads an estimate that is older."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Local time, worked out in the room that keeps it: a zone by its name, and the instant of a local midnight."""

    zone: Callable[[str], tzinfo]
    midnight: Callable[[date, str], datetime]


@dataclass(frozen=True, slots=True)
class Serving:
    """A model at work in a study."""

    key: int
    model: PopulationModel
    shadow: bool


@dataclass(slots=True)
class Shelf:
    """The models of this process, read once each: what was good stays good, also where the stored bytes are damaged afterwards."""

    _models: dict[int, PopulationModel] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def serving(self, session: ReadSession, study_id: int, *, synthetic: bool) -> tuple[Serving, ...]:
        """Of each target the model in use and the one in shadow. A file that is refused is logged and passed over: in place of a model in
        use the one before it goes on serving, in place of a shadow none does. `synthetic`: the study may use what simulated people taught.
        """
        found: list[Serving] = []
        for of_target in standings(rows.moves_of(session, study_id)).values():
            in_use = (self._good(session, key, synthetic) for key in reversed(of_target.promoted))
            best = next((one for one in in_use if one is not None), None)
            if best is not None:
                found.append(Serving(*best, shadow=False))
            tried = None if of_target.shadow is None else self._good(session, of_target.shadow, synthetic)
            if tried is not None:
                found.append(Serving(*tried, shadow=True))
        return tuple(found)

    def _good(self, session: ReadSession, key: int, synthetic: bool) -> tuple[int, PopulationModel] | None:
        with self._lock:
            known = self._models.get(key)
        if known is not None:
            return (key, known) if synthetic or not known.synthetic else None
        try:
            model = read(rows.file_of(session, key), rehearsal=synthetic)
        except Exception as refused:  # noqa: BLE001  # no file may hold up the scores of other models and other studies
            problem = refused.code if isinstance(refused, Problem) else f"unexpected_{type(refused).__name__}"
            log.error("serving.model_refused", model=key, problem=problem)
            return None
        with self._lock:
            self._models[key] = model
        return key, model


def standings(moves: Sequence[Row[Any]]) -> Mapping[str, Standing]:
    """Target -> where a study's models stand. `moves` are rows of `models.queries.population.moves_of`."""
    targets = sorted({move.target for move in moves})
    return {one: standing((move.what, move.population_model_id) for move in moves if move.target == one) for one in targets}


def score_due(
    session: WriteSession,
    shelf: Shelf,
    protocols: Protocols,
    calendar: Calendar,
    *,
    now: datetime,
    system_now: datetime,
    limit: int,
) -> int:
    """Scores up to `limit` people whose next local day has begun, judges what models in use say, and gives how many.

    Who cannot be scored is logged and asked tomorrow.
    """
    people = rows.lock_scored(session, now=now, limit=limit)
    studies = {one.study_id: one.study_synthetic for one in people}
    models = {study: shelf.serving(session, study, synthetic=synthetic) for study, synthetic in studies.items()}
    budget = Budget(session, [one.id for one in people], now, system_now)
    at_work = _Round(session, protocols, calendar, now, models, budget)
    rows.scored(session, [(one.id, at_work.person(one)) for one in people])
    rows.add_scores(session, at_work.scores)
    return len(people)


@dataclass(slots=True)
class _Round:
    """One batch of people, and the scores that it comes to."""

    session: ReadSession
    protocols: Protocols
    calendar: Calendar
    now: datetime
    models: Mapping[int, Sequence[Serving]]
    budget: Budget
    sources: dict[int, Sources] = field(default_factory=dict)
    scores: list[dict[str, Any]] = field(default_factory=list)

    def person(self, person: Row[Any]) -> datetime | None:
        """When to score the person again: at the next local midnight; None where the study has no model."""
        day = _today(self.session, person, self.calendar, self.now) if self.models[person.study_id] else None
        if day is None:
            return None
        if day.number >= 1 and _may_be_scored(person):
            try:
                with self.budget.session.savepoint():  # an alert stands with the score that explains it, or not at all
                    self.scores += self._scored(person, day)
            except Exception as error:  # noqa: BLE001  # one person's history must not hold up the others
                log.error("serving.person_failed", kind=type(error).__name__)
        return self.calendar.midnight(day.date + timedelta(days=1), day.zone)

    def _scored(self, person: Row[Any], day: "_Day") -> list[dict[str, Any]]:
        zone = self.calendar.zone(day.zone)
        history = history_of(self.session, self.protocols, person, zone, until=day.begins_at, today=day.number)
        known = features(history, day.number, self._sources(person.study_id))
        made = [(one, _score(person, day, one, known, self.now)) for one in self.models[person.study_id]]
        self._judge(person, day, [one for one in made if not one[0].shadow], history, known)
        return [row for _, row in made]

    def _judge(
        self, person: Row[Any], day: "_Day", made: Sequence[tuple[Serving, dict[str, Any]]], history: History, known: Mapping[str, float]
    ) -> None:
        """Completes the score of the model that spends the alert budget: the one of a week, else the one of a day."""
        if not made:
            return
        heard = rows.newest_answer(self.session, person.id, day.begins_at)
        evidence = None if heard is None else (day.begins_at - heard) / timedelta(hours=1)
        for _, score in made:
            score["evidence_hours"] = evidence
        serving, row = max(made, key=lambda one: one[0].model.target == "week")
        scored = Scored(
            person=person,
            protocol=self.protocols.get(self.session, person.protocol_version_id),
            key=serving.key,
            model=serving.model,
            probabilities={one.model.target: score["probability"] for one, score in made},
            history=history,
            number=day.number,
            known=known,
            sources=self._sources(person.study_id),
            evidence_hours=evidence,
            as_of=day.begins_at,
        )
        row.update(self.budget.judged(scored, f"score:{row['uid']}"))

    def _sources(self, study_id: int) -> Sources:
        if study_id not in self.sources:
            versions = rows.version_ids(self.session, study_id)
            self.sources[study_id] = sources_of(self.protocols.get(self.session, version) for version in versions)
        return self.sources[study_id]


@dataclass(frozen=True, slots=True)
class _Day:
    """A local day in the zone that the person started in; `number` counts from 0, as in a history."""

    date: date
    number: int
    zone: str
    begins_at: datetime


def _today(session: ReadSession, person: Row[Any], calendar: Calendar, now: datetime) -> _Day | None:
    zone = rows.first_zone(session, person.id)
    if zone is None or person.start_date is None:
        return None
    today = now.astimezone(calendar.zone(zone)).date()
    return _Day(today, (today - person.start_date).days, zone, calendar.midnight(today, zone))


def _may_be_scored(person: Row[Any]) -> bool:
    return bool(person.state == EnrollmentState.ACTIVE and person.consent_collect and person.consent_use)


def features(history: History, day: int, sources: Sources) -> Mapping[str, float]:
    """Every column by name at the midnight that begins a day: the same function that training reads."""
    names = (one.name for one in columns(sources))
    return dict(zip(names, features_at(history, float(day), sources), strict=True))


def _score(person: Row[Any], day: _Day, serving: Serving, known: Mapping[str, float], now: datetime) -> dict[str, Any]:
    values = {name: known.get(name, nan) for name in serving.model.columns}
    return {
        "uid": new_uid(),
        "study_id": person.study_id,
        "enrollment_id": person.id,
        "population_model_id": serving.key,
        "study_day": day.number + 1,
        "as_of": day.begins_at,
        "made_at": now,
        "shadow": serving.shadow,
        "probability": probability(serving.model, values),
        "inputs_hash": hashlib.sha256(canonical({name: None if isnan(one) else one for name, one in values.items()})).digest(),
        "synthetic": person.synthetic or serving.model.synthetic,
        **dict.fromkeys(("evidence_hours", "eligible", "crossed", "raised", "shift", "judgement")),
    }


def history_of(session: ReadSession, protocols: Protocols, person: Row[Any], zone: tzinfo, *, until: datetime, today: int) -> History:
    """What was known of a person at an instant, from rows. `today` is the number of the day that begins then."""
    began = datetime.combine(person.start_date, datetime.min.time())

    def day(instant: datetime) -> float:
        return (instant.astimezone(zone).replace(tzinfo=None) - began) / timedelta(days=1)

    record = Record()
    answers = rows.answers_until(session, person.id, until)
    for row in answers:
        _tell_answers(record, protocols.get(session, row.protocol_version_id).instrument(row.instrument), row, day)
    _tell_prompts(record, rows.prompts_told(session, person.id, until), answers, day)
    for row in rows.events_until(session, person.id, until):
        record.event(str(row.kind), day(row.happened_at), day(row.reported_at))
    for row in rows.estimates_until(session, person.id, until - STATES_BACK, until):
        record.estimate(max(day(row.as_of), day(row.made_at)), row.detail)
    return record.history(str(person.uid), first=1, last=max(today, 1), began=person.start_date)


def _tell_answers(record: Record, instrument: Any, row: Row[Any], day: Callable[[datetime], float]) -> None:
    happened = day(row.event_time)
    known = max(happened, day(row.received_at))
    for item in () if instrument is None else instrument.items:
        value = row.answers.get(item.id)
        if value is not None:
            record.answer(item, item.variable, said_of(value), value, happened=happened, known=known, study_day=row.study_day)


def _tell_prompts(record: Record, prompts: Sequence[Row[Any]], answers: Sequence[Row[Any]], day: Callable[[datetime], float]) -> None:
    """A prompt is known from its answer's arrival, or from its end. An opening is that of its event, or the beginning of its answer."""
    first: dict[int, Row[Any]] = {}
    for row in sorted(answers, key=lambda one: (not one.complete, one.id)):
        if row.prompt_id is not None:
            first.setdefault(row.prompt_id, row)
    for prompt in prompts:
        answer = first.get(prompt.id)
        in_time = answer is not None and answer.timing is not Timing.AFTER_EXPIRY and prompt.declined is None
        ended = answer.received_at if in_time and answer is not None else prompt.expired
        if ended is not None:
            opened = prompt.opened or _begun(answer)
            latency = nan if opened is None else (opened - prompt.sent).total_seconds() / 3600
            record.prompts.append((day(ended), in_time, latency))


def _begun(answer: Row[Any] | None) -> datetime | None:
    """When an answer was begun, its device's clock corrected as that of the whole answer was."""
    if answer is None or answer.started_at is None:
        return None
    begun: datetime = answer.started_at + (answer.event_time - answer.answered_at)
    return begun
