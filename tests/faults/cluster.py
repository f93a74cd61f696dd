"""A PostgreSQL of one's own: started, stopped without warning, and started again."""

import os
import shutil
import subprocess
from pathlib import Path
from time import monotonic, sleep

import psycopg

from tests.conftest import _postgres_programs, _run_as, _wheel_programs

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "32MB",
    # The machine itself does not stop, so nothing is lost that the kernel holds: losing power is not among these faults.
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "32MB",
    "min_wal_size": "8MB",
    "wal_keep_size": "0",
    "log_min_messages": "error",
}


class NoPostgres(Exception):
    """There are no programs of PostgreSQL on this machine."""


class Cluster:
    """`home` holds the socket and the log, `data` the data; both are made here."""

    def __init__(self, home: Path, data: Path | None = None) -> None:
        home.mkdir(parents=True, exist_ok=True, mode=0o755)
        programs = _postgres_programs() or _wheel_programs(home)
        if programs is None:
            raise NoPostgres("install initdb and postgres")
        self.home, self.data, self._programs, self._as = home, data or home / "data", programs, _run_as()
        self._server: subprocess.Popen[bytes] | None = None
        self._own(home)
        if data is not None:
            self._own(data)
            self.data = data / "data"
        initdb = [programs / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-N", "--wal-segsize=1"]
        subprocess.run(initdb, check=True, capture_output=True, **self._as)  # type: ignore[call-overload]

    def _own(self, path: Path) -> None:
        if self._as:
            os.chown(path, int(str(self._as["user"])), int(str(self._as["group"])))

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/faults?host={self.home}"

    @property
    def pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    @property
    def alive(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def start(self, timeout_seconds: float = 30) -> None:
        """Returns when it answers; the database is made at the first start."""
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with (self.home / "log").open("ab") as log:
            command = [self._programs / "postgres", "-D", self.data, "-k", str(self.home), *options]
            self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, **self._as)  # type: ignore[call-overload]
        ends = monotonic() + timeout_seconds
        while True:
            try:
                with psycopg.connect(f"postgresql://postgres@/postgres?host={self.home}", autocommit=True, connect_timeout=3) as connection:
                    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'faults'").fetchone():
                        connection.execute("CREATE DATABASE faults")
                    return
            except psycopg.Error:
                if monotonic() > ends or not self.alive:
                    raise NoPostgres((self.home / "log").read_text()[-800:]) from None
                sleep(0.05)

    def stop_at_once(self) -> None:
        """As if it had crashed: no checkpoint, every connection dies, the next start recovers from its log."""
        self._control("immediate")

    def stop(self) -> None:
        if self.alive:
            self._control("fast")

    def _control(self, mode: str) -> None:
        command = [self._programs / "pg_ctl", "stop", "-D", self.data, "-m", mode, "-w", "-t", "30"]
        subprocess.run(command, check=False, capture_output=True, cwd=self.home, **self._as)  # type: ignore[call-overload]
        assert self._server is not None
        self._server.wait(30)

    def reset_connections(self) -> int:
        """Ends every session of the house in the middle of whatever it does, and gives how many."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = 'faults' AND pid <> pg_backend_pid()"
            row = connection.execute(ended).fetchone()
            return int(row[0]) if row else 0

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)
