"""The group-commit writer: one thread, bounded lanes, batches of up to 64, one commit, then the answers.

Generic: what an operation means is `apply`, passed in. Batches form under load by themselves; there is no timer.
A batch that fails is redone one by one, each in a fresh transaction, so that one bad operation fails alone.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from threading import Condition, Thread
from typing import Generic, TypeVar

import structlog

from models.errors import Busy
from models.session import Sessions, WriteSession

log = structlog.get_logger("writer")

T = TypeVar("T")
R = TypeVar("R")

BATCH = 64
LOW_SHARE = 16
"""Places in each batch that the low lane may always use, so that uploads finish under load."""


class Lane(IntEnum):
    """Safety is never shed; low is for uploads of phones that were offline."""

    SAFETY = 0
    NORMAL = 1
    LOW = 2


CAPACITY: Mapping[Lane, int] = {Lane.NORMAL: 2048, Lane.LOW: 1024}

Done = Callable[[R | Exception], None]


@dataclass(slots=True)
class _Entry(Generic[T, R]):
    operation: T
    done: Done[R]


def _resolve(results: Sequence[tuple[Done[R], R | Exception]]) -> None:
    for done, result in results:
        done(result)


class Writer(Generic[T, R]):
    """Runs operations in batches on its own thread.

    `apply(session, operations)` gives one result or one exception for each operation, in order; what it raises
    fails the whole batch and starts the redo. `deliver` hands results back; an event loop may pass its own to wake once a batch.
    """

    def __init__(
        self,
        sessions: Sessions,
        apply: Callable[[WriteSession, Sequence[T]], Sequence[R | Exception]],
        *,
        capacity: Mapping[Lane, int] = CAPACITY,
        deliver: Callable[[Sequence[tuple[Done[R], R | Exception]]], None] = _resolve,
    ) -> None:
        self._sessions = sessions
        self._apply = apply
        self._capacity = capacity
        self._deliver = deliver
        self._lanes: dict[Lane, deque[_Entry[T, R]]] = {lane: deque() for lane in Lane}
        self._wake = Condition()
        self._stopping = False
        self._thread = Thread(target=self._run, name="writer", daemon=True)
        self.batches = 0
        self.redone = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float = 30) -> None:
        """Finishes what is queued, then ends the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        self._thread.join(timeout_seconds)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def waiting(self, lane: Lane) -> int:
        return len(self._lanes[lane])

    def submit(self, operation: T, done: Done[R], lane: Lane = Lane.NORMAL) -> None:
        """Queues an operation. Raises Busy where the lane is full; the safety lane never is."""
        with self._wake:
            limit = self._capacity.get(lane)
            if self._stopping or (limit is not None and len(self._lanes[lane]) >= limit):
                raise Busy("queue_full", "The server is busy; nothing was stored. Send the same request again.")
            self._lanes[lane].append(_Entry(operation, done))
            self._wake.notify()

    def _run(self) -> None:
        while batch := self._take():
            self.batches += 1
            results = self._perform(batch)
            try:
                self._deliver([(entry.done, result) for entry, result in zip(batch, results, strict=True)])
            except Exception:  # the rows are committed; a client that went away must not end the thread
                log.exception("writer.deliver_failed")

    def _take(self) -> list[_Entry[T, R]]:
        with self._wake:
            while not any(self._lanes.values()):
                if self._stopping:
                    return []
                self._wake.wait()
            batch: list[_Entry[T, R]] = []
            low = self._lanes[Lane.LOW]
            kept = min(len(low), LOW_SHARE)
            for lane in Lane:
                room = BATCH - len(batch) - (kept if lane is Lane.NORMAL else 0)
                queue = self._lanes[lane]
                batch.extend(queue.popleft() for _ in range(min(room, len(queue))))
            return batch

    def _perform(self, batch: Sequence[_Entry[T, R]]) -> Sequence[R | Exception]:
        try:
            with self._sessions.transaction() as session:
                results = self._apply(session, [entry.operation for entry in batch])
                if len(results) != len(batch):
                    raise ValueError("apply must give one result for each operation")  # else a client would wait forever
                return results
        except Exception as error:  # noqa: BLE001  # whatever it was, each operation gets its own try
            if len(batch) == 1:
                log.error("writer.operation_failed", kind=type(error).__name__)
                return [error]
            self.redone += 1
            log.warning("writer.batch_redone", size=len(batch), kind=type(error).__name__)
            return [self._perform([entry])[0] for entry in batch]
