"""Builds a dataset in a process of its own: an export of a large study takes minutes, and a thread of the server would make everyone wait.

`python -m models.dataset.apart` reads one line of JSON (`_order`) and writes one. The export key goes through the pipe, never through
arguments or the environment. The process runs at low priority and ends by itself when the one that started it is gone.
"""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Thread, Timer
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlalchemy import select

from models.codec import canonical, parse
from models.dataset.build import Built, Stopped, build_export
from models.errors import Invalid, Problem
from models.queries.export_build import LEASE
from models.sealed import Keys
from models.session import Sessions
from models.settings import DatabaseSettings
from models.tables import Export

LONGEST_SECONDS: Final = LEASE.total_seconds() * 0.9
"""A build that takes longer is ended: after the lease another would begin."""

_KINDNESS: Final = 10
"""Added to the niceness of the process: requests come first."""

_running: set[subprocess.Popen[bytes]] = set()
_lock: Final = Lock()


def build_apart(sessions: Sessions, keys: Keys, export: Any, directory: Path, *, now: datetime) -> Built:
    """As `build_export`, in a process of its own. Raises `Stopped` where it was ended by `stop` or a signal, Invalid as `build_export`
    and where the process died (`builder_died`)."""
    command = [sys.executable, "-m", "models.dataset.apart"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes) as process:  # noqa: S603  # our own module, under our own interpreter
        with _lock:
            _running.add(process)
        timer = Timer(LONGEST_SECONDS, process.kill)
        timer.daemon = True
        timer.start()
        try:
            said = _ask(process, _order(sessions.settings, keys, export, directory, now))
        finally:
            timer.cancel()
            process.kill()  # one that has written its answer has nothing left to do
            with _lock:
                _running.discard(process)
    if not said:
        if process.returncode in {-signal.SIGTERM, -signal.SIGINT}:
            raise Stopped
        raise Invalid("builder_died", "The process that built the dataset died.")
    if "problem" in said:
        raise Invalid(said["problem"], "The dataset could not be built.")
    return Built(Path(said["path"]), said["sha256"], said["size_bytes"], said["rows"], tuple(said["enrollment_ids"]))


def stop() -> None:
    """Ends the builds of this process; each is built again when somebody looks for what waits."""
    with _lock:
        for process in _running:
            process.terminate()


def _ask(process: subprocess.Popen[bytes], order: bytes) -> Any:
    """The answer, or None where it died. Its input stays open until then: that is how it knows that we are alive."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        os.write(process.stdin.fileno(), order + b"\n")  # past the buffer, which would break again when it is closed
    except BrokenPipeError:
        process.wait()
        return None
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        process.wait()
        return None
    return parse(line)


def _order(settings: DatabaseSettings, keys: Keys, export: Any, directory: Path, now: datetime) -> bytes:
    return canonical(
        {
            "url": settings.url,
            "directory": str(settings.directory),
            "export": str(export.uid),
            "key": keys.export.hex(),
            "into": str(directory),
            "now": now.astimezone(UTC).isoformat(),
        }
    )


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.nice(_KINDNESS)
    order = parse(sys.stdin.buffer.readline())
    Thread(target=_end_with, args=(sys.stdin.buffer,), daemon=True).start()
    try:
        said = _build(order)
    except Problem as error:
        said = {"problem": error.code}
    except Exception as error:  # noqa: BLE001  # the message may hold a row's values: only the kind of fault goes on
        said = {"problem": f"unexpected_{type(error).__name__}"}
    sys.stdout.buffer.write(canonical(said) + b"\n")
    sys.stdout.buffer.flush()


def _build(order: Any) -> dict[str, Any]:
    settings = DatabaseSettings(url=order["url"], directory=Path(order["directory"]), pool_size=1)
    sessions = Sessions(settings)
    keys = Keys(key_id="", encryption={}, audit=b"", token=b"", export=bytes.fromhex(order["key"]), index=b"")
    with sessions.reading() as session:
        export = session.row(select(Export).where(Export.uid == UUID(order["export"])))
    built = build_export(sessions, keys, export, Path(order["into"]), now=datetime.fromisoformat(order["now"]))
    sessions.close()
    return {
        "path": str(built.path),
        "sha256": built.sha256,
        "size_bytes": built.size_bytes,
        "rows": dict(built.rows),
        "enrollment_ids": list(built.enrollment_ids),
    }


def _end_with(pipe: BinaryIO) -> None:
    """Whoever started us is gone when its end of the pipe is closed; what is half done is cleared away by the next build."""
    pipe.read()
    os._exit(1)


if __name__ == "__main__":
    main()
