"""From a phone's access token to a Viewer.

A digest that was looked up is trusted for a few seconds; a miss is one read in a thread. The batch that stores answers asks
`live_digests` again in its own transaction, so there a revocation is exact.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from api.auth.device_tokens import digest_of
from api.deps import House
from models.access import Viewer
from models.errors import Gone, Unauthenticated
from models.queries.device import TokenRow, live_tokens
from models.session import ReadSession

SCHEME: Final = HTTPBearer(auto_error=False, scheme_name="device", description="A phone's access token, `bwa_...`.")
KEPT: Final = 10_000
"""Digests remembered at once; the cache is emptied where it would grow past that."""

Given = Annotated[HTTPAuthorizationCredentials | None, Security(SCHEME)]


@dataclass(slots=True)
class _Cache:
    """Digest -> row and the monotonic second until which it is trusted. Single dict operations, so threads need no lock."""

    rows: dict[bytes, tuple[TokenRow, float]] = field(default_factory=dict)

    def get(self, digest: bytes) -> TokenRow | None:
        found = self.rows.get(digest)
        return found[0] if found is not None and found[1] > time.monotonic() else None

    def keep(self, row: TokenRow, seconds: float) -> None:
        if len(self.rows) >= KEPT:
            self.rows.clear()
        self.rows[row.digest] = (row, time.monotonic() + seconds)


def live_digests(session: ReadSession, digests: Collection[bytes], *, now: datetime) -> Mapping[bytes, TokenRow]:
    """The access tokens that hold at `now` (system time): neither revoked nor expired, phone and family included. One statement."""
    return live_tokens(session, digests, now=now)


def forget_tokens(house: House) -> None:
    """Empties the cache of this process, after a revocation."""
    _cache(house).rows.clear()


def _cache(house: House) -> _Cache:
    cache: _Cache = house.notes.setdefault(__name__, _Cache())
    return cache


async def _token(request: Request, given: Given) -> TokenRow:
    """The row of the request's token. Leaves `token_digest` and `protocol_version_id` in `request.scope` for the hot path."""
    if given is None:
        raise Unauthenticated("token_missing", "Send the phone's access token: Authorization: Bearer.")
    house: House = request.app.state.house
    digest, now, cache = digest_of(given.credentials), house.clock.system(), _cache(house)
    row = cache.get(digest)
    if row is None:
        row = await run_in_threadpool(_look_up, house, digest, now)
        if row is not None:
            cache.keep(row, house.settings.token_cache_seconds)
    if row is None or row.expires_at <= now:
        raise Unauthenticated("token_ended", "This access token has ended; refresh it.")
    request.scope["token_digest"] = digest
    request.scope["protocol_version_id"] = row.protocol_version_id
    return row


def _look_up(house: House, digest: bytes, now: datetime) -> TokenRow | None:
    with house.sessions.reading() as session:
        return live_digests(session, {digest}, now=now).get(digest)


async def participant_viewer(row: Annotated[TokenRow, Depends(_token)]) -> Viewer:
    """Who asks. Raises Gone (`collection_stopped`) for someone who left."""
    if not row.collects:
        raise Gone("collection_stopped", "You have left the study; nothing more is collected. Help and your own data stay open.")
    return row.viewer()


async def own_viewer(row: Annotated[TokenRow, Depends(_token)]) -> Viewer:
    """Who asks, also after leaving: for help, for leaving further and for reading what is held."""
    return row.viewer()


async def viewer_of(request: Request) -> Viewer:
    """`own_viewer` for a route that reads its own request."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    given = HTTPAuthorizationCredentials(scheme=scheme, credentials=credentials) if scheme.lower() == "bearer" and credentials else None
    return (await _token(request, given)).viewer()


ParticipantViewer = Annotated[Viewer, Depends(participant_viewer)]
OwnViewer = Annotated[Viewer, Depends(own_viewer)]
