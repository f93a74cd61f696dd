"""A server of its own for a rehearsal: own process, own database marked as a rehearsal, own port on this machine."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import httpx

from api.actions.first_run import FirstSecrets, begin, open_database
from api.settings import ApiSettings
from models.errors import Busy, Conflict
from models.settings import DatabaseSettings

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
LOG: Final = "server.log"


@dataclass(frozen=True, slots=True)
class Running:
    """Where the server is, and its process."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path


def prepare(settings: DatabaseSettings, *, start: datetime, document: bytes | None = None) -> FirstSecrets:
    """Makes the database with study time at `start` and its first study; gives what is shown once.

    Raises Conflict where the database holds a study already, Invalid for a faulty protocol (before anything is made but tables).
    """
    sessions, keys = open_database(settings, rehearsal=True, start=start)
    try:
        first = begin(sessions, keys, ApiSettings(), document=document)
    finally:
        sessions.close()
    if first is None:
        raise Conflict("not_empty", "This database holds a study already; a rehearsal begins with an empty one.")
    return first


@contextmanager
def running(settings: DatabaseSettings, *, port: int | None = None) -> Iterator[Running]:
    """The server on 127.0.0.1 until the block ends, then SIGTERM. Raises Busy, with the end of its log, where it does not start."""
    port = port or free_port()
    log = settings.directory / LOG
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.leashed", "serve", "--rehearsal"],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=_environment(settings, port),
            # Ctrl-C is for the rehearsal, which then ends its server itself, in order.
            start_new_session=True,
        )
    one = Running(f"http://127.0.0.1:{port}", process, log)
    try:
        _wait(one)
        yield one
    finally:
        _stop(process)


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _environment(settings: DatabaseSettings, port: int) -> dict[str, str]:
    return {
        "BREAKWATER_LOG_LEVEL": "WARNING",
        **os.environ,
        "BREAKWATER_HOST": "127.0.0.1",
        "BREAKWATER_PORT": str(port),
        "BREAKWATER_ENV": "development",
        "BREAKWATER_DIRECTORY": str(settings.directory),
        "BREAKWATER_DATABASE_URL": settings.url,
        "BREAKWATER_POOL_SIZE": str(settings.pool_size),
        "BREAKWATER_DURABLE": "1" if settings.durable else "0",
    }


def _wait(one: Running) -> None:
    ends = monotonic() + START_SECONDS
    with httpx.Client(base_url=one.url, timeout=5, trust_env=False) as client:
        while monotonic() < ends:
            if one.process.poll() is not None:
                raise Busy("server_not_started", f"The rehearsal's server ended at once. Its log is {one.log}:\n{_tail(one.log)}")
            try:
                if client.get("/readyz").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            sleep(0.05)
    raise Busy("server_not_started", f"The rehearsal's server was not ready within {START_SECONDS:.0f} s. Its log is {one.log}.")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS)
    if process.stdin is not None:
        process.stdin.close()
