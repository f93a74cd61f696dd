"""Keeps promises: claim and commit, send, record and commit. A crash between any two loses nothing.

A promise whose worker vanished is sent again when its lease ends, under the same id: receivers see it at least once and can tell a copy.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from models.clock import Clock
from models.ids import new_uid
from models.kinds import DeliveryState, PromptState
from models.queries import delivery as deliveries
from models.queries import prompt as prompts
from models.queries.delivery import PULL, Tried
from models.sealed import Keys, Unsealable, place, unseal
from models.session import ReadSession, Sessions, WriteSession
from scheduler.delivery.backoff import ATTEMPTS, wait
from scheduler.delivery.port import Channels, Endpoint, Envelope, Outcome, Refused, Sent
from scheduler.delivery.render import body
from scheduler.lifecycle import ANSWERED, TRANSITIONS, Event
from scheduler.prompt_moves import moved
from scheduler.settings import SchedulerSettings

_ENDPOINT: Final = "endpoint:"


@dataclass(frozen=True, slots=True)
class Sender:
    """What sending needs; made once a process."""

    sessions: Sessions
    keys: Keys
    channels: Channels
    clock: Clock
    settings: SchedulerSettings


@dataclass(frozen=True, slots=True)
class _Claimed:
    """One delivery under this worker's lease, ready to go."""

    row: Row[Any]
    lease: UUID
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class _Result:
    """What became of one try, and how many seconds it took."""

    claimed: _Claimed
    outcome: Outcome
    seconds: float


def send_due(sender: Sender, *, now: datetime) -> int:
    """Tries every due delivery once and gives how many were worked. `now` is study time, for the prompts that go out."""
    worked = 0
    while _due(sender):
        with sender.sessions.transaction() as session:
            found, claimed = _claim(session, sender)
        for results in _send(sender, claimed):
            _record(sender, results, now=now)
        worked += found
        if found < sender.settings.delivery_batch:
            break
    return worked


def _due(sender: Sender) -> bool:
    with sender.sessions.reading() as session:
        return deliveries.due(session, now=sender.clock.system())


def _claim(session: WriteSession, sender: Sender) -> tuple[int, list[_Claimed]]:
    """How many were found due, and those that are to be sent; the others end here, each with its reason."""
    at = sender.clock.system()
    lease, until = new_uid(), at + timedelta(seconds=sender.settings.lease_seconds)
    rows = deliveries.claim(session, now=at, lease=lease, lease_until=until, limit=sender.settings.delivery_batch)
    deliveries.note_stalled(session, [row for row in rows if row.state == DeliveryState.CLAIMED], now=at)
    endpoints = _endpoints(session, sender.keys, rows)
    ended_prompts = deliveries.ended_prompts(session, rows)
    ends: dict[tuple[DeliveryState, str], list[int]] = {}
    claimed: list[_Claimed] = []
    for row in rows:
        verdict = _verdict(row, sender, endpoints, ended_prompts.get(row.id), at)
        if verdict is None:
            claimed.append(_Claimed(row, lease, _envelope(row, endpoints, at)))
        else:
            ends.setdefault(verdict, []).append(row.id)
    for (state, reason), keys in ends.items():
        deliveries.end_claimed(session, keys, state, reason, now=at)
    return len(rows), claimed


def _verdict(
    row: Row[Any], sender: Sender, endpoints: dict[UUID, Endpoint], prompt: PromptState | None, at: datetime
) -> tuple[DeliveryState, str] | None:
    """Why a due delivery is not sent, and how it ends; None: send it."""
    if row.channel == PULL and prompt in ANSWERED:
        return DeliveryState.DELIVERED, "answered"
    if prompt is not None:
        return DeliveryState.EXPIRED, "prompt_ended"
    if row.expires_at <= at:
        return DeliveryState.EXPIRED, "not_fetched" if row.channel == PULL else "too_late"
    if row.attempts >= ATTEMPTS:
        return DeliveryState.DEAD, "stalled"
    if row.channel not in sender.channels:
        return DeliveryState.DEAD, "no_channel"
    if row.recipient.startswith(_ENDPOINT) and _endpoint_uid(row) not in endpoints:
        return DeliveryState.DEAD, "endpoint_disabled"
    return None


def _endpoint_uid(row: Row[Any]) -> UUID:
    return UUID(row.recipient.removeprefix(_ENDPOINT))


def _endpoints(session: ReadSession, keys: Keys, rows: Sequence[Row[Any]]) -> dict[UUID, Endpoint]:
    """The enabled endpoints that these deliveries go to. One whose secret does not open has none, and its channel waits."""
    wanted = {_endpoint_uid(row) for row in rows if row.recipient.startswith(_ENDPOINT)}
    found = deliveries.endpoints_by_uid(session, wanted)
    return {uid: Endpoint(uid, row.url, _secrets(keys, row)) for uid, row in found.items() if row.disabled_at is None}


