"""What an answer does to its prompt."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row

from models.kinds import PromptState
from models.queries.prompt import Move
from scheduler.lifecycle import TERMINAL, Answer, Event, answered


def answer_move(prompt: Row[Any], response: Mapping[str, Any], *, again: bool) -> Move:
    """The move of a locked prompt by a response that names it (columns of `response`).

    A prompt that was answered before keeps its state and its times; the second answer is a row in its history.
    """
    state = PromptState(prompt.state)
    moment = response["event_time"]
    if again or (state in TERMINAL and state is not PromptState.EXPIRED):
        return Move(prompt, "answered_again", state, response["received_at"], "participant")
    event: Answer = Event.COMPLETE if response["complete"] else Event.PARTIAL
    after = answered(state, event, response["timing"])
    started = response["started_at"]
    opened = None if started is None else started + (moment - response["answered_at"])
    changes: dict[str, Any] = {
        "completed_at": moment if response["complete"] else None,
        "first_answer_at": prompt.first_answer_at or opened or moment,
        "opened_at": prompt.opened_at or opened or moment,
        "reminders_left": [],
    }
    name = "answered_after_expiry" if after is PromptState.EXPIRED else str(after.value)
    detail = {"timing": str(response["timing"])}
    return Move(prompt, name, after, response["received_at"], "participant", detail=detail, changes=changes)
