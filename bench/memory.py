"""What the server holds in memory at rest: `breakwater serve` as it is started, against a bare app of the same framework.

`python -m bench.memory DIRECTORY` is the process whose duties beat for an hour within seconds.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from time import sleep
from typing import Final

from api.actions.house_duties import house_duties
from api.app import build_house, make_app
from api.serve import settle
from api.settings import ApiSettings
from bench.databases import database
from bench.plain import PEOPLE, token
from bench.reading import furnish, listening
from bench.respond import _port
from bench.result import Line, Plot, Section
from models.secrets_file import load_or_make
from models.session import Sessions
from models.settings import DatabaseSettings
from scheduler.timetable import TIMETABLE
from scheduler.worker import Worker

HOUR: Final = 3_600
REQUESTS: Final = (250, 500, 1_000, 2_000)
_STEPS: Final = 6
_TOGETHER: Final = 8
_READS: Final = tuple(f"/v1/participant/{name}" for name in ("prompts", "protocol", "me"))
_SERVE: Final = ("-c", "from api.cli import main; main()", "serve")

Row = tuple[str | int | float, ...]


def measure(quick: bool) -> Section:
    """Resident and proportional memory at rest, after requests, and after an hour of idle duties."""
    steps, hour = ((8, 16), 60) if quick else (REQUESTS, HOUR)
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-memory-")))
        with database(None, directory / "house") as settings:
            sessions = Sessions(settings)
            furnish(sessions, load_or_make(settings.directory))
            sessions.close()
        servers = stack.enter_context(ExitStack())
        house = _served(servers, _SERVE, directory / "house", paths=_READS, steps=steps)
        plain = _served(servers, ("-m", "bench.plain"), directory / "plain", paths=("/v1/items",), steps=steps)
        servers.close()
        idle = _beats(directory / "house", hour)
    rows: list[Row] = [
        _row("`breakwater serve`, at rest after its start", house[0], plain[0]),
        _row(f"`breakwater serve`, after {steps[-1]:,} requests", house[-1], plain[-1]),
        _row("app and worker, before any beat", idle[0], plain[0]),
        _row(f"app and worker, after {hour / 60:.0f} min of idle duties", idle[-1], plain[0]),
        _row("plain, at rest after its start", plain[0], plain[0]),
        _row(f"plain, after {steps[-1]:,} requests", plain[-1], plain[-1]),
    ]
    at = (0.0, *map(float, steps))
    minutes = tuple(hour / 60 * step / (len(idle) - 1) for step in range(len(idle)))
    return Section(
        title="Memory at rest",
        what="`breakwater serve` with its worker on SQLite with 80 people: resident memory, and the proportional share of it (PSS: pages "
        "shared with other processes count by their part). Requests are authenticated reads, eight at a time. An hour of idle duties is "
        "every beat of the timetable that an hour has, run one after the other.",
        baseline="`plain`: a bare FastAPI and SQLAlchemy app with one `def` route, one process.",
        columns=("process", "resident MB", "PSS MB", "PSS of the baseline"),
        rows=tuple(rows),
        plots=(
            Plot(
                "memory",
                "Memory of the server after requests",
                "requests answered",
                "PSS (MB)",
                (Line("breakwater serve", at, tuple(one[1] for one in house)), Line("plain", at, tuple(one[1] for one in plain))),
            ),
            Plot(
                "memory-idle",
                "Memory while idle",
                "minutes of idle duties",
                "PSS (MB)",
                (Line("app and worker", minutes, tuple(one[1] for one in idle)),),
            ),
        ),
    )


def _row(name: str, one: tuple[float, float], baseline: tuple[float, float]) -> Row:
    return (name, one[0], one[1], one[1] / baseline[1])


def _served(
    servers: ExitStack, arguments: tuple[str, ...], directory: Path, *, paths: tuple[str, ...], steps: tuple[int, ...]
) -> list[tuple[float, float]]:
    """Starts a server, and gives its memory at rest and after each number of requests."""
    port = _port()
    more = () if arguments is _SERVE else (str(port), str(directory))
    environment = {**os.environ, "BREAKWATER_PORT": str(port), "BREAKWATER_DIRECTORY": str(directory)}
    server = subprocess.Popen([sys.executable, *arguments, *more], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    servers.callback(server.wait)
    servers.callback(server.terminate)
    listening(port)
    sleep(3)
    found, numbers = [held(server.pid)], count()
    for step, before in zip(steps, (0, *steps), strict=False):
        _ask(port, step - before, lambda: (paths[(number := next(numbers)) % len(paths)], token(number % PEOPLE)))
        sleep(1)
        found.append(held(server.pid))
    return found


def _ask(port: int, number: int, make: Callable[[], tuple[str, str]]) -> None:
    """So many reads over eight connections that stay open. Raises where one is refused."""

    def some(share: int) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        for _ in range(share):
            path, bearer = make()
            connection.request("GET", path, headers={"Authorization": f"Bearer {bearer}"})
            reply = connection.getresponse()
            reply.read()
            if reply.status != 200:
                raise RuntimeError(f"{path}: {reply.status}")
        connection.close()

    with ThreadPoolExecutor(_TOGETHER) as threads:
        list(threads.map(some, [number // _TOGETHER] * _TOGETHER))


def held(process: int | str) -> tuple[float, float]:
    """Resident and proportional memory of a process in MB (10^6 bytes), from the kernel's own sums."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith("kB")}
    return sizes["Rss"] * 1024 / 1e6, sizes["Pss"] * 1024 / 1e6


def _beats(directory: Path, hour: int) -> list[tuple[float, float]]:
    """Memory before any beat and after each sixth of an hour, of a process of its own."""
    told = subprocess.run([sys.executable, "-m", "bench.memory", str(directory), str(hour)], check=True, capture_output=True, text=True)
    lines = [line.split() for line in told.stdout.splitlines() if line.startswith("held ")]
    return [(float(rss), float(pss)) for _, rss, pss in lines]


def main() -> None:
    """Builds the house as a server does, then lets its idle duties beat as often as they do in an hour."""
    directory, hour = Path(sys.argv[1]), int(sys.argv[2])
    sessions = Sessions(DatabaseSettings(url=f"sqlite:///{directory / 'breakwater.db'}", directory=directory))
    house = build_house(sessions, load_or_make(directory), ApiSettings())
    _app, worker = make_app(house), Worker(house_duties(house))
    settle()
    print("held", *held("self"), flush=True)
    for _ in range(_STEPS):
        for duty in TIMETABLE:
            for _ in range(max(1, hour // _STEPS // duty.every_seconds)):
                worker._turn(duty)
        print("held", *held("self"), flush=True)
    worker.stop()


if __name__ == "__main__":
    main()
