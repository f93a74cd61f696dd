"""A load of requests over kept-alive connections, as cheap for the machine as a client can be in Python."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter


@dataclass(frozen=True)
class Load:
    """What a run did: replies a second, and seconds at the median and the 99th percentile."""

    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the reply to the last one is whole."""

    def __init__(self, request: Callable[[], bytes], done: asyncio.Event, until: float, seconds: list[float], failures: list[int]) -> None:
        self.request, self.done, self.until, self.seconds, self.failures = request, done, until, seconds, failures
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._send()

    def _send(self) -> None:
        self.started = perf_counter()
        self.transport.write(self.request())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        if len(rest) < length:
            return
        self.seconds.append(perf_counter() - self.started)
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201", b"HTTP/1.1 304")):
            self.failures.append(int(head[9:12]))
        self.buffer = b""
        if perf_counter() < self.until:
            self._send()
        else:
            self.transport.close()
            self.done.set()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.done.set()


async def _run(port: int, connections: int, seconds: float, request: Callable[[], bytes]) -> Load:
    loop, taken, failures = asyncio.get_running_loop(), list[float](), list[int]()
    started = perf_counter()
    events = []
    for _ in range(connections):
        done = asyncio.Event()
        events.append(done)
        await loop.create_connection(
            lambda done=done: _Connection(request, done, started + seconds, taken, failures),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
    await asyncio.gather(*(event.wait() for event in events))
    lasted = perf_counter() - started
    taken.sort()
    return Load(len(taken) / lasted, taken[len(taken) // 2] * 1000, taken[int(len(taken) * 0.99)] * 1000, len(failures))


def run(port: int, connections: int, seconds: float, request: Callable[[], bytes]) -> Load:
    return asyncio.run(_run(port, connections, seconds, request))
