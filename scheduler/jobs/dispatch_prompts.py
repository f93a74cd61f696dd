"""Sends prompts whose moment has come, reminds of those that wait, and ends those that nobody answered.

Nothing rings in quiet hours where the person is, also where they have moved since it was planned. What could not be sent in
time is `expired` with the reason `not_sent`, never sent late; it is the house's miss, not the person's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Row

from models.kinds import DeliveryState, EnrollmentState, PromptState
from models.queries import delivery, moments, outbox
from models.queries import prompt as prompts
from models.queries.prompt import Move
from models.session import WriteSession
from risk.mind import Mind
from risk.silence import take_in_expired
from scheduler.jobs.batches import in_batches
from scheduler.jobs.duties import Duties
from scheduler.lifecycle import Event, next_moment
from scheduler.promises import GATEWAY_KIND, prompt_promises, pull_names
from scheduler.prompt_moves import moved, reminders
from scheduler.quiet import Hours, hours_of

_UNSENT = frozenset({PromptState.PLANNED, PromptState.QUEUED})
QUIET: Final = "quiet_hours"
GRACE: Final = timedelta(minutes=1)
"""What comes at bedtime may ring this much later: nobody looks on the second."""
_ROUNDS = 20
"""Batches of one run; what is left waits for the next tick, so that no backlog starves the other duties."""


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """Looks at every prompt whose moment has come and gives how many."""
    with duties.sessions.reading() as session:
        due = prompts.due(session, now=now)
    return work(duties, now=now, system_now=system_now) if due else 0


def work(duties: Duties, *, now: datetime, system_now: datetime) -> int:
    """`run`, where it is known that a prompt is due."""
    limit = duties.settings.prompt_batch

    def one_batch(session: WriteSession) -> int:
        return dispatch(session, duties.mind, now=now, system_now=system_now, limit=limit)

    return in_batches(duties.sessions, one_batch, batch=limit, rounds=_ROUNDS)


def coming(duties: Duties, *, now: datetime, system_now: datetime) -> timedelta | None:  # noqa: ARG001  # prompts live in study time
    """How long until the next prompt, reminder or expiry."""
    with duties.sessions.reading() as session:
        found = moments.next_prompt(session, after=now)
    return None if found is None else found - now


def dispatch(session: WriteSession, mind: Mind, *, now: datetime, system_now: datetime, limit: int) -> int:
    """One batch in the caller's transaction."""
    rows = prompts.claim_due(session, now=now, limit=limit)
    batch = _Batch(session, mind, rows, now, system_now)
    for row in rows:
        batch.look(row)
    batch.write()
    return len(rows)


def held_back(row: Row[Any], *, now: datetime) -> str | None:
    """Why a row of `claim_due` is not told after all, or None: `not_active`, `no_consent` or `paused`."""
    if row.enrollment_state != EnrollmentState.ACTIVE:
        return "not_active"
    if not row.consent_collect:
        return "no_consent"
    return "paused" if row.paused_until is not None and row.paused_until > now else None


@dataclass
class _Batch:
    """The verdicts on one batch of locked prompts, collected and then written set by set."""

    session: WriteSession
    mind: Mind
    rows: Sequence[Row[Any]]
    now: datetime
    system_now: datetime
    moves: list[Move] = field(default_factory=list)
    promises: list[outbox.Promise] = field(default_factory=list)
    ended: list[Row[Any]] = field(default_factory=list)
    went_by: list[Row[Any]] = field(default_factory=list)

    @cached_property
    def gateways(self) -> Mapping[int, Sequence[Row[Any]]]:
        """Study -> its push gateways."""
        return {study: outbox.endpoints(self.session, study, GATEWAY_KIND) for study in {row.study_id for row in self.rows}}

    @cached_property
    def hours(self) -> Mapping[int, Hours]:
        """Enrollment -> when the person sleeps."""
        return hours_of(self.session, {row.enrollment_id for row in self.rows})

    def look(self, row: Row[Any]) -> None:
        state = PromptState(row.state)
        held = held_back(row, now=self.now)
        if row.expires_at <= self.now:
            self._expire(row, "not_sent" if state in _UNSENT else None)
        elif state is not PromptState.PLANNED:
            self._remind(row, state, held)
        elif held is None and (until := self._rings_until(row, row.due_at)) is not None:
            self._tell(row, until)
        else:
            self._move(row, Event.BLOCK, reason=held or QUIET, left=())

    def write(self) -> None:
        outbox.promise(self.session, self.promises, system_now=self.system_now)
        prompts.apply_moves(self.session, self.moves)
        take_in_expired(self.session, self.mind, self.went_by, now=self.now)
        delivery.end_by_key(self.session, pull_names(self.ended), DeliveryState.EXPIRED, "not_fetched", now=self.system_now)

    def _expire(self, row: Row[Any], reason: str | None) -> None:
        self._move(row, Event.EXPIRE, reason=reason)
        if row.sent_at is not None:
            self.went_by.append(row)
        if not self.gateways[row.study_id]:
            self.ended.append(row)

    def _rings_until(self, row: Row[Any], moment: datetime) -> datetime | None:
        """Until when something of this moment may ring; None where it lies in quiet hours."""
        until = self.hours[row.enrollment_id].until(moment)
        return None if until is None else max(until, moment + GRACE)

    def _tell(self, row: Row[Any], until: datetime) -> None:
        """Queued for a push gateway; for a phone that asks by itself it is sent by being there."""
        left = [one for one in reminders(row) if one > self.now]
        gateways = self.gateways[row.study_id]
        self.promises += prompt_promises(
            row, gateways, kind="prompt", number=0, now=self.now, system_now=self.system_now, rings_until=until
        )
        self._move(row, Event.QUEUE, left=left)
        if not gateways:
            self._move(row, Event.SEND, before=PromptState.QUEUED, left=left, sent_at=self.now)

    def _remind(self, row: Row[Any], state: PromptState, held: str | None) -> None:
        """Once, however many reminders have come due; during a pause and in quiet hours they fall away."""
        coming = reminders(row)
        left = [one for one in coming if one > self.now]
        due = [one for one in coming if one <= self.now]
        number = row.reminders_sent + 1
        until = self._rings_until(row, max(due)) if due else None
        if due and held is None and (until is None or until <= self.now):
            held = QUIET
        told = until is not None and held is None
        if until is not None and held is None:
            gateways = self.gateways[row.study_id]
            self.promises += prompt_promises(
                row, gateways, kind="reminder", number=number, now=self.now, system_now=self.system_now, rings_until=until
            )
        changes: dict[str, Any] = {
            "reminders_left": [one.isoformat() for one in left],
            "reminders_sent": number if told else row.reminders_sent,
            "next_at": next_moment(state, due_at=row.due_at, expires_at=row.expires_at, reminders=left, after=self.now),
        }
        self.moves.append(Move(row, "reminded" if told else "not_reminded", state, self.now, "system", held, changes=changes))

    def _move(self, row: Row[Any], event: Event, **facts: Any) -> None:
        self.moves.append(moved(row, event, now=self.now, actor="system", **facts))
