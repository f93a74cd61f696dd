"""Quick starts: a process that has imported everything and nothing else forks each life of the house.

What runs is the same command in a process of its own; only its imports are done, which are most of a start. First lives, and every
tenth, are started as an operator does. `python -m tests.faults.nursery` reads one request a line and answers with the process id.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any

PR_SET_PDEATHSIG = 1


class Nursery:
    """One for a run. Its children die with it."""

    def __init__(self, root: Path) -> None:
        self._lock = Lock()
        self._mother = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, words: list[str], environment: dict[str, str], log: Path) -> "Child":
        request = {"words": words, "environment": environment, "log": str(log)}
        assert self._mother.stdin is not None
        assert self._mother.stdout is not None
        with self._lock:
            self._mother.stdin.write(json.dumps(request) + "\n")
            self._mother.stdin.flush()
            return Child(int(self._mother.stdout.readline()))

    def close(self) -> None:
        self._mother.kill()
        self._mother.communicate(timeout=10)


class Child:
    """A process that is not ours to wait for: what `subprocess.Popen` is to a child of one's own, as far as it is needed here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._gone = False

    def poll(self) -> int | None:
        """0 where it has ended; how, only its mother knows."""
        if not self._gone:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                self._gone = True
        return 0 if self._gone else None

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def wait(self, timeout: float) -> None:
        ends = monotonic() + timeout
        while self.poll() is None:
            if monotonic() > ends:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            sleep(0.01)

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def live(request: dict[str, Any]) -> None:
    """In the child: the command, with its own log and environment, in nobody's terminal. Never returns to the mother's loop."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, stream in ((0, nothing), (1, log), (2, log)):
        os.dup2(stream, number)
    os.environ.clear()
    os.environ.update(request["environment"])
    what, *words = request["words"]
    if what == "clockwork":
        clockwork.main(words)
    else:
        sys.argv = ["breakwater", *words]
        cli.main()


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                live(json.loads(line))
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    from api import cli
    from tests.faults import clockwork

    main()
