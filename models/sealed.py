"""Sealed columns: AES-256-GCM under a data key for each participant, itself wrapped by a key-encryption key.

The associated data binds a ciphertext to its table, column and row, so that one row's secret cannot be moved to another.
Deleting a participant's data key shreds everything sealed under it.
Layout of a sealed value: 1 byte layout (1), 4 bytes name of the key, 12 bytes nonce, ciphertext, 16 bytes tag. So every sealed
cell says which key it needs, and a rotation can find what is still under an old one.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from models.errors import Gone, Problem

LAYOUT = b"\x01"
NAME_BYTES = 4
NONCE_BYTES = 12
_HEAD = len(LAYOUT) + NAME_BYTES


class Unsealable(Problem):
    """A sealed value does not open under its key: it was moved, changed, or the key is another."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The keys of an installation, read from `secrets.toml`. `key_id` names the active key-encryption key."""

    key_id: str
    encryption: dict[str, bytes]
    audit: bytes
    token: bytes
    export: bytes
    index: bytes

    def fingerprint(self) -> str:
        """Stored in the database; another fingerprint refuses to start."""
        material = b"".join(self.encryption[name] for name in sorted(self.encryption)) + self.audit + self.token + self.export + self.index
        return hashlib.sha256(b"breakwater-fingerprint" + material).hexdigest()[:32]


def place(table: str, column: str, row: str) -> bytes:
    """The associated data of one cell."""
    return f"{table}/{column}/{row}".encode()


def key_name(key: bytes) -> bytes:
    """Four bytes that name a key and tell nothing about it."""
    return hashlib.sha256(b"breakwater-key-name" + key).digest()[:NAME_BYTES]


def seal(data_key: bytes, plain: bytes, where: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return LAYOUT + key_name(data_key) + nonce + AESGCM(data_key).encrypt(nonce, plain, where)


def unseal(data_key: bytes, sealed: bytes, where: bytes) -> bytes:
    """The plain bytes. Raises Unsealable where layout, key, place or content do not fit."""
    if len(sealed) < _HEAD + NONCE_BYTES or sealed[: len(LAYOUT)] != LAYOUT or sealed[len(LAYOUT) : _HEAD] != key_name(data_key):
        raise Unsealable("unsealable", "a sealed value names another key or layout")
    try:
        return AESGCM(data_key).decrypt(sealed[_HEAD : _HEAD + NONCE_BYTES], sealed[_HEAD + NONCE_BYTES :], where)
    except InvalidTag:
        raise Unsealable("unsealable", "a sealed value does not open under its key") from None


def wrap(keys: Keys, plain: bytes, where: bytes) -> bytes:
    """A key under the active key-encryption key."""
    return seal(keys.encryption[keys.key_id], plain, where)


def unwrap(keys: Keys, wrapped: bytes | None, key_id: str, where: bytes) -> bytes:
    """Raises Gone where the key was shredded, Unsealable where it does not open."""
    if wrapped is None:
        raise Gone("erased", "The identifiers of this person were erased.")
    if key_id not in keys.encryption:
        raise Unsealable("key_missing", f"the key {key_id} is not in secrets.toml")
    return unseal(keys.encryption[key_id], wrapped, where)


def person_key(keys: Keys, wrapped: bytes | None, key_id: str, participant_uid: str) -> bytes:
    """The data key of a participant."""
    return unwrap(keys, wrapped, key_id, place("participant", "data_key", participant_uid))


def plan_key(keys: Keys, wrapped: bytes, key_id: str, enrollment_uid: str) -> bytes:
    """The key that the phone holds too."""
    return unwrap(keys, wrapped, key_id, place("enrollment", "plan_key", enrollment_uid))


def randomization_key(keys: Keys, wrapped: bytes, key_id: str, enrollment_uid: str) -> bytes:
    """The key that never leaves the server."""
    return unwrap(keys, wrapped, key_id, place("enrollment", "randomization_key", enrollment_uid))


def blind(keys: Keys, kind: str, value: str) -> bytes:
    """A keyed digest to look a sealed value up by."""
    return hmac.new(keys.index, f"{kind}/{value}".encode(), hashlib.sha256).digest()
