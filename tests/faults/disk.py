"""A disk that can be filled: a small file system of its own where one may be mounted, else a limit on the size of files."""

import os
import resource
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.faults.house import Process


def can_mount() -> str | None:
    """None where this user may mount a file system in a name space of their own, else why not."""
    if shutil.which("unshare") is None:
        return "there is no unshare"
    tried = subprocess.run(
        ["unshare", "-m", "--propagation", "private", "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"],
        capture_output=True,
        check=False,
    )
    return None if tried.returncode == 0 else (tried.stderr.decode().strip() or "mounting is not allowed")


class Disk:
    """`words` say which of the two it is."""

    words = ""

    def fill(self, processes: Sequence[Process]) -> None:
        raise NotImplementedError

    def free(self, processes: Sequence[Process]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


class SmallDisk(Disk):
    """A tmpfs. To be made inside a private mount name space only, so that it vanishes with the process."""

    def __init__(self, place: Path, megabytes: int) -> None:
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(place)], check=True)
        self.place, self.words = place, f"a file system of {megabytes} MB, filled to the last byte"

    def fill(self, processes: Sequence[Process]) -> None:
        with (self.place / "ballast").open("ab", buffering=0) as ballast:
            for block in (b"\0" * 65_536, b"\0" * 4096):
                try:
                    while ballast.write(block) == len(block):
                        pass
                except OSError:
                    continue

    def free(self, processes: Sequence[Process]) -> None:
        (self.place / "ballast").unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "-l", str(self.place)], check=False, capture_output=True)


class ShortFiles(Disk):
    """The weaker form: no file of the house may grow beyond the size that the database's log has now. SQLite only."""

    words = "a limit on the size of files (no file system could be mounted)"

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def fill(self, processes: Sequence[Process]) -> None:
        log = self._directory / "breakwater.db-wal"
        self._limit(processes, os.path.getsize(log) if log.exists() else 0)

    def free(self, processes: Sequence[Process]) -> None:
        self._limit(processes, resource.RLIM_INFINITY)

    def _limit(self, processes: Sequence[Process], size: int) -> None:
        for one in processes:
            if one.alive:
                resource.prlimit(one.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
