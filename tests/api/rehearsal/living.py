"""Rehearsals as small as they can be, run through the real command, and what their databases hold."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import Result
from sqlalchemy import select
from typer.testing import CliRunner

from api.cli import app
from models.definition.load import parse
from models.definition.protocol import Protocol
from models.kinds import PromptState
from models.session import ReadSession, Sessions
from models.settings import DatabaseSettings
from models.tables import Prompt, ProtocolVersion

PEOPLE, DAYS, SEED = 3, 2, 4
SMALL = ["--people", str(PEOPLE), "--days", str(DAYS), "--seed", str(SEED), "--quiet"]


@dataclass(frozen=True)
class Ran:
    """A rehearsal that has ended: what it printed, where its files are and where its database is."""

    directory: Path
    settings: DatabaseSettings
    said: str
    exit_code: int

    @property
    def happened(self) -> dict[str, Any]:
        return json.loads((self.directory / "happened.json").read_text())

    @property
    def summary(self) -> dict[str, Any]:
        return json.loads((self.directory / "summary.json").read_text())

    @contextmanager
    def reading(self) -> Iterator[ReadSession]:
        sessions = Sessions(self.settings)
        try:
            with sessions.reading() as session:
                yield session
        finally:
            sessions.close()


def settings_of(directory: Path) -> DatabaseSettings:
    return DatabaseSettings.read({"BREAKWATER_DIRECTORY": str(directory)})


def run(*words: str, **environment: str) -> Result:
    """The command as it is typed, in this process; its server is a process of its own."""
    return CliRunner().invoke(app, list(words), env=dict(environment), catch_exceptions=True)


def ran(directory: Path, url: str | None, *words: str) -> Ran:
    given = {"BREAKWATER_REHEARSAL_DATABASE_URL": url} if url else {}
    result = run(*words, "--directory", str(directory), **given)
    settings = DatabaseSettings.read({"BREAKWATER_DIRECTORY": str(directory), **({"BREAKWATER_DATABASE_URL": url} if url else {})})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(directory, settings, result.output, result.exit_code)


def protocol_of(session: ReadSession) -> Protocol:
    row = session.row(select(ProtocolVersion.document).order_by(ProtocolVersion.id.desc()))
    assert row is not None
    return parse(bytes(row.document))


def never_asked(row: Any) -> bool:
    """Whether the prompt never came to the person."""
    return row.state in {PromptState.SUPERSEDED, PromptState.BLOCKED, PromptState.CANCELLED, PromptState.PLANNED} and row.sent_at is None


ENDED = {
    PromptState.COMPLETED,
    PromptState.PARTIAL,
    PromptState.DECLINED,
    PromptState.EXPIRED,
    PromptState.SUPERSEDED,
    PromptState.BLOCKED,
    PromptState.CANCELLED,
}


def prompts(session: ReadSession) -> list[Any]:
    return list(session.rows(select(Prompt).order_by(Prompt.enrollment_id, Prompt.due_at)))
