"""Passwords of staff: argon2id, never on the event loop, at most two at a time.

One verification takes about 20 ms and 19 MiB (m = 19 MiB, t = 2, p = 1). Without the limit, forty waiting threads would take
760 MiB, and sign-in would be a way to stop the house.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from models.errors import Busy, Fault, Invalid

SHORTEST: Final = 12
LONGEST: Final = 200
FEWEST_SYMBOLS: Final = 5
WAIT_SECONDS: Final = 5.0

DECOY: Final = "$argon2id$v=19$m=19456,t=2,p=1$TCOlHH/oVGILwU4qDbhtNA$u74JOFdjmBjFzP8Q+lKVLj5qMFgqIWpwXlWMWphMLKo"
"""Verified for a login that does not exist, so that the reply takes as long. No password is known to fit it."""

_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_slots: Final = BoundedSemaphore(2)


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise Busy("sign_in_busy", "Too many people are signing in; try again in a moment.")
    try:
        yield
    finally:
        _slots.release()


def hash_password(password: str) -> str:
    """The argon2id hash to store. Call it from a thread, never from a coroutine, and outside a transaction."""
    with _slot():
        return _hasher.hash(password)


def fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one. None (no such login) and a hash that is none take as long and never fit."""
    with _slot():
        try:
            _hasher.verify(password_hash or DECOY, password)
        except InvalidHashError:
            _verify_decoy(password)
            return False
        except Argon2Error:
            return False
    return password_hash is not None


def _verify_decoy(password: str) -> None:
    try:
        _hasher.verify(DECOY, password)
    except Argon2Error:
        return


def outdated(password_hash: str) -> bool:
    """True where the hash was made with other costs than today's."""
    return _hasher.check_needs_rehash(password_hash)


def require_strong(password: str, *, login: str, pointer: str) -> None:
    """Raises Invalid with the broken rule; the message never holds the password."""
    faults = []
    if not SHORTEST <= len(password) <= LONGEST:
        faults.append(Fault(pointer, "password_length", f"Between {SHORTEST} and {LONGEST} characters."))
    elif len(set(password)) < FEWEST_SYMBOLS:
        faults.append(Fault(pointer, "password_too_plain", f"At least {FEWEST_SYMBOLS} different characters."))
    elif login.casefold() in password.casefold():
        faults.append(Fault(pointer, "password_holds_login", "The password must not hold the login."))
    if faults:
        raise Invalid("invalid", "The password breaks the rules named in errors.", faults)
