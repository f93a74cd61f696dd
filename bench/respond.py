"""The response path: the house against (A) a plain ORM endpoint and (B) a bare group commit, interleaved in one run."""

import json
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from statistics import median
from time import sleep
from typing import Final

from bench.load import Load, run
from bench.servers import APPS, PEOPLE, token
from models.ids import new_uid
from tests.build import shipped

CONNECTIONS = (1, 32)

SHORT: Final = (
    "A stores one row and B one row without asking who sends it; the house checks the token in the transaction, judges twelve "
    "answers and what they disclose, folds the estimator, decides by rules and keeps the explanation. Profile of a response at 32 "
    "connections: web frame 25 %, estimator 21 %, statements 20 %, validation 9 %, rules 8 %, commit 5 %; no function dominates. "
    "Tried: one statement for a batch wherever rows allow it, statements built once, this route past the framework "
    "([0014](../docs/decisions/0014-the-answer-route-goes-past-the-framework.md)), the collector kept off what stays, random ids "
    "drawn 256 at a time, generated kernels for the estimator. A constant statement costs 45 to 75 µs through SQLAlchemy and 2 to 8"
    " through the bare driver, and a batch has about twenty, so a path beside it would win a sixth at most. What limits is one "
    "interpreter on one core."
)


def requests() -> Callable[[], bytes]:
    """The next request each time: another id and person, the same twelve answers with other numbers."""
    items = [item for item in shipped().instrument("momentary").items if item.show_if is None]  # type: ignore[union-attr]
    sliders = [item for item in items if str(item.kind) == "slider" and item.minimum == 0][:12]
    numbers = count()

    def make() -> bytes:
        number = next(numbers)
        now = datetime.now(UTC).isoformat()
        answers = {item.id: {"value": (number * 7 + place * 3) % 6} for place, item in enumerate(sliders)}
        body = json.dumps(
            {
                "protocol_revision": 1,
                "instrument": "momentary",
                "answered_at": now,
                "sent_at": now,
                "zone": "America/New_York",
                "answers": answers,
            }
        ).encode()
        head = (
            f"PUT /v1/participant/responses/{new_uid()} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer {token(number % PEOPLE)}\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    return make


def _port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _wait(port: int) -> None:
    for _ in range(600):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.05)
    raise RuntimeError("the server did not start")


def measure(*, pairs: int = 7, seconds: float = 2.0) -> dict[str, object]:
    """Medians over interleaved rounds, and the ratios house / A and house / B of each round."""
    results: dict[int, dict[str, list[Load]]] = {connections: {kind: [] for kind in APPS} for connections in CONNECTIONS}
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        ports = {kind: _port() for kind in APPS}
        servers = [subprocess.Popen([sys.executable, "-m", "bench.servers", kind, str(port), directory]) for kind, port in ports.items()]
        try:
            make = requests()
            for port in ports.values():
                _wait(port)
                run(port, 8, 1.0, make)
            for number in range(pairs):
                order = list(APPS) if number % 2 == 0 else list(reversed(APPS))
                for connections in CONNECTIONS:
                    for kind in order:
                        results[connections][kind].append(run(ports[kind], connections, seconds, make))
        finally:
            for server in servers:
                server.kill()
                server.wait()
    return {str(connections): _summary(kinds) for connections, kinds in results.items()}


def _summary(kinds: dict[str, list[Load]]) -> dict[str, object]:
    def ratio(other: str) -> float:
        return round(median(h.per_second / o.per_second for h, o in zip(kinds["house"], kinds[other], strict=True)), 2)

    return {
        "requests per second": {kind: round(median(one.per_second for one in loads)) for kind, loads in kinds.items()},
        "p50 ms": {kind: round(median(one.p50_ms for one in loads), 1) for kind, loads in kinds.items()},
        "p99 ms": {kind: round(median(one.p99_ms for one in loads), 1) for kind, loads in kinds.items()},
        "failed": {kind: sum(one.failed for one in loads) for kind, loads in kinds.items()},
        "house / A": ratio("orm"),
        "house / B": ratio("bare"),
        "pairs": len(kinds["house"]),
    }
