"""Webhooks by Standard Webhooks 1.0, over one reused client that cannot be led astray.

No redirects, no proxies from the environment, no body read, every resolved address checked before it is used, and one
deadline for the whole exchange: a timeout for each read alone would let a receiver drip bytes for days.
"""

import socket
from collections.abc import Iterable
from time import monotonic
from typing import Final

import httpcore
import httpx

from models.errors import Invalid
from scheduler.delivery.address import check_url, permitted
from scheduler.delivery.port import Envelope, Outcome, Refused, Retry, Sent
from scheduler.delivery.signature import headers

USER_AGENT: Final = "breakwater-webhook/1"
_GONE: Final = 410
_BUSY: Final = frozenset({429, 503})
_LONGEST_ASKED_SECONDS: Final = 86_400.0

_FAILURES: Final = (
    (httpcore.TimeoutException, "timeout"),
    (httpcore.ConnectError, "unreachable"),
    (httpcore.NetworkError, "broken_off"),
    (httpcore.ProtocolError, "not_http"),
    (httpcore.UnsupportedProtocol, "not_http"),
)


class Webhook:
    """Posts envelopes to endpoints. Thread-safe; close it with the process."""

    def __init__(self, *, timeout_seconds: float = 15.0, allow_loopback: bool = False) -> None:
        self._allow_loopback = allow_loopback
        self._client = httpx.Client(
            transport=_Guarded(timeout_seconds, allow_loopback=allow_loopback),
            timeout=timeout_seconds,
            follow_redirects=False,
            trust_env=False,
            headers={"user-agent": USER_AGENT, "accept-encoding": "identity"},
        )

    def send(self, envelope: Envelope) -> Outcome:
        """2xx: sent. 410: the endpoint wants no more. Everything else, redirects included: try again."""
        endpoint = envelope.endpoint
        if endpoint is None:
            return Refused("no_endpoint")
        if not endpoint.secrets:
            return Retry("no_secret")
        try:
            check_url(endpoint.url, allow_loopback=self._allow_loopback)
            signed = headers(str(envelope.uid), envelope.at, envelope.body, endpoint.secrets)
        except Invalid as refused:
            return Refused(refused.code)
        try:
            response = self._client.post(endpoint.url, content=envelope.body, headers={"content-type": "application/json", **signed})
        except _Forbidden:
            return Refused("forbidden_address")
        except tuple(kind for kind, _ in _FAILURES) as failed:
            return Retry(next(word for kind, word in _FAILURES if isinstance(failed, kind)))
        except (httpx.HTTPError, httpx.InvalidURL, OSError):
            return Retry("broken_off")
        return _outcome(response)

    def close(self) -> None:
        self._client.close()


def _outcome(response: httpx.Response) -> Outcome:
    status = response.status_code
    if 200 <= status < 300:
        return Sent(status)
    if status == _GONE:
        return Refused("gone", status, ended=True)
    asked = response.headers.get("retry-after", "") if status in _BUSY else ""
    after = min(float(asked), _LONGEST_ASKED_SECONDS) if asked.isascii() and asked.isdigit() else None
    return Retry("redirect" if 300 <= status < 400 else f"status_{status // 100}xx", status, after)


class _Forbidden(Exception):
    """The host resolves to an address that this house does not call."""


class _Guarded(httpx.BaseTransport):
    """One request a connection: a kept one would outlive the check of its address, and the deadline is the connection's."""

    def __init__(self, timeout_seconds: float, *, allow_loopback: bool) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_keepalive_connections=0,
            network_backend=_Backend(timeout_seconds, allow_loopback=allow_loopback),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The status, and when to come back; nothing else of a reply is kept, so no cookie, no redirect, no body."""
        url = httpcore.URL(scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path)
        reply = self._pool.handle_request(
            httpcore.Request(request.method, url, headers=request.headers.raw, content=request.read(), extensions=request.extensions)
        )
        reply.close()
        return httpx.Response(reply.status, headers=[one for one in reply.headers if one[0].lower() == b"retry-after"])

    def close(self) -> None:
        self._pool.close()


class _Backend(httpcore.SyncBackend):
    """Connects to checked addresses only, by number, so that a name cannot change its meaning between check and use."""

    def __init__(self, timeout_seconds: float, *, allow_loopback: bool) -> None:
        super().__init__()
        self._timeout_seconds = timeout_seconds
        self._allow_loopback = allow_loopback

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        ends = monotonic() + self._timeout_seconds
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("unresolved") from None
        addresses = [str(one[4][0]) for one in found]
        if not all(permitted(one, allow_loopback=self._allow_loopback) for one in addresses):
            raise _Forbidden
        return _Hurried(super().connect_tcp(addresses[0], port, timeout, local_address, socket_options), ends)


class _Hurried(httpcore.NetworkStream):
    """A stream whose every wait ends at the same moment."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self._stream = stream
        self._ends = ends

    def _left(self, timeout: float | None) -> float:
        left = self._ends - monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("deadline")
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, ssl_context: object, server_hostname: str | None = None, timeout: float | None = None) -> httpcore.NetworkStream:
        return _Hurried(self._stream.start_tls(ssl_context, server_hostname, self._left(timeout)), self._ends)  # type: ignore[arg-type]

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
