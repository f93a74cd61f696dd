"""Builds datasets that were asked for."""

from datetime import datetime

from models.dataset.build import build_waiting
from scheduler.jobs.duties import Duties

FOLDER = "exports"
"""Under the directory of the installation."""


def run(duties: Duties, *, now: datetime, system_now: datetime) -> int:  # noqa: ARG001  # an export is dated in study time
    """Builds one export and gives 1, or 0 where none waits."""
    return build_waiting(duties.sessions, duties.keys, duties.sessions.settings.directory / FOLDER, now=now)
