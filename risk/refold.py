"""Folding history through the same step again: for late answers, edits and states that went stale.

A refold appends revised estimates and never fires old alerts or draws again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import Row

from models.codec import canonical, digest
from models.ids import new_uid
from models.queries import response as response_queries
from models.queries import risk as risk_queries
from models.session import ReadSession, WriteSession
from risk.estimate.state import RiskState, UnknownSchema, decode, encode
from risk.mind import Mind
from risk.observe import content_observed, event_observed, expiry_observed, observe, sort_key
from risk.signals import heard
from risk.step import Reading, advance
from risk.terms import Band, Bands, Observation, RiskEstimate

log = structlog.get_logger("refold")

INLINE_LIMIT = 50
"""Past observations that a response may refold before its reply; more are left to the duty."""
CHECKPOINT_EVERY = 25


@dataclass(frozen=True, slots=True)
class Past:
    """One observation of a person's history with where it came from."""

    observation: Observation
    reading: Reading
    response_id: int | None


@dataclass(slots=True)
class Folded:
    """What a fold left: the state, how many observations it has seen, and the estimate of each response."""

    state: RiskState | None
    observations: int
    last_key: str | None
    estimates: dict[str, tuple[Past, RiskEstimate]] = field(default_factory=dict)
    checkpoints: list[tuple[str, int, bytes]] = field(default_factory=list)


def past_of(session: ReadSession, mind: Mind, enrollment_id: int, *, after: datetime = risk_queries.BEGINNING) -> list[Past]:
    """The observations of a person in the fold's order, from an event time on.

    What is no answer is read as the first answer here is: where it begins a state, that must not change with later protocols.
    """
    past = list(_responses(session, mind, enrollment_id, after))
    reading = past[0].reading if past else newest_reading(session, mind, enrollment_id)
    if reading is not None:
        past.extend(
            Past(event_observed(row.kind, source_id=str(row.client_id), happened_at=row.happened_at, offset_minutes=0), reading, None)
            for row in risk_queries.timed_events(session, enrollment_id, after=after)
        )
        past.extend(
            Past(expiry_observed(prompt_id=str(row.uid), expires_at=row.expires_at, offset_minutes=row.offset_minutes), reading, None)
            for row in risk_queries.expired_prompts(session, enrollment_id, after=after)
        )
        past.extend(
            Past(content_observed(source_id=row.source_id, shown_at=row.decided_at, offset_minutes=0), reading, None)
            for row in risk_queries.content_shown(session, enrollment_id, after=after)
        )
    return sorted(past, key=lambda one: one.observation.key())


def newest_reading(session: ReadSession, mind: Mind, enrollment_id: int) -> Reading | None:
    """How the person's newest answers are read; None where there is none: nothing is folded before the first."""
    version = response_queries.newest_version(session, enrollment_id)
    return None if version is None else mind.reading(session, version)


def _responses(session: ReadSession, mind: Mind, enrollment_id: int, after: datetime) -> Iterator[Past]:
    for row in response_queries.history(session, enrollment_id, after=after):
        reading = mind.reading(session, row.protocol_version_id)
        instrument = reading.protocol.instrument(row.instrument)
        if instrument is not None:
            observation = observe(
                instrument,
                row.answers,
                source_id=str(row.client_id),
                event_time=row.event_time,
                offset_minutes=row.offset_minutes,
                signals=heard(session, reading, enrollment_id, row.event_time),
            )
            yield Past(observation, reading, row.id)


def fold(past: Sequence[Past], mind: Mind, begun: Folded) -> Folded:
    """Runs observations through the step, in order, from where `begun` stands. Takes `begun` over."""
    for one in past:
        begun.state, estimate = advance(begun.state, one.observation, one.reading, mind.prior)
        begun.observations += 1
        begun.last_key = sort_key(one.observation)
        if one.response_id is not None:
            begun.estimates[one.observation.source_id] = (one, estimate)
        if begun.observations % CHECKPOINT_EVERY == 0:
            begun.checkpoints.append((begun.last_key, begun.observations, encode(begun.state)))
    return begun


def refold(
    session: WriteSession,
    mind: Mind,
    enrollment: Row[Any],
    *,
    earliest: Observation | None,
    now: datetime,
    limit: int | None = None,
    also: Sequence[Past] = (),
) -> Folded | None:
    """Folds from the newest checkpoint before `earliest` (None: from the beginning) and stores what changed.

    `also` are observations of this transaction that are no rows yet.
    Gives None, and changes nothing, where more than `limit` observations would have to be folded.
    The caller holds the enrollment's and the state's lock.
    """
    begun, after = _beginning(session, mind, enrollment.id, earliest)
    past = sorted([*past_of(session, mind, enrollment.id, after=after), *also], key=lambda one: one.observation.key())
    past = [one for one in past if begun.last_key is None or sort_key(one.observation) > begun.last_key]
    if limit is not None and len(past) > limit:
        return None
    if earliest is not None:
        risk_queries.drop_snapshots_from(session, enrollment.id, sort_key(earliest))
    else:
        risk_queries.drop_snapshots_from(session, enrollment.id, "")
    folded = fold(past, mind, begun)
    store_checkpoints(session, enrollment, folded.checkpoints, now=now)
    return folded


