"""Builds datasets that were asked for, each in a process of its own: the duties and the requests of this one go on."""

from datetime import datetime

from models.dataset import apart
from models.dataset.build import build_waiting
from scheduler.jobs.duties import Duties

FOLDER = "exports"
"""Under the directory of the installation."""


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:  # noqa: ARG001  # an export is dated in study time
    """Builds one export and gives 1, or 0 where none waits."""
    directory = duties.sessions.settings.directory / FOLDER
    return build_waiting(duties.sessions, duties.keys, directory, now=now, build=apart.build_apart)


def stop() -> None:
    """Ends a build that runs, so that the worker need not wait for it; it is begun again at the next start."""
    apart.stop()
