"""Slots: what a prompt is about, however often its time changes. Its id is derived, by us and by a phone that is offline."""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("0d7c1f0a-7a51-5b0e-9f43-6a1f0c9be2d4")
"""Namespace of every prompt id. Phones hold the same constant; it never changes."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a prompt in its design: local date and index, or the response that a follow-up follows."""

    local_date: date
    index: int
    source: UUID | None = None

    @property
    def name(self) -> str:
        """Unique within enrollment and design.

        >>> Slot(date(2026, 3, 8), 1).name
        '2026-03-08.1'
        """
        return f"source.{self.source}" if self.source else f"{self.local_date.isoformat()}.{self.index}"


def prompt_uid(enrollment_uid: UUID, design: str, local_date: date, index: int) -> UUID:
    """The id of a planned prompt: UUID version 5 of `enrollment/design/date/index`.

    >>> prompt_uid(UUID(int=1), "signal", date(2026, 3, 8), 0)
    UUID('4c3bffe4-3aec-5ed9-a9eb-425f31638359')
    """
    return uuid5(NAMESPACE, f"{enrollment_uid}/{design}/{local_date.isoformat()}/{index}")


def follow_up_uid(enrollment_uid: UUID, design: str, source: UUID) -> UUID:
    """The id of the one prompt that a design may plan after this response: UUID version 5 of `enrollment/design/source/id`."""
    return uuid5(NAMESPACE, f"{enrollment_uid}/{design}/source/{source}")


def source_index(source: UUID) -> int:
    """A 31-bit number for a follow-up's slot, where a column wants one; the slot's name is what is unique."""
    return int.from_bytes(hashlib.sha256(source.bytes).digest()[:4], "big") >> 1
