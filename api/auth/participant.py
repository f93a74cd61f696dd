"""From a phone's access token to a Viewer.

A digest that was looked up is trusted for a few seconds; misses that wait together are one read in a thread. The batch that stores
answers asks `live_digests` again in its own transaction, so there a revocation is exact, however old what was remembered here is.
"""

import asyncio
import time
from asyncio import AbstractEventLoop, Future, Task
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final
from weakref import WeakKeyDictionary

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
class _Desk:
    """The digests that one event loop waits for, and the task that looks them up: one read at a time, for all that came meanwhile."""

    waiting: dict[bytes, "Future[TokenRow | None]"] = field(default_factory=dict)
    task: "Task[None] | None" = None


@dataclass(slots=True)
class _Cache:
    """Digest -> row and the monotonic second until which it is trusted. Single dict operations, so threads need no lock."""

    rows: dict[bytes, tuple[TokenRow, float]] = field(default_factory=dict)
    desks: "WeakKeyDictionary[AbstractEventLoop, _Desk]" = field(default_factory=WeakKeyDictionary)

    def get(self, digest: bytes, *, checked_again: bool) -> TokenRow | None:
        found = self.rows.get(digest)
        return found[0] if found is not None and (checked_again or found[1] > time.monotonic()) else None

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
    return await _row(request, given.credentials, checked_again=False)


async def _row(request: Request, credentials: str, *, checked_again: bool) -> TokenRow:
    """`checked_again`: whatever is done for the request asks `live_digests` itself, so a row that was remembered for longer will do."""
    house: House = request.app.state.house
    digest, cache = digest_of(credentials), _cache(house)
    row = cache.get(digest, checked_again=checked_again)
    if row is None:
        row = await _found(house, cache, digest)
    if row is None or row.expires_at <= house.clock.system():
        raise Unauthenticated("token_ended", "This access token has ended; refresh it.")
    request.scope["token_digest"] = digest
    request.scope["protocol_version_id"] = row.protocol_version_id
    return row


async def _found(house: House, cache: _Cache, digest: bytes) -> TokenRow | None:
    loop = asyncio.get_running_loop()
    desk = cache.desks.setdefault(loop, _Desk())
    future = desk.waiting.get(digest)
    if future is None:
        future = desk.waiting[digest] = loop.create_future()
        if desk.task is None or desk.task.done():
            desk.task = loop.create_task(_look(house, cache, desk))
    return await asyncio.shield(future)  # a client that goes away takes nobody's answer with it


async def _look(house: House, cache: _Cache, desk: _Desk) -> None:
    while desk.waiting:
        taken, desk.waiting = desk.waiting, {}
        try:
            rows = await run_in_threadpool(_look_up, house, taken.keys())
        except BaseException as error:  # each request that waits raises it; a cancellation ends them all
            for future in taken.values():
                _settle(future, error)
            if not isinstance(error, Exception):
                raise
            continue
        for digest, future in taken.items():
            row = rows.get(digest)
            if row is not None:
                cache.keep(row, house.settings.token_cache_seconds)
            _settle(future, row)


def _settle(future: "Future[TokenRow | None]", result: TokenRow | BaseException | None) -> None:
    if future.done():
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    elif isinstance(result, BaseException):
        future.cancel()
    else:
        future.set_result(result)


def _look_up(house: House, digests: Collection[bytes]) -> Mapping[bytes, TokenRow]:
    with house.sessions.reading() as session:
        return live_digests(session, digests, now=house.clock.system())


async def participant_viewer(row: Annotated[TokenRow, Depends(_token)]) -> Viewer:
    """Who asks. Raises Gone (`collection_stopped`) for someone who left."""
    if not row.collects:
        raise Gone("collection_stopped", "You have left the study; nothing more is collected. Help and your own data stay open.")
    return row.viewer()


async def own_viewer(row: Annotated[TokenRow, Depends(_token)]) -> Viewer:
    """Who asks, also after leaving: for help, for leaving further and for reading what is held."""
    return row.viewer()


async def viewer_of(request: Request) -> Viewer:
    """`own_viewer` for a route that reads its own request and leaves the last word on the token to the batch that stores it."""
    return (await _row(request, _bearer(request), checked_again=True)).viewer()


async def participant_of(request: Request) -> Viewer:
    """`participant_viewer` for a route that reads its own request."""
    return await participant_viewer(await _row(request, _bearer(request), checked_again=False))


async def own_of(request: Request) -> Viewer:
    """`own_viewer` for a route that reads its own request."""
    return (await _row(request, _bearer(request), checked_again=False)).viewer()


def _bearer(request: Request) -> str:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credentials:
        raise Unauthenticated("token_missing", "Send the phone's access token: Authorization: Bearer.")
    return credentials


ParticipantViewer = Annotated[Viewer, Depends(participant_viewer)]
OwnViewer = Annotated[Viewer, Depends(own_viewer)]
