"""The study in the path, and what the viewer may do in it as a whole."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from sqlalchemy import Row

from api.auth.staff import StaffViewer
from api.deps import TheHouse
from models.access import Ability, Viewer, require_whole_study
from models.queries.study import study_by_uid


def the_study(study_id: UUID, viewer: StaffViewer, house: TheHouse) -> Row[Any]:
    """Raises Missing for a study in which the viewer has no role, as for one that does not exist."""
    with house.sessions.reading() as session:
        return study_by_uid(session, viewer, study_id)


StudyRow = Annotated[Row[Any], Depends(the_study)]


def _may(ability: Ability) -> Callable[..., Viewer]:
    def allowed(study: StudyRow, viewer: StaffViewer) -> Viewer:
        require_whole_study(viewer, ability, study.id)
        return viewer

    return allowed


Manager = Annotated[Viewer, Depends(_may(Ability.MANAGE_STUDY))]
StaffManager = Annotated[Viewer, Depends(_may(Ability.MANAGE_STAFF))]
Auditor = Annotated[Viewer, Depends(_may(Ability.READ_AUDIT))]
