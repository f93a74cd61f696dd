"""The house's processes as an operator starts them, and their ends that no operator wishes for."""

import json
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Literal

from tests.faults.nursery import Child, Nursery
from tests.faults.wire import Lost, Wire

ROOT = Path(__file__).parents[2]
Kind = Literal["sqlite", "postgres"]
START = "2026-03-02T13:00:00Z"
"""Where the study time of a rehearsal begins: a Monday, five days before a clock change."""


class NotReady(Exception):
    """A process did not come up in its time."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


COLD_EVERY = 10


@dataclass
class Process:
    """One process of the house. It is started anew under the same name and port; each life has a log of its own."""

    name: str
    words: list[str]
    """`breakwater` or `clockwork`, and what follows."""
    environment: dict[str, str]
    logs: Path
    nursery: Nursery | None = None
    port: int | None = None
    lives: int = 0
    _running: "subprocess.Popen[bytes] | Child | None" = None

    @property
    def log(self) -> Path:
        return self.logs / f"{self.name}-{self.lives:03}.log"

    @property
    def alive(self) -> bool:
        return self._running is not None and self._running.poll() is None

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    def start(self) -> None:
        """As an operator does at first and every tenth time, else from the nursery."""
        self.lives += 1
        self.log.write_bytes(b"")
        if self.nursery is not None and self.lives % COLD_EVERY != 1:
            self._running = self.nursery.start(self.words, self.environment, self.log)
            return
        what, *words = self.words
        program = (
            [str(Path(sys.executable).parent / "breakwater")] if what == "breakwater" else [sys.executable, "-m", "tests.faults.clockwork"]
        )
        with self.log.open("wb") as log:
            self._running = subprocess.Popen(
                [*program, *words], env=self.environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is finished."""
        if self._running is not None:
            self._running.kill()
            self._running.wait(30)

    def stop(self, timeout_seconds: float = 40) -> bool:
        """SIGTERM; whether it ended by itself in time."""
        if not self.alive or self._running is None:
            return True
        self._running.terminate()
        try:
            self._running.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def ready(self) -> bool:
        if self.port is None:
            return b"worker.started" in self.log.read_bytes()
        wire = Wire([self.port], timeout_seconds=2)
        try:
            return wire.ask("GET", "/healthz").status == 200
        except Lost:
            return False
        finally:
            wire.close()

    def wait_ready(self, timeout_seconds: float = 120) -> None:
        """Raises NotReady; a process that died on the way up is started again, as a supervisor would."""
        ends = monotonic() + timeout_seconds
        while not self.ready():
            if monotonic() > ends:
                raise NotReady(f"{self.name}: {self.log.read_text(errors='replace')[-1500:]}")
            if not self.alive:
                sleep(0.5)
                self.start()
            sleep(0.04)


@dataclass
class House:
    """SQLite: one process. PostgreSQL: two servers and two workers, which can be killed apart."""

    kind: Kind
    directory: Path
    url: str | None
    rehearsal: bool
    logs: Path
    offsets: Path | None = None
    """Folder of clock offsets: given, processes are started by `tests.faults.clockwork`, whose clock can be set."""
    nursery: Nursery | None = None
    processes: list[Process] = field(default_factory=list)

    @property
    def ports(self) -> list[int]:
        return [one.port for one in self.processes if one.port is not None]

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH") if name in os.environ}
        given = {
            "BREAKWATER_DIRECTORY": str(self.directory),
            "BREAKWATER_WEBHOOK_ALLOW_LOOPBACK": "1",
            "BREAKWATER_POOL_SIZE": "6",
            "BREAKWATER_HORIZON_DAYS": "3" if self.rehearsal else "1",
        }
        return kept | given | ({"BREAKWATER_DATABASE_URL": self.url} if self.url else {})

    def furnish(self) -> None:
        """Decides names and ports; nothing runs yet. Done again, the processes keep their ports and count their lives on."""
        self.logs.mkdir(parents=True, exist_ok=True)
        lives = {one.name: one.lives for one in self.processes}
        servers = ["server"] if self.kind == "sqlite" else ["server-a", "server-b"]
        ports = self.ports or [free_port() for _ in servers]
        self.processes = [self._server(name, port) for name, port in zip(servers, ports, strict=True)]
        if self.kind == "postgres":
            self.processes += [self._process(name, ["worker"], "INFO") for name in ("worker-a", "worker-b")]
        for one in self.processes:
            one.lives = lives.get(one.name, 0)

    def _server(self, name: str, port: int) -> Process:
        options = ["serve", *(["--no-worker"] if self.kind == "postgres" else [])]
        process = self._process(name, [*options, *(["--rehearsal", "--start", START] if self.rehearsal else [])], "WARNING")
        process.port = port
        process.environment["BREAKWATER_PORT"] = str(port)
        return process

    def _process(self, name: str, options: list[str], level: str) -> Process:
        words = ["breakwater", *options] if self.offsets is None else ["clockwork", str(self.offsets / name), *options]
        return Process(name, words, self.environment | {"BREAKWATER_LOG_LEVEL": level}, self.logs, self.nursery)

    def start(self, timeout_seconds: float = 120) -> None:
        """The first alone, since it makes keys and tables, then the others together; returns when all are ready."""
        first, *others = self.processes
        first.start()
        first.wait_ready(timeout_seconds)
        for process in others:
            process.start()
        for process in others:
            process.wait_ready(timeout_seconds)

    def first_word(self) -> str:
        """The one-time password that the first run printed."""
        for log in sorted(self.logs.glob("server*-*.log")):
            if found := re.search(r"One-time word\s+(\S+)", log.read_text(errors="replace")):
                return found.group(1)
        raise NotReady("the first run printed no password")

    def stop(self) -> list[str]:
        """Ends every process; the names of those that did not end by themselves."""
        return [one.name for one in reversed(self.processes) if not one.stop()]

    def kill(self) -> None:
        for process in self.processes:
            process.kill()

    def logged(self) -> Counter[str]:
        """What the processes logged as warnings and errors, by event, duty and kind."""
        found: Counter[str] = Counter()
        for log in self.logs.glob("*.log"):
            for line in log.read_text(errors="replace").splitlines():
                try:
                    said = json.loads(line)
                except ValueError:
                    continue
                if isinstance(said, dict) and said.get("level") in {"warning", "error", "critical"}:
                    words = (said.get(name) for name in ("event", "duty", "kind", "place", "where", "status", "reason"))
                    found[" ".join(str(one) for one in words if one)] += 1
        return found
