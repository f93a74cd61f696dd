"""Canonical JSON: one text for one value, so that checksums survive the database."""

import hashlib
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> bytes:
    """UTF-8 JSON with sorted members and no spaces. Datetimes become ISO 8601 with `Z`."""
    return _encoder.encode(value)


def parse(raw: bytes | str) -> Any:
    return msgspec.json.decode(raw)


def digest(value: Any) -> bytes:
    """sha256 of the canonical form, 32 bytes."""
    return hashlib.sha256(canonical(value)).digest()


def digest_hex(value: Any) -> str:
    return digest(value).hex()
