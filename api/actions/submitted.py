"""What became of a submission, for whoever replies."""

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Row

from models.definition.disclose import Disclosed
from models.errors import Problem
from models.kinds import DecisionStatus


class Shown(Protocol):
    """What a reply reads of a decision: of its row, or of what was decided just now."""

    @property
    def uid(self) -> UUID: ...
    @property
    def reason(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def content_code(self) -> str | None: ...
    @property
    def scene_id(self) -> int | None: ...
    @property
    def scene_version(self) -> int | None: ...
    @property
    def protocol_version_id(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Submitted:
    """What the reply is made of. `receipt` is the first one, byte for byte; `decision` a row, or None while it is pending."""

    receipt: bytes
    created: bool
    response_id: int
    enrollment: Row[Any]
    version_id: int
    decision: Shown | None
    status: DecisionStatus
    disclosed: tuple[Disclosed, ...]
    language: str | None
    """In which the phone asked, and is answered."""
    high: bool
    """A high craving answer: the screen says plainly whether anyone reads it (safety.md rule 5)."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal of something that disclosed: the phone shows the crisis or help page before it shows what was wrong."""

    problem: Problem
    disclosed: tuple[Disclosed, ...]
    enrollment: Row[Any]
    version_id: int
    language: str | None


Result = Submitted | Refused | Exception
