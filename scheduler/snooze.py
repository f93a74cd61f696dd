"""A person defers a prompt: it stays open and comes back, unless that would be in quiet hours."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row

from models.definition.prompting import Expiry
from models.errors import Conflict
from models.queries.prompt import Move
from scheduler import lifecycle
from scheduler.lifecycle import Event
from scheduler.prompt_moves import moved, reminders
from scheduler.quiet import Hours


def snoozing(prompt: Row[Any], expiry: Expiry, hours: Hours, *, now: datetime, actor: str) -> Move:
    """Defers it; the first reminder of the move is when it comes back. Raises `Conflict` where it has ended or may not be deferred.

    `snooze_in_quiet_hours`: it would come back when the person sleeps. Then it stays as it is, open until it expires.
    """
    until = lifecycle.snooze(
        now=now, expires_at=prompt.expires_at, minutes=expiry.snooze_minutes, used=prompt.snoozes, allowed=expiry.snoozes
    )
    if hours.quiet(until):
        raise Conflict("snooze_in_quiet_hours", "It would come back in quiet hours; it stays open until it expires.")
    left = lifecycle.reminders_after_snooze(reminders(prompt), until, prompt.expires_at)
    return moved(prompt, Event.SNOOZE, now=now, actor=actor, left=left, snoozes=prompt.snoozes + 1)
