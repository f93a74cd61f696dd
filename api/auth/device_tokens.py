"""Tokens of phones as text: opaque access tokens, derived refresh tokens, and the proof that a phone holds its key.

A refresh token of generation n is `bwr_<family>_<n>_<mac>` with mac = HMAC-SHA256(token key, family, n): nothing is stored for it, and a
reply that was lost can be given again.
"""

import binascii
import hashlib
import hmac
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from models.errors import Fault, Invalid
from models.ids import new_token
from models.sealed import Keys

ACCESS_PREFIX: Final = "bwa"
REFRESH_PREFIX: Final = "bwr"
PROOF_CONTEXT: Final = b"breakwater-refresh"


@dataclass(frozen=True, slots=True)
class Refresh:
    """What a refresh token names. Its mac was not looked at yet."""

    family: UUID
    generation: int
    mac: str


def new_access_token() -> str:
    """256 bits, `bwa_...`."""
    return new_token(ACCESS_PREFIX)


def digest_of(token: str) -> bytes:
    """What is stored of an access token: sha256, 32 bytes."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def refresh_token(keys: Keys, family: UUID, generation: int) -> str:
    """The refresh token of a generation; the same one each time."""
    return f"{REFRESH_PREFIX}_{family.hex}_{generation}_{_mac(keys, family, generation)}"


def _mac(keys: Keys, family: UUID, generation: int) -> str:
    message = b"refresh\n" + family.bytes + generation.to_bytes(8, "big")
    return urlsafe_b64encode(hmac.digest(keys.token, message, hashlib.sha256)).decode().rstrip("=")


def read_refresh(keys: Keys, text: str) -> Refresh | None:
    """What a refresh token of ours names; None where we have not made it."""
    try:
        prefix, family, generation, mac = text.split("_", 3)
        found = Refresh(UUID(hex=family), int(generation), mac)
        canonical = refresh_token(keys, found.family, found.generation)
    except (ValueError, OverflowError):
        return None
    ours = prefix == REFRESH_PREFIX and hmac.compare_digest(canonical.encode(), text.encode("utf-8", "replace"))
    return found if ours else None


def proof_holds(public_key: bytes, rotation_id: UUID, token: str, proof: str | None) -> bool:
    """Whether `proof` (base64url of a DER ECDSA signature, SHA-256) was made with the phone's key.

    Signed are the bytes `breakwater-refresh\\n<rotation id, lower case with hyphens>\\n<refresh token>`.
    """
    if proof is None:
        return False
    message = b"\n".join([PROOF_CONTEXT, str(rotation_id).encode(), token.encode("utf-8", "replace")])
    try:
        signature = urlsafe_b64decode(proof + "=" * (-len(proof) % 4))
        _p256(public_key).verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def read_public_key(text: str, pointer: str) -> bytes:
    """SubjectPublicKeyInfo (DER) of a P-256 key given as PEM or as base64 of DER. Raises Invalid (`public_key`)."""
    try:
        if "-----BEGIN" in text:
            key = serialization.load_pem_public_key(text.encode())
        else:
            key = serialization.load_der_public_key(b64decode(text, validate=True))
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("another kind of key")
    except (ValueError, TypeError, binascii.Error, UnsupportedAlgorithm):
        fault = Fault(pointer, "public_key", "A P-256 public key, as PEM or as base64 of its SubjectPublicKeyInfo (DER).")
        raise Invalid("invalid", "The device's public key cannot be read.", (fault,)) from None
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _p256(der: bytes) -> ec.EllipticCurvePublicKey:
    key = serialization.load_der_public_key(der)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError("another kind of key")
    return key
