"""What each command of `breakwater models` does: the same acts as the staff routes, by a member of staff who is named."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from api.actions.serve_model import Stored, move_model, put_model
from api.app import build_house
from api.commands import opened, study_called
from api.deps import House
from api.settings import ApiSettings
from models.access import Ability, Viewer, require_whole_study
from models.errors import Fault, Invalid, Missing
from models.kinds import ModelMove
from models.lock import writing_process
from models.queries import population as rows
from models.queries import staff as staff_queries
from models.session import ReadSession
from models.settings import DatabaseSettings
from risk.population.artefact import MOST_BYTES
from risk.population.standing import Standing
from risk.serving import standings

LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of a study, where it stands, and the newest thing that a human did with it."""

    row: Row[Any]
    stands: str
    move: Row[Any] | None


def list_models(settings: DatabaseSettings, slug: str) -> list[Listed]:
    """Every model that was put to a study, oldest first."""
    with writing_process(settings, "breakwater models list"), opened(settings) as (sessions, _), sessions.reading() as session:
        study = study_called(session, slug)
        moves = rows.moves_of(session, study.id)
        where, newest = standings(moves), {one.population_model_id: one for one in moves}
        return [Listed(one, where.get(one.target, Standing()).of(one.id), newest.get(one.id)) for one in rows.models_of(session, study.id)]


def add_model(settings: DatabaseSettings, slug: str, file: Path, login: str, note: str) -> Stored:
    """Puts a model's file in shadow."""
    if file.stat().st_size > MOST_BYTES:
        raise Invalid("model_too_large", f"A model's file has at most {MOST_BYTES:,} bytes.")
    with _acting(settings, "breakwater models add", slug, login, note) as (house, study, viewer):
        return put_model(house, None, viewer, study, file.read_bytes(), note=note)


def move(settings: DatabaseSettings, slug: str, name: str, what: ModelMove, login: str, note: str) -> str:
    """Does what `what` says with the model called `name`: its public id, its name, or the beginning of its digest. Gives its name."""
    with _acting(settings, f"breakwater models {what}", slug, login, note) as (house, study, viewer):
        with house.sessions.reading() as session:
            model = _called(session, study.id, name)
        move_model(house, None, viewer, study, model.uid, what, note=note)
        return str(model.name)


@contextmanager
def _acting(settings: DatabaseSettings, what: str, slug: str, login: str, note: str) -> Iterator[tuple[House, Row[Any], Viewer]]:
    """A house, the study, and the member of staff who acts: one who manages the whole study."""
    if not note.strip() or len(note) > LONGEST_NOTE or not note.isprintable():
        fault = Fault("/note", "note", f"A note says why, in one line of at most {LONGEST_NOTE} characters.")
        raise Invalid("invalid", fault.message, (fault,))
    with writing_process(settings, what), opened(settings) as (sessions, keys):
        house = build_house(sessions, keys, ApiSettings.read(os.environ))
        with sessions.reading() as session:
            study, viewer = study_called(session, slug), _staff(session, house, login)
        require_whole_study(viewer, Ability.MANAGE_STUDY, study.id)
        yield house, study, viewer


def _staff(session: ReadSession, house: House, login: str) -> Viewer:
    row = staff_queries.staff_by_login(session, login)
    if row is None or row.disabled_at is not None:
        raise Missing("not_found", f"There is no member of staff {login}.")
    return Viewer(kind="staff", uid=row.uid, staff_id=row.id, grants=staff_queries.grants_of(session, row.id, now=house.clock.system()))


def _called(session: ReadSession, study_id: int, name: str) -> Row[Any]:
    """Raises Missing where no model, or more than one, is called so."""
    models = rows.models_of(session, study_id)
    found = [one for one in models if name in {str(one.uid), one.name} or (len(name) >= 8 and one.digest.startswith(name))]
    if len(found) != 1:
        known = ", ".join(one.name for one in models) or "none yet"
        raise Missing("not_found", f"There is no one model {name} in this study; there is: {known}.")
    return found[0]
