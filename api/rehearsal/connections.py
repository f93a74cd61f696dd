"""Kept connections to one server. A general client costs four times as much, for requests that a study makes by the hundred thousand."""

import select
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection, RemoteDisconnected
from typing import Final
from urllib.parse import SplitResult, urlsplit

from httptools import HttpParserError, HttpResponseParser

from models.errors import Invalid

CONNECT_SECONDS: Final = 10.0
REPLY_SECONDS: Final = 120.0

_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "DELETE"})

PIECE: Final = 65_536

NO_REPLY: Final = (OSError, HTTPException, HttpParserError)
"""What `ask` raises where no whole reply came."""


@dataclass(slots=True)
class Connections:
    """As many as threads ask at once, each kept for the next request. No proxy that the environment names is used. Raises Invalid."""

    url: str
    _at: SplitResult = field(init=False)
    _idle: list[HTTPConnection] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self._at = urlsplit(self.url.rstrip("/"))
        if self._at.scheme not in {"http", "https"} or not self._at.hostname:
            raise Invalid("bad_address", f"{self.url} is no address of a server: it begins with http:// or https://.")

    def ask(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes, Mapping[str, str]]:
        """Status, body and headers, whose names are in small letters. Raises one of `NO_REPLY`; what was asked may have been done then."""
        connection = self._kept() or self._new()
        try:
            # In one piece: sent apart, head and body wake the server twice.
            connection.sock.sendall(self._head(method, path, content, headers) + (content or b""))
            got = _Reading(method)
            while not got.complete:
                got.feed(connection.sock.recv(PIECE))
        except BaseException:
            connection.close()
            raise
        if got.stays:
            self._idle.append(connection)
        else:
            connection.close()
        return got.status, b"".join(got.body), got.headers

    def _head(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> bytes:
        lines = [f"{method} {self._at.path}{path} HTTP/1.1", f"Host: {self._at.netloc.rpartition('@')[2]}", "Accept-Encoding: identity"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if content is not None or method not in _WITHOUT_BODY:
            lines.append(f"Content-Length: {len(content or b'')}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _kept(self) -> HTTPConnection | None:
        """One that the server has not closed meanwhile."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if connection.sock is not None and not _readable(connection.sock):
                return connection
            connection.close()

    def _new(self) -> HTTPConnection:
        kind = HTTPSConnection if self._at.scheme == "https" else HTTPConnection
        assert self._at.hostname is not None
        connection = kind(self._at.hostname, self._at.port, timeout=CONNECT_SECONDS)
        try:
            connection.connect()
            connection.sock.settimeout(REPLY_SECONDS)
        except BaseException:
            connection.close()
            raise
        return connection


class _Reading:
    """One reply as it comes in, read by the parser that servers use: the standard library reads headers as it reads mail."""

    def __init__(self, method: str) -> None:
        self._parser, self._bodiless = HttpResponseParser(self), method == "HEAD"
        self.status, self.stays, self.complete = 0, True, False
        self.headers: dict[str, str] = {}
        self.body: list[bytes] = []

    def feed(self, data: bytes) -> None:
        """Raises where the other end hung up before the reply was whole."""
        if data:
            self._parser.feed_data(data)
        elif self.status and self.headers.keys().isdisjoint(("content-length", "transfer-encoding")):
            self.complete, self.stays = True, False  # its end was to be the end of the connection
        else:
            raise RemoteDisconnected("The server hung up before its reply was whole.")

    # What the parser calls

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self.complete = self._bodiless

    def on_body(self, body: bytes) -> None:
        self.body.append(body)

    def on_message_complete(self) -> None:
        self.complete, self.stays = True, self._parser.should_keep_alive()


def _readable(sock: socket.socket) -> bool:
    """Between two replies a server has nothing to say: what is readable is the end."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(0))
