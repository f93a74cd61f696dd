"""The ASGI edge: a request id, security headers, one log line and one count for each request. Pure ASGI, no body is read here."""

import re
from functools import cache
from time import perf_counter
from typing import Any

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import document
from models.codec import canonical
from models.ids import new_uid

log = structlog.get_logger("http")

REQUESTS = Counter("breakwater_requests_total", "Requests by route, method and status.", ["route", "method", "status"])
SECONDS = Histogram("breakwater_request_seconds", "Seconds to the reply by route.", ["route"])

_REQUEST_ID = re.compile(rb"^[A-Za-z0-9._-]{8,64}$")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""A method is whatever the caller writes: others share one word, so that counts stay few and a log line says nothing of theirs."""

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", b"geolocation=(), camera=(), microphone=()"),
    (b"content-security-policy", b"default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_NO_STORE = (b"cache-control", b"no-store")


class Edge:
    """Wraps the whole app. A path is logged as its route template, so ids stay out of logs and counts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        scope["request_id"] = given.decode() if _REQUEST_ID.match(given) else new_uid().hex
        started, status, instead = perf_counter(), 0, b""

        async def stamp(message: Message) -> None:
            nonlocal status, instead
            if message["type"] == "http.response.start":
                status, headers = message["status"], message.get("headers", [])
                if status == 413 and (b"content-type", b"application/problem+json") not in headers:
                    instead = _too_large(scope["request_id"])
                    headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(instead)).encode())]
                message["headers"] = _dressed(headers, scope["request_id"])
            elif instead:
                message["body"] = instead
            await send(message)

        try:
            await self.app(scope, receive, stamp)
        except Exception as error:
            # The reply has left and problems.py has logged kind and place; the server would log the exception's words, which may hold data.
            if not status:
                log.error("edge.failed", kind=type(error).__name__, request_id=scope["request_id"])
                raise
        finally:
            _count(scope, status or 500, perf_counter() - started)


def _too_large(request_id: str) -> bytes:
    """The framework refuses a long body before any handler of ours, in plain text."""
    return canonical(document(request_id, 413, "body_too_large", "The body is larger than this address takes."))


def _dressed(headers: Any, request_id: str) -> list[tuple[bytes, bytes]]:
    present = {name for name, _ in headers}
    dressed = [*headers, *(pair for pair in HEADERS if pair[0] not in present), (b"x-request-id", request_id.encode())]
    if b"cache-control" not in present:
        dressed.append(_NO_STORE)
    return dressed


@cache
def _series(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    """Looked up once: finding a series by its labels costs more than counting."""
    return REQUESTS.labels(route, method, str(status)), SECONDS.labels(route)


def _count(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "(none)")
    method = scope["method"] if scope["method"] in _METHODS else "OTHER"
    requests, took = _series(route, method, status)
    requests.inc()
    took.observe(seconds)
    log.info(
        "http.request",
        request_id=scope["request_id"],
        method=method,
        route=route,
        status=status,
        milliseconds=round(seconds * 1000, 1),
    )
