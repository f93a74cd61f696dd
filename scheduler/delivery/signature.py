"""Signatures of Standard Webhooks 1.0, scheme v1: HMAC-SHA256 over `id.timestamp.body`. Pure."""

import base64
import binascii
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from models.errors import Fault, Invalid

PREFIX: Final = "whsec_"
LEAST_BYTES: Final = 24
MOST_BYTES: Final = 64


def secret(raw: bytes) -> str:
    """A secret as it is shown once to the receiver's operator: `whsec_` and base64.

    >>> secret(bytes(24))
    'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
    """
    return PREFIX + base64.b64encode(raw).decode()


def key_of(text: str) -> bytes:
    """The key in a secret. Raises `Invalid` (`webhook_secret`) unless it is `whsec_` and base64 of 24 to 64 bytes."""
    try:
        raw = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raw = b""
    if not text.startswith(PREFIX) or not LEAST_BYTES <= len(raw) <= MOST_BYTES:
        message = f"A secret is `{PREFIX}` and base64 of {LEAST_BYTES} to {MOST_BYTES} bytes."
        raise Invalid("webhook_secret", message, (Fault("/secret", "webhook_secret", message),))
    return raw


def headers(uid: str, at: datetime, body: bytes, secrets: Sequence[str]) -> dict[str, str]:
    """The three headers of an attempt. With several secrets there is a signature by each, so a receiver can rotate without a gap."""
    timestamp = str(int(at.timestamp()))
    signed = f"{uid}.{timestamp}.".encode() + body
    signatures = (base64.b64encode(hmac.digest(key_of(one), signed, "sha256")).decode() for one in secrets)
    return {
        "webhook-id": uid,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{one}" for one in signatures),
    }
