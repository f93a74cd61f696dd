"""Prompts that went by: an observation each, so that silence is in the state without an answer.

A prompt counts once it is `expired` and had reached the person. What takes it back, or makes it so beside the duty, is folded again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row

from models.kinds import PromptState
from models.queries import response as response_queries
from models.queries import risk as risk_queries
from models.queries.prompt import Move
from models.session import WriteSession
from risk.estimate.state import decode
from risk.mind import Mind
from risk.observe import expiry_observed, sort_key
from risk.owed import take_in
from risk.refold import Folded, Past, checkpoint_rows, fold, state_row
from risk.terms import Observation

log = structlog.get_logger("silence")


@dataclass(frozen=True, slots=True)
class _Whose:
    """What a state's rows name of an enrollment, and what went by, in the fold's order."""

    id: int
    study_id: int
    synthetic: bool
    observed: tuple[Observation, ...]


def take_in_expired(session: WriteSession, mind: Mind, prompts: Sequence[Row[Any]], *, now: datetime) -> None:
    """Prompts that the duty has just ended: states are locked in one order, folded in memory, and written as a set.

    Who cannot be folded so (something is late, a state is owed or of another make, a fault) is taken in alone, as anything that is told.
    """
    if not prompts:
        return
    people = _whose(prompts)
    held = risk_queries.lock_states(session, [one.id for one in people])
    told = [one for one in people if one.id in held]  # of others nothing is folded yet; whoever folds first reads it
    folded = _folded(session, mind, told, held)
    if not _stored(session, [one for one in told if one.id in folded], folded, now=now):
        folded = {}
    for one in told:
        for observation in () if one.id in folded else one.observed:
            take_in(session, mind, one, observation, gone=False, now=now)


def _whose(prompts: Sequence[Row[Any]]) -> list[_Whose]:
    """Person by person, in order of enrollment."""
    found: dict[int, tuple[Row[Any], list[Observation]]] = {}
    for row in sorted(prompts, key=lambda one: one.enrollment_id):
        observation = expiry_observed(prompt_id=str(row.uid), expires_at=row.expires_at, offset_minutes=row.offset_minutes)
        found.setdefault(row.enrollment_id, (row, []))[1].append(observation)
    return [
        _Whose(key, row.study_id, row.synthetic, tuple(sorted(observed, key=Observation.key))) for key, (row, observed) in found.items()
    ]


def _folded(session: WriteSession, mind: Mind, people: Sequence[_Whose], held: Mapping[int, Row[Any]]) -> dict[int, Folded]:
    """The states after what went by, of those of whom it is the newest. Reads who answers what in one statement, and writes nothing."""
    newest = [one for one in people if _is_newest(held[one.id], one.observed[0])] if mind.estimating else []
    versions = response_queries.newest_versions(session, [one.id for one in newest]) if newest else {}
    found: dict[int, Folded] = {}
    for one in newest:
        row, version = held[one.id], versions.get(one.id)
        try:
            state = decode(row.state)
            if version is not None and state.prior_id == mind.prior.id:
                reading = mind.reading(session, version)
                past = [Past(observation, reading, None) for observation in one.observed]
                found[one.id] = fold(past, mind, Folded(state, row.observations, row.last_key))
        except Exception as error:  # noqa: BLE001  # contained: the person is taken in alone, where it is logged for good
            log.warning("silence.not_folded", kind=type(error).__name__)
    return found


def _is_newest(held: Row[Any], first: Observation) -> bool:
    return not held.stale and held.last_key is not None and sort_key(first) >= held.last_key


def _stored(session: WriteSession, people: Sequence[_Whose], folded: Mapping[int, Folded], *, now: datetime) -> bool:
    """Whether the states and their checkpoints could be written together."""
    if not people:
        return True
    checkpoints = [row for one in people for row in checkpoint_rows(one, folded[one.id].checkpoints, now=now)]
    states = [state_row(one, folded[one.id], now=now) for one in people]
    try:
        with session.savepoint():  # a statement that fails takes the whole transaction along on PostgreSQL
            risk_queries.save_snapshots(session, checkpoints)
            risk_queries.save_states(session, states, {one.id for one in people})
    except Exception as error:  # noqa: BLE001  # done again one by one, where each fault is its own
        log.warning("silence.set_redone", people=len(people), kind=type(error).__name__)
        return False
    return True


def owe_what_changed(session: WriteSession, moves: Iterable[Move]) -> None:
    """After acts of people: whose prompt came into silence or left it is folded again by the duty."""
    people = {move.prompt.enrollment_id for move in moves if move.prompt.sent_at is not None and _turned(move)}
    if people:
        risk_queries.mark_stale(session, people)


def _turned(move: Move) -> bool:
    return bool((move.prompt.state == PromptState.EXPIRED) != (move.to_state == PromptState.EXPIRED))
