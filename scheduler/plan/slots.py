"""Slots: what a prompt is about, however often its time changes. Its id is derived, by us and by a phone that is offline."""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID, SafeUUID

NAMESPACE: Final = UUID("0d7c1f0a-7a51-5b0e-9f43-6a1f0c9be2d4")
"""Namespace of every prompt id. Phones hold the same constant; it never changes."""

_PREFIX: Final = hashlib.sha1(NAMESPACE.bytes)  # noqa: S324  # RFC 4122 says SHA-1; nothing is kept secret by it
_VERSION_MASK: Final = ~((0xF000 << 64) | (0xC000 << 48))
_VERSION_5: Final = (5 << 76) | (0x8000 << 48)
_SAFE: Final = SafeUUID.unknown
_new, _int, _is_safe = object.__new__, UUID.__dict__["int"].__set__, UUID.__dict__["is_safe"].__set__


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """The place of a prompt in its design: local date and index, the response that a follow-up follows, or index from an anchor.

    `anchor` is the anchor's instant in whole seconds since 1970.
    """

    local_date: date
    index: int
    source: UUID | None = None
    anchor: int | None = None

    @property
    def name(self) -> str:
        """Unique within enrollment and design.

        >>> Slot(date(2026, 3, 8), 1).name
        '2026-03-08.1'
        """
        if self.anchor is not None:
            return f"from.{self.anchor}.{self.index}"
        return f"source.{self.source}" if self.source else f"{self.local_date.isoformat()}.{self.index}"


def prompt_uid(enrollment_uid: UUID, design: str, local_date: date, index: int) -> UUID:
    """The id of a planned prompt: UUID version 5 of `enrollment/design/date/index`.

    >>> prompt_uid(UUID(int=1), "signal", date(2026, 3, 8), 0)
    UUID('4c3bffe4-3aec-5ed9-a9eb-425f31638359')
    """
    return named(f"{enrollment_uid}/{design}/{local_date.isoformat()}/{index}")


def follow_up_uid(enrollment_uid: UUID, design: str, source: UUID) -> UUID:
    """The id of the one prompt that a design may plan after this response: UUID version 5 of `enrollment/design/source/id`."""
    return named(f"{enrollment_uid}/{design}/source/{source}")


def interval_uid(enrollment_uid: UUID, design: str, anchor: int, index: int) -> UUID:
    """The id of a prompt at an interval from an anchor: UUID version 5 of `enrollment/design/from/anchor/index`."""
    return named(f"{enrollment_uid}/{design}/from/{anchor}/{index}")


def named(name: str) -> UUID:
    """`uuid5(NAMESPACE, name)`.

    >>> from uuid import uuid5
    >>> named("signal") == uuid5(NAMESPACE, "signal")
    True
    """
    return derived(prefix(name), b"")


def prefix(name: str) -> "hashlib._Hash":
    """What `derived` wants of a name, or of its beginning, hashed as far as it goes."""
    begun = _PREFIX.copy()
    begun.update(name.encode())
    return begun


def derived(begun: "hashlib._Hash", end: bytes) -> UUID:
    """`named`, the name in two parts and in a quarter of the time of `uuid5`: a plan of a crowd spends most of its time on ids."""
    whole = begun.copy()
    whole.update(end)
    # What unpickling a UUID does; its constructor spends as long on its arguments as the hash takes.
    made = _new(UUID)
    _int(made, int.from_bytes(whole.digest()[:16], "big") & _VERSION_MASK | _VERSION_5)
    _is_safe(made, _SAFE)
    return made


def source_index(source: UUID) -> int:
    """A 31-bit number for a follow-up's slot, where a column wants one; the slot's name is what is unique."""
    return int.from_bytes(hashlib.sha256(source.bytes).digest()[:4], "big") >> 1
