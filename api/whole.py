"""Replies that leave in one piece: the head waits for what the same turn of the loop writes after it.

The server writes head and body apart and the loop sends each at once: two calls into the system with the interpreter held, and a
client that wakes for a head without a body. Together they cost a tenth of everything that the process does.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

AT_MOST: Final = 65_536
"""Bytes that wait; where there are more they leave at once, so that a long reply is held up by a slow client as ever."""


class WholeReplies(HttpToolsProtocol):
    """The server's own protocol over a transport that gathers."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the server's own
        super().connection_made(cast("asyncio.Transport", Gathering(transport, self.loop)))


class Gathering:
    """A transport that sends what is written in one turn of the loop together; everything else is the transport's own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._waiting: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._waiting:
            self._loop.call_soon(self._send)
        self._waiting.append(data)
        self._size += len(data)
        if self._size > AT_MOST:
            self._send()

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._waiting:
            gathered, self._waiting, self._size = b"".join(self._waiting), [], 0
            self._transport.write(gathered)
