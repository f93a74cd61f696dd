"""A channel that stays in this process: the staff inbox, and whatever a test or a rehearsal wants to look at."""

from collections import OrderedDict
from threading import Lock
from uuid import UUID

from scheduler.delivery.port import Envelope, Outcome, Sent


class Memory:
    """Keeps the newest envelopes, one for each uid, and calls every one sent.

    For the channel `inbox` that is the truth: staff read the alert's own row, so the promise is kept when it is stored.
    """

    def __init__(self, kept: int = 10_000) -> None:
        self._kept = kept
        self._lock = Lock()
        self._envelopes: OrderedDict[UUID, Envelope] = OrderedDict()
        self.tries = 0

    def send(self, envelope: Envelope) -> Outcome:
        with self._lock:
            self.tries += 1
            self._envelopes[envelope.uid] = envelope
            if len(self._envelopes) > self._kept:
                self._envelopes.popitem(last=False)
        return Sent()

    @property
    def envelopes(self) -> tuple[Envelope, ...]:
        """What was told, each promise once, oldest first."""
        with self._lock:
            return tuple(self._envelopes.values())