def _beginning(session: ReadSession, mind: Mind, enrollment_id: int, earliest: Observation | None) -> tuple[Folded, datetime]:
    if earliest is not None:
        snapshot = risk_queries.snapshot_before(session, enrollment_id, sort_key(earliest))
        if snapshot is not None:
            try:
                state = decode(snapshot.state)
            except UnknownSchema:
                log.warning("refold.checkpoint_of_another_schema")
            else:
                if state.prior_id == mind.prior.id:
                    after = datetime.fromisoformat(snapshot.last_key.split("|", 1)[0] + "+00:00")
                    return Folded(state, snapshot.observations, snapshot.last_key), after
    return Folded(None, 0, None), risk_queries.BEGINNING


def store_checkpoints(session: WriteSession, enrollment: Row[Any], checkpoints: Sequence[tuple[str, int, bytes]], *, now: datetime) -> None:
    risk_queries.save_snapshots(session, checkpoint_rows(enrollment, checkpoints, now=now))


def checkpoint_rows(enrollment: Any, checkpoints: Sequence[tuple[str, int, bytes]], *, now: datetime) -> list[dict[str, Any]]:
    """The columns of checkpoints; of `enrollment` id and study_id are read."""
    return [
        {
            "study_id": enrollment.study_id,
            "enrollment_id": enrollment.id,
            "last_key": last_key,
            "observations": observations,
            "state": state,
            "made_at": now,
        }
        for last_key, observations, state in checkpoints
    ]


def revised_rows(
    session: ReadSession, enrollment: Row[Any], folded: Folded, *, now: datetime, written: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """Rows for the estimates that are new or say something else than their newest revision; `written` will be stored before them."""
    known = dict(risk_queries.newest_revisions(session, enrollment.id, list(folded.estimates)))
    mine = (row for row in written if row["enrollment_id"] == enrollment.id)
    known |= {row["source_id"]: (row["revision"], row["estimate_hash"]) for row in mine}
    rows = []
    for source, (past, estimate) in folded.estimates.items():
        revision, said = known.get(source, (0, b""))
        row = estimate_row(enrollment, past, estimate, revision=revision + 1, now=now)
        if row["estimate_hash"] != said:
            rows.append(row)
    return rows


def estimate_row(enrollment: Row[Any], past: Past, estimate: RiskEstimate, *, revision: int, now: datetime) -> dict[str, Any]:
    """The columns of an estimate."""
    detail = msgspec.Raw(canonical(estimate_detail(estimate)))  # once, for the row and for its hash
    return {
        "uid": new_uid(),
        "study_id": enrollment.study_id,
        "enrollment_id": enrollment.id,
        "response_id": past.response_id,
        "source_id": past.observation.source_id,
        "revision": revision,
        "as_of": estimate.as_of,
        "made_at": now,
        "evidence": str(estimate.evidence),
        "age_hours": estimate.age_hours,
        "level": estimate.level,
        "rise": estimate.rise,
        "rising": estimate.rising,
        "detail": detail,
        "prior_id": estimate.prior_id,
        "model_id": estimate.population_model,
        "estimator_version": estimate.version,
        "item_map_hash": past.reading.item_map_hash,
        "inputs_hash": digest(_inputs(past.observation)),
        "estimate_hash": digest(
            [estimate.level, estimate.rise, estimate.rising, str(estimate.evidence), detail, estimate.version, estimate.prior_id]
        ),
        "synthetic": enrollment.synthetic,
    }


def _inputs(observation: Observation) -> list[Any]:
    return [
        observation.source_id,
        observation.kind,
        observation.event_time,
        dict(observation.answers),
        observation.context,
        observation.event,
        list(observation.cues),
    ]


_BANDS = ("nowcast", "forecast")
_PLAIN = ("nodes", "own", "contributions", "coverage", "features")


def estimate_detail(estimate: RiskEstimate) -> dict[str, Any]:
    """Everything but the headline columns, as JSON."""

    def band(one: Any) -> list[float | None]:
        return [one.value, one.low, one.high]

    def bands(them: Mapping[str, Band]) -> Mapping[str, list[float | None]]:
        return them.rows() if isinstance(them, Bands) else {name: band(one) for name, one in them.items()}

    detail: dict[str, Any] = {name: dict(getattr(estimate, name)) for name in _PLAIN}
    detail |= {name: band(getattr(estimate, name)) for name in _BANDS}
    detail |= {
        "couplings": bands(estimate.couplings),
        "edges": bands(estimate.edges),
        "craving": estimate.craving,
        "drive": estimate.drive,
        "population_drive": estimate.population_drive,
        "discordance": estimate.discordance,
        "innovation": estimate.innovation,
        "cusum_innovation": estimate.cusum_innovation,
        "cusum_baseline": estimate.cusum_baseline,
        "answered": estimate.answered,
        "sensitized": list(estimate.sensitized),
        "cues": {kind: [one.first, one.last, one.times, *band(one.beyond)] for kind, one in estimate.cues.items()},
        "new_cue": band(estimate.new_cue),
        "prior_synthetic": estimate.prior_synthetic,
    }
    return detail | ({"signals": dict(estimate.signals)} if estimate.signals else {})


def state_row(enrollment: Any, folded: Folded, *, now: datetime) -> Mapping[str, Any]:
    """The columns of the state after a fold."""
    assert folded.state is not None
    return {
        "study_id": enrollment.study_id,
        "enrollment_id": enrollment.id,
        "state": encode(folded.state),
        "last_key": folded.last_key,
        "observations": folded.observations,
        "stale": False,
        "updated_at": now,
    }
