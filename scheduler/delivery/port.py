"""The port between promises and channels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a webhook goes. `secrets` are `whsec_…`, newest first; while two are listed, both sign."""

    uid: UUID
    url: str
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One promise, ready to go. `uid` is the same at every attempt: a receiver that has seen it may forget the copy.

    `at` is the system time of this attempt; after `expires_at` (system time) telling is useless.
    """

    uid: UUID
    kind: str
    subject: UUID
    recipient: str
    body: bytes
    at: datetime
    expires_at: datetime
    endpoint: Endpoint | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The receiver has it. `status` is the receiver's own code, where it has one."""

    status: int | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now. `problem` is the kind of failure; `after_seconds` is what the receiver asked for, never less than the schedule."""

    problem: str
    status: int | None = None
    after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Never. `ended` says that the receiver wants nothing more at all."""

    problem: str
    status: int | None = None
    ended: bool = False


Outcome = Sent | Retry | Refused


class Channel(Protocol):
    """One way to tell someone. Raises nothing: every failure is an outcome. Called from several threads."""

    def send(self, envelope: Envelope) -> Outcome: ...


Channels = Mapping[str, Channel]
"""Channel by the name that a delivery carries. A name without a channel ends as dead, `no_channel`."""