def _secrets(keys: Keys, row: Row[Any]) -> tuple[str, ...]:
    """The stored form is one text of secrets, newest first, with spaces between them."""
    if row.key_id not in keys.encryption:
        return ()
    try:
        plain = unseal(keys.encryption[row.key_id], row.secret_sealed, place("webhook_endpoint", "secret", str(row.uid)))
    except Unsealable:
        return ()
    return tuple(plain.decode().split())


def _envelope(row: Row[Any], endpoints: dict[UUID, Endpoint], at: datetime) -> Envelope:
    return Envelope(
        uid=row.uid,
        kind=row.kind,
        subject=row.subject,
        recipient=row.recipient,
        body=body(row.kind, row.payload, created_at=row.created_at),
        at=at,
        expires_at=row.expires_at,
        endpoint=endpoints[_endpoint_uid(row)] if row.recipient.startswith(_ENDPOINT) else None,
    )


def _send(sender: Sender, claimed: Sequence[_Claimed]) -> Iterator[list[_Result]]:
    """Outcomes as they come, those that came meanwhile together: a slow receiver holds up nobody's record."""

    def attempt(one: _Claimed) -> _Result:
        begun = monotonic()
        outcome = sender.channels[one.row.channel].send(one.envelope)
        return _Result(one, outcome, monotonic() - begun)

    if len(claimed) == 1:
        yield [attempt(claimed[0])]
    elif claimed:
        with ThreadPoolExecutor(sender.settings.delivery_threads, thread_name_prefix="send") as threads:
            waiting = {threads.submit(attempt, one) for one in claimed}
            while waiting:
                done, waiting = wait_for(waiting, return_when=FIRST_COMPLETED)
                yield [one.result() for one in done if one.exception() is None]
                for one in done:
                    one.result()  # a channel that broke its word ends the run, after what the others did was recorded


def _record(sender: Sender, results: Sequence[_Result], *, now: datetime) -> None:
    """Writes what became of these tries, in one transaction; nothing of one whose lease was lost."""
    at = sender.clock.system()
    with sender.sessions.transaction() as session:
        # In one order everywhere, so that two workers never wait for each other.
        ordered = sorted(results, key=lambda one: one.claimed.row.id)
        kept = [one for one in ordered if deliveries.record(session, one.claimed.row, one.claimed.lease, _tried(one, at), now=at)]
        _mark_sent(session, [one.claimed.row for one in kept if isinstance(one.outcome, Sent)], now)
        for endpoint, problem in sorted(_over(kept).items()):
            deliveries.disable_endpoint(session, endpoint, problem, now=at)


def _over(results: Sequence[_Result]) -> dict[UUID, str]:
    """The endpoints that want nothing more, and why."""
    found = {}
    for one in results:
        endpoint, outcome = one.claimed.envelope.endpoint, one.outcome
        if endpoint is not None and isinstance(outcome, Refused) and outcome.ended:
            found[endpoint.uid] = outcome.problem
    return found


def _tried(result: _Result, at: datetime) -> Tried:
    row, outcome, seconds = result.claimed.row, result.outcome, result.seconds
    if isinstance(outcome, Sent):
        return Tried(DeliveryState.DELIVERED, "delivered", status=outcome.status, seconds=seconds)
    problem = outcome.problem
    if isinstance(outcome, Refused):
        return Tried(DeliveryState.DEAD, "refused", problem, problem, status=outcome.status, seconds=seconds)
    pause = wait(row.attempts + 1, row.uid.bytes)
    if pause is None:
        return Tried(DeliveryState.DEAD, "retry", problem, "gave_up", status=outcome.status, seconds=seconds)
    again = at + max(pause, timedelta(seconds=outcome.after_seconds or 0))
    return Tried(DeliveryState.WAITING, "retry", problem, problem, min(again, row.expires_at), outcome.status, seconds)


def _mark_sent(session: WriteSession, rows: Sequence[Row[Any]], now: datetime) -> None:
    """A push gateway has taken these prompts. One that the person opened meanwhile stays opened and gets the row."""
    told = [(row.enrollment_id, row.subject) for row in rows if row.kind == "prompt"]
    locked = {(one.enrollment_id, one.uid): one for one in prompts.lock_by_uid(session, set(told))}
    states = {name: PromptState(one.state) for name, one in locked.items()}
    moves = []
    for name in told:  # twice where a study has two gateways: each receipt is a row
        if name in locked and (states[name], Event.SEND) in TRANSITIONS:
            prompt = locked[name]
            moves.append(moved(prompt, Event.SEND, now=now, actor="system", before=states[name], sent_at=prompt.sent_at or now))
            states[name] = moves[-1].to_state
    prompts.apply_moves(session, moves)
