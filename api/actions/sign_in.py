"""Staff sign in, change their password, and get a new one from the command line."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from threading import Lock
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from api.auth.passwords import fits, hash_password, outdated, require_strong
from api.auth.staff import PREFIX, digest_of
from api.deps import House
from models.access import Viewer
from models.errors import Fault, Invalid, Missing, Problem, TooMany, Unauthenticated
from models.ids import new_password, new_token
from models.queries.audit import SYSTEM_CHAIN, Act, append
from models.queries.staff import (
    add_session,
    claim_try,
    end_sessions,
    forget_tries,
    set_password,
    staff_by_login,
    staff_by_uid,
    wait_after,
)
from models.sealed import Keys, blind
from models.session import Sessions

STRANGERS: Final = 10_000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`token` is shown once; `ends_at` is the absolute limit."""

    token: str = field(repr=False)
    staff_uid: UUID
    must_change: bool
    ends_at: datetime


@dataclass(slots=True)
class _Strangers:
    """Failed tries of logins that do not exist, so that waiting does not tell which do. In memory, the oldest are forgotten."""

    lock: Lock = field(default_factory=Lock)
    tries: OrderedDict[bytes, tuple[int, datetime | None]] = field(default_factory=OrderedDict)

    def claim(self, login: bytes, now: datetime) -> timedelta | None:
        with self.lock:
            count, until = self.tries.pop(login, (0, None))
            resting = until is not None and until > now
            if not resting:
                count += 1
                wait = wait_after(count)
                until = None if wait is None else now + wait
            self.tries[login] = (count, until)
            if len(self.tries) > STRANGERS:
                self.tries.popitem(last=False)
            return until - now if resting and until is not None else None


def login_of(text: str) -> str:
    """A login as it is stored: no spaces around it, lower case."""
    return text.strip().casefold()


def sign_in(house: House, login: str, password: str) -> SignedIn:
    """A new session. Raises Unauthenticated whatever was wrong, TooMany while the login rests; both say the same of unknown logins."""
    login, now = login_of(login), house.clock.system()
    with house.sessions.reading() as session:
        row = staff_by_login(session, login)
    wait = _claim(house, row, login, now)
    if wait is not None:
        raise _resting(wait)
    right = fits(row.password_hash if row is not None else None, password)
    if row is None or not right or row.disabled_at is not None:
        if row is not None:
            _note(house, row.uid, "sign_in_refused", now)
        raise Unauthenticated("sign_in_refused", "Login and password do not fit.")
    renewed = hash_password(password) if outdated(row.password_hash) else None
    token = new_token(PREFIX)
    ends_at = now + timedelta(seconds=house.settings.staff_session_seconds)
    with house.sessions.transaction() as session:
        if renewed is not None:
            set_password(session, row.id, renewed, must_change=row.must_change)
        forget_tries(session, row.id)
        add_session(session, digest=digest_of(token), staff_id=row.id, now=now, ends_at=ends_at)
        append(session, house.keys, SYSTEM_CHAIN, [_act(row.uid, "sign_in", now)])
    return SignedIn(token, row.uid, row.must_change, ends_at)


def change_password(house: House, viewer: Viewer, token: str, *, old: str, new: str) -> None:
    """Replaces the viewer's password and ends every other session of the viewer."""
    assert viewer.staff_id is not None
    assert viewer.uid is not None
    now = house.clock.system()
    with house.sessions.reading() as session:
        row = staff_by_uid(session, viewer.uid)
    if row is None:
        raise Missing("not_found", "There is no such person.")
    wait = _claim(house, row, row.login, now)
    if wait is not None:
        raise _resting(wait)
    if not fits(row.password_hash, old):
        raise Invalid("invalid", "The old password is not right.", (Fault("/old", "old_password_wrong", "The old password is not right."),))
    require_strong(new, login=row.login, pointer="/new")
    if old == new:
        raise Invalid(
            "invalid", "The password breaks the rules named in errors.", (Fault("/new", "password_unchanged", "Another one than the old."),)
        )
    new_hash = hash_password(new)
    with house.sessions.transaction() as session:
        set_password(session, viewer.staff_id, new_hash, must_change=False)
        end_sessions(session, viewer.staff_id, now=now, keep=digest_of(token))
        append(session, house.keys, SYSTEM_CHAIN, [_act(viewer.uid, "password_changed", now)])


def reset_password(sessions: Sessions, keys: Keys, login: str, *, now: datetime) -> str:
    """A one-time password for someone who lost theirs: for the command line. Ends every session of that person."""
    one_time = new_password()
    one_time_hash = hash_password(one_time)
    with sessions.transaction() as session:
        row = staff_by_login(session, login_of(login))
        if row is None:
            raise Missing("not_found", "There is no such login.")
        set_password(session, row.id, one_time_hash, must_change=True)
        end_sessions(session, row.id, now=now)
        append(session, keys, SYSTEM_CHAIN, [Act(now, "system", "password_reset", "staff", str(row.uid))])
    return one_time


def _claim(house: House, row: Row[Any] | None, login: str, now: datetime) -> timedelta | None:
    if row is None:
        strangers: _Strangers = house.notes.setdefault("sign_in", _Strangers())
        return strangers.claim(blind(house.keys, "login", login), now)
    with house.sessions.transaction() as session:
        return claim_try(session, row.id, now=now)


def _resting(wait: timedelta) -> Problem:
    problem = TooMany("too_many_tries", "Too many wrong tries; wait before the next one.")
    problem.retry_after_seconds = max(1, ceil(wait.total_seconds()))
    return problem


def _note(house: House, staff_uid: UUID, action: str, now: datetime) -> None:
    with house.sessions.transaction() as session:
        append(session, house.keys, SYSTEM_CHAIN, [_act(staff_uid, action, now)])


def _act(staff_uid: UUID, action: str, now: datetime) -> Act:
    return Act(now, f"staff:{staff_uid}", action, "staff", str(staff_uid))
