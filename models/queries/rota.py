"""The rota: who is on duty for a study, by dates. Study time. The caller has checked what the viewer may do in the study."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, or_, select, update

from models.session import ReadSession, WriteSession
from models.tables import Duty, Staff

SHOWN: Final = 400


@dataclass(frozen=True, slots=True)
class Shift:
    staff_id: int
    rung: str
    valid_from: datetime
    valid_until: datetime | None


def rota_of(session: ReadSession, study_id: int) -> Sequence[Row[Any]]:
    """The newest shifts of a study, past ones too (ix_duty_study)."""
    return session.rows(
        select(Duty.rung, Duty.valid_from, Duty.valid_until, Staff.uid.label("staff_uid"), Staff.name)
        .join(Staff, Staff.id == Duty.staff_id)
        .where(Duty.study_id == study_id)
        .order_by(Duty.valid_from.desc(), Duty.id.desc())
        .limit(SHOWN)
    )


def replace_rota(session: WriteSession, study_id: int, shifts: Sequence[Shift], *, now: datetime) -> None:
    """Ends what runs, drops what is still to come, and adds the new shifts."""
    of_study = Duty.study_id == study_id
    session.execute(delete(Duty).where(of_study, Duty.valid_from >= now))
    session.execute(update(Duty).where(of_study, or_(Duty.valid_until.is_(None), Duty.valid_until > now)).values(valid_until=now))
    session.add_all(
        Duty,
        [
            {
                "study_id": study_id,
                "staff_id": one.staff_id,
                "rung": one.rung,
                "valid_from": max(one.valid_from, now),
                "valid_until": one.valid_until,
            }
            for one in shifts
        ],
    )
