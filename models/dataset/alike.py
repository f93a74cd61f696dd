"""Prompts that are alike, judged once by the law of the dataset and counted as often as they occur. Pure."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from models.dataset.compliance import Counts
from models.dataset.frames import Slot, status
from models.dataset.lifeline import Life, Moment
from models.kinds import PromptState

SILENT: Final = frozenset({"missed", "opened", "device_off"})
"""Fates of a prompt that ended without any answer, and without a refusal."""

Key = TypeVar("Key", bound=Hashable)


def tally(groups: Iterable[Any], key: Callable[[Any], Key], *, now: datetime) -> Mapping[Key, Counts]:
    """The counts of groups (rows of `models.queries.adherence`) by a key, in the order in which the keys come."""
    found: dict[Key, Counts] = {}
    for group in groups:
        counts = found.setdefault(key(group), Counts())
        counts.add(fate(group, now=now), group.timing, complete=bool(group.complete), times=group.number)
    return found


def fate(group: Any, *, now: datetime) -> str:
    """What became of the prompts of a group; the words are `layout.STATUSES`.

    By a prompt that stands for them all: only what its fate depends on is true of it.
    """
    expires_at = now + timedelta(minutes=1) if group.unexpired else now
    planned = Moment(now, now, now, expires_at, "UTC", 0, "", 0, 0, None, 1.0)
    life = Life(
        state=PromptState(group.state),
        reason=group.reason,
        sent=now if group.told else None,
        delivered=None,
        opened=now if group.opened else None,
        expired=None,
        reminders=0,
        snoozes=0,
        replans=0,
    )
    return status(Slot(None, planned, life, () if group.complete is None else (_Answered(bool(group.complete)),)), as_of=now)


class _Answered:
    """A response of which only completeness is known."""

    id = 0

    def __init__(self, complete: bool) -> None:
        self.complete = complete
