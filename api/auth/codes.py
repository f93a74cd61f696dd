"""Enrollment codes: read aloud, typed by hand, used once.

A code is `LOOKUP-SECRET`. The look-up part finds the row, so that tries can be counted; only a hash of the secret part is stored.
A try is counted and committed before the secret is looked at, so parallel guesses cannot pass the limit. Every call here takes some
20 ms and 19 MiB: never on the event loop.
"""

import re
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any, Final, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Row

from api.settings import ApiSettings
from models.errors import Gone, Unauthenticated
from models.ids import new_code
from models.queries import device as queries
from models.session import Sessions

LOOKUP_LENGTH: Final = 4
SECRET_LENGTH: Final = 6
"""29 bits: five tries against every code alive find one once in a hundred million."""

HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""argon2id with the least memory that OWASP advises for two passes."""

_AT_ONCE = BoundedSemaphore(4)
_TEXT: Final = re.compile(rf"^([A-Z0-9]{{{LOOKUP_LENGTH}}})-?([A-Z0-9]{{{SECRET_LENGTH}}})$")
_NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$YnJlYWt3YXRlci1ub2JvZHk$3mBFpqNuKLVCxrq9uCRVGBEDFkOc2D0HDdGl0eBC4mE"
"""Checked where there is no such code, so that a wrong look-up part takes as long as a wrong secret."""


class MadeCode(NamedTuple):
    """`code` is shown once; the rest is stored."""

    code: str
    lookup: str
    secret_hash: str


def make_code(_settings: ApiSettings) -> MadeCode:
    """A new code. Look-up parts may repeat one that is stored: `models.queries.device.lookup_taken` tells."""
    lookup, secret = new_code(LOOKUP_LENGTH), new_code(SECRET_LENGTH)
    with _AT_ONCE:
        return MadeCode(f"{lookup}-{secret}", lookup, HASHER.hash(secret))


def check_code(sessions: Sessions, settings: ApiSettings, code: str, *, system_now: datetime) -> Row[Any]:
    """The row of a code whose secret is right and which may still be used; using it up is the caller's work.

    Raises Unauthenticated (`code_wrong`) whatever is wrong with the text, Gone (`code_locked`, `code_spent`, `code_expired`) where
    the code can never work again.
    """
    parts = _TEXT.match(re.sub(r"\s", "", code).upper())
    row = None
    if parts is not None:
        with sessions.transaction() as session:
            row = queries.count_try(session, parts[1])
    right = _matches(parts[2] if parts else code, row.secret_hash if row is not None else _NOBODY)
    if row is not None and row.tries > settings.code_tries:
        raise Gone("code_locked", "This code was tried too often. Ask for another one.")
    if row is None or not right:
        raise Unauthenticated("code_wrong", "This code is not right. Check each letter, or ask for another one.")
    if row.used_at is not None:
        raise Gone("code_spent", "This code was used. Ask for another one.")
    if row.expires_at <= system_now:
        raise Gone("code_expired", "This code has run out. Ask for another one.")
    return row


def _matches(secret: str, secret_hash: str) -> bool:
    with _AT_ONCE:
        try:
            return HASHER.verify(secret_hash, secret)
        except VerificationError:
            return False
