"""A staff bearer token -> Viewer.

Tokens are opaque, stored as sha256, and end after 30 minutes without use or 12 hours in any case (system time). Grants are read
again at every request, so what was taken away is gone at once.
"""

import hashlib
from datetime import timedelta
from typing import Annotated, Final

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.deps import TheHouse
from models.access import Viewer
from models.errors import Forbidden, Unauthenticated
from models.queries.staff import grants_of, session_holder, touch_session

PREFIX: Final = "bws"
TOUCH_EVERY: Final = timedelta(seconds=60)
"""Last use is written at most once a minute, so that reading does not mean writing; a session may end up to a minute early."""

_bearer = HTTPBearer(scheme_name="staff", description="The token of POST /v1/staff/session.", auto_error=False)

StaffToken = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def signed_in(house: TheHouse, token: StaffToken) -> Viewer:
    """Who asks, also while the password must still be changed."""
    if token is None or not token.credentials.startswith(PREFIX + "_"):
        raise Unauthenticated("not_signed_in", "Sign in first.")
    now = house.clock.system()
    with house.sessions.reading() as session:
        row = session_holder(session, digest_of(token.credentials))
        if row is None or row.revoked_at is not None or row.disabled_at is not None:
            raise Unauthenticated("not_signed_in", "Sign in first.")
        idle = now - row.last_used_at
        if now >= row.ends_at or idle >= timedelta(seconds=house.settings.staff_idle_seconds):
            raise Unauthenticated("session_ended", "The session has ended; sign in again.")
        grants = grants_of(session, row.id, now=now)
    if idle >= TOUCH_EVERY:
        with house.sessions.transaction() as session:
            touch_session(session, row.session_id, now=now)
    return Viewer(kind="staff", uid=row.uid, staff_id=row.id, grants=grants, must_change=row.must_change)


AnyStaff = Annotated[Viewer, Depends(signed_in)]
"""Only for changing the password and signing out."""


def settled(viewer: Viewer) -> Viewer:
    """The same viewer. Raises Forbidden until a password that was given once has been replaced."""
    if viewer.must_change:
        raise Forbidden("password_change_needed", "Replace the password you were given: PUT /v1/staff/password.")
    return viewer


async def staff_viewer(viewer: AnyStaff) -> Viewer:
    """Who asks, as `settled`. It waits for nothing, so it needs no thread of its own."""
    return settled(viewer)


StaffViewer = Annotated[Viewer, Depends(staff_viewer)]
