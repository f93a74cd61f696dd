"""Put a population model to a study, first in shadow; promote it, roll it back, withdraw it. Each by a named human, with a note.

`request` is None where the human is at the command line.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row

from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Viewer
from models.errors import Fault, Invalid
from models.kinds import ModelMove
from models.queries import population as rows
from models.session import ReadSession, WriteSession
from risk.population.artefact import PopulationModel, digest_of, read
from risk.population.features import columns
from risk.population.record import sources_of
from risk.population.standing import Standing, after
from risk.serving import standings

ACTS = {
    ModelMove.SHADOWED: "model_shadowed",
    ModelMove.PROMOTED: "model_promoted",
    ModelMove.ROLLED_BACK: "model_rolled_back",
    ModelMove.WITHDRAWN: "model_withdrawn",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """`created` is False where the study had the same file before."""

    uid: UUID
    name: str
    created: bool


def put_model(house: House, request: Request | None, viewer: Viewer, study: Row[Any], raw: bytes, *, note: str) -> Stored:
    """Stores a model's file and puts it in shadow, in place of one that was there; a file that the study has is put there again.

    Raises what `artefact.read` raises, Invalid (`model_unfit`) with the columns that the study's protocols cannot give, and Conflict
    (`model_stands`) where it is in shadow or in use already.
    """
    model = read(raw, rehearsal=study.synthetic)
    digest, now = digest_of(model), house.clock.study()
    with house.sessions.transaction() as session:
        rows.lock_study(session, study.id)
        _check_columns(session, house, study.id, model)
        known = rows.model_by_digest(session, study.id, digest)
        if known is None:
            rows.add_model(session, _columns(study.id, model, digest, raw, viewer, now))
        row = known or rows.model_by_digest(session, study.id, digest)
        assert row is not None
        _move(session, house, request, viewer, study, row, ModelMove.SHADOWED, note, now)
    return Stored(row.uid, row.name, known is None)


def move_model(
    house: House, request: Request | None, viewer: Viewer, study: Row[Any], model_uid: UUID, what: ModelMove, *, note: str
) -> None:
    """Raises Missing, and Conflict where the move is not legal as the models stand; promoting reads the file once more."""
    now = house.clock.study()
    with house.sessions.transaction() as session:
        rows.lock_study(session, study.id)
        row = rows.model_by_uid(session, study.id, model_uid)
        if what is ModelMove.PROMOTED:
            read(rows.file_of(session, row.id), rehearsal=study.synthetic)
        _move(session, house, request, viewer, study, row, what, note, now)


def _move(
    session: WriteSession,
    house: House,
    request: Request | None,
    viewer: Viewer,
    study: Row[Any],
    row: Row[Any],
    what: ModelMove,
    note: str,
    now: datetime,
) -> None:
    assert viewer.staff_id is not None  # the door is for staff
    after(standings(rows.moves_of(session, study.id)).get(row.target, Standing()), what, row.id)
    rows.add_move(session, study_id=study.id, model_id=row.id, what=what, by=viewer.staff_id, note=note, now=now)
    rows.score_everyone(session, study.id, now=now)
    act = act_of(house, request, viewer, ACTS[what], "population_model", row.uid, model=row.name, digest=row.digest)
    add_act(session, house, study.uid, act)


def _check_columns(session: ReadSession, house: House, study_id: int, model: PopulationModel) -> None:
    protocols = [house.protocols.get(session, version) for version in rows.version_ids(session, study_id)]
    known = {one.name for one in columns(sources_of(protocols))}
    unknown = [(place, name) for place, name in enumerate(model.columns) if name not in known]
    if unknown:
        message = "No protocol of this study gives what this column reads."
        faults = [Fault(f"/document/columns/{place}", "unknown_column", message) for place, _ in unknown]
        raise Invalid("model_unfit", f"The model reads {len(unknown)} columns that this study cannot give.", faults)


def _columns(study_id: int, model: PopulationModel, digest: str, raw: bytes, viewer: Viewer, now: datetime) -> dict[str, Any]:
    return {
        "study_id": study_id,
        "name": model.id,
        "model": model.model,
        "target": model.target,
        "digest": digest,
        "file": raw,
        "stored_by": viewer.staff_id,
        "stored_at": now,
        "synthetic": model.synthetic,
    }
