"""Prompts that went by: an observation each, so that silence is in the state without an answer.

A prompt counts once it is `expired` and had reached the person. What takes it back, or makes it so beside the duty, is folded again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from models.kinds import PromptState
from models.queries import risk as risk_queries
from models.queries.prompt import Move
from models.session import WriteSession
from risk.mind import Mind
from risk.observe import expiry_observed
from risk.owed import take_in


@dataclass(frozen=True, slots=True)
class _Whose:
    """What a state's rows name of an enrollment."""

    id: int
    study_id: int
    synthetic: bool


def take_in_expired(session: WriteSession, mind: Mind, prompts: Sequence[Row[Any]], *, now: datetime) -> None:
    """Prompts that the duty has just ended: person by person, as everyone locks states, and of each in order of their end."""
    for row in sorted(prompts, key=lambda one: (one.enrollment_id, one.expires_at, one.id)):
        observation = expiry_observed(prompt_id=str(row.uid), expires_at=row.expires_at, offset_minutes=row.offset_minutes)
        take_in(session, mind, _Whose(row.enrollment_id, row.study_id, row.synthetic), observation, gone=False, now=now)


def owe_what_changed(session: WriteSession, moves: Iterable[Move]) -> None:
    """After acts of people: whose prompt came into silence or left it is folded again by the duty."""
    people = {move.prompt.enrollment_id for move in moves if move.prompt.sent_at is not None and _turned(move)}
    if people:
        risk_queries.mark_stale(session, people)


def _turned(move: Move) -> bool:
    return bool((move.prompt.state == PromptState.EXPIRED) != (move.to_state == PromptState.EXPIRED))
