"""`breakwater models`: put a population model to a study, promote it, roll it back, withdraw it, and see which stands where."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from api import model_commands
from api.showing import out
from models.kinds import ModelMove
from models.settings import DatabaseSettings

app = typer.Typer(help="Population models of a study. Each act is a named human's, with a note.", no_args_is_help=True)

StudySlug = Annotated[str, typer.Option("--study", help="Short name of the study.")]
By = Annotated[str, typer.Option("--by", help="Login of the member of staff who decides; must manage the whole study.")]
Note = Annotated[str, typer.Option(help="Why. It stands beside the name.")]
Model = Annotated[str, typer.Argument(help="The model's name or id, or the beginning of its digest.")]


@app.command("list")
def list_(study: StudySlug) -> None:
    """Show every model that was put to the study, and where it stands."""
    found = model_commands.list_models(_settings(), study)
    name = Column("model", min_width=max((len(one.row.name) for one in found), default=0))  # to be copied whole
    table = Table(name, "stands", "newest act", "by", "note")
    for one in found:
        act = ("", "", "") if one.move is None else (f"{one.move.what} {one.move.at:%Y-%m-%d}", one.move.by, one.move.note)
        table.add_row(one.row.name, one.stands.replace("_", " "), *map(escape, act))
    out.print(table)


@app.command()
def add(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A model's document, as `evaluate` writes it.")],
    study: StudySlug,
    by: By,
    note: Note,
) -> None:
    """Put a model's file in shadow: its scores are stored and exported, shown to no one, and drive nothing."""
    done = model_commands.add_model(_settings(), study, file, by, note)
    out.print(f"{done.name} in shadow ({'new' if done.created else 'was there before'})", highlight=False)


@app.command()
def promote(model: Model, study: StudySlug, by: By, note: Note) -> None:
    """From shadow into use, from each person's next day on: shown to staff, read by rules, judged by the alert budget."""
    _move(model, study, ModelMove.PROMOTED, by, note, "in use")


@app.command()
def rollback(model: Model, study: StudySlug, by: By, note: Note) -> None:
    """Out of use: the one before it serves again, or none."""
    _move(model, study, ModelMove.ROLLED_BACK, by, note, "out of use")


@app.command()
def withdraw(model: Model, study: StudySlug, by: By, note: Note) -> None:
    """Out of shadow. The scores that it left stay in the dataset."""
    _move(model, study, ModelMove.WITHDRAWN, by, note, "out of shadow")


def _move(model: str, study: str, what: ModelMove, by: str, note: str, becomes: str) -> None:
    out.print(f"{model_commands.move(_settings(), study, model, what, by, note)} {becomes}", highlight=False)


def _settings() -> DatabaseSettings:
    return DatabaseSettings.read(os.environ)
