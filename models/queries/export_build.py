"""Building exports, and the ledger of what was disclosed. No viewer: the duty builds what somebody was allowed to ask for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, and_, func, or_, select, update

from models.access import Viewer
from models.kinds import ExportState
from models.queries.export import software_version
from models.session import ReadSession, WriteSession
from models.tables import Disclosed, Enrollment, Export, Staff

LEASE: Final = timedelta(minutes=60)
"""A build that has not ended by then has died and is started again."""

_AT_ONCE: Final = 1000


def export_waits(session: ReadSession, *, now: datetime) -> bool:
    """Whether there is anything to build (ix_export_waiting)."""
    return session.value(select(Export.id).where(_owed(now)).limit(1)) is not None


def claim_export(session: WriteSession, *, now: datetime, after: int = 0) -> Row[Any] | None:
    """The oldest export to build with an id above `after`, marked as building; one whose builder died counts as waiting."""
    chosen = select(Export.id).where(_owed(now), Export.id > after).order_by(Export.id).limit(1).with_for_update(skip_locked=True)
    export_id = session.value(chosen)
    if export_id is None:
        return None
    session.execute(update(Export).where(Export.id == export_id).values(state=ExportState.BUILDING, started_at=now))
    return session.row(select(Export).where(Export.id == export_id))


def _owed(now: datetime) -> Any:
    dead = and_(Export.state == ExportState.BUILDING, Export.started_at <= now - LEASE)
    return or_(Export.state == ExportState.WAITING, dead)


def finish_export(
    session: WriteSession, claimed: Row[Any], *, file_name: str, sha256: str, size_bytes: int, rows: Mapping[str, int], now: datetime
) -> bool:
    """Marks as ready; False where another builder has taken over."""
    done = _set(
        session,
        claimed,
        state=ExportState.READY,
        finished_at=now,
        file_name=file_name,
        sha256=sha256,
        bytes=size_bytes,
        rows=dict(rows),
        problem=None,
        software_version=software_version(),
    )
    return done == 1


def fail_export(session: WriteSession, claimed: Row[Any], *, problem: str, now: datetime) -> None:
    """`problem` is a code, never content."""
    _set(session, claimed, state=ExportState.FAILED, finished_at=now, problem=problem)


def reopen_export(session: WriteSession, row: Row[Any]) -> None:
    """To be built again: its file, if there is one, holds someone who has withdrawn the use of their data.

    `finished_at` stays: the next build ends later, also where study time stands still, so that the ledger's lines keep apart.
    """
    again = {"state": ExportState.WAITING, "started_at": None, "file_name": None, "sha256": None, "bytes": None}
    session.execute(update(Export).where(Export.id == row.id).values(**again))


def end_of_build(claimed: Row[Any], now: datetime) -> datetime:
    """When a build that ends now ended: always after the one before it."""
    return now if claimed.finished_at is None else max(now, claimed.finished_at + timedelta(microseconds=1))


def stopped_use(session: ReadSession, enrollment_ids: Collection[int]) -> int:
    """How many of these people no longer let their data be used."""
    wanted = sorted(enrollment_ids)
    chunks = (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE))
    stopped = select(func.count()).select_from(Enrollment).where(Enrollment.consent_use.is_(False))
    return sum(int(session.value(stopped.where(Enrollment.id.in_(chunk)))) for chunk in chunks)


def stopped_since(session: ReadSession, row: Row[Any]) -> int:
    """How many people in a finished export have withdrawn the use of their data since: look before a download (ix_disclosed_study)."""
    people = select(Disclosed.enrollment_id).where(Disclosed.study_id == row.study_id, _in_archive(row))
    statement = select(func.count()).select_from(Enrollment).where(Enrollment.consent_use.is_(False), Enrollment.id.in_(people))
    return int(session.value(statement))


def _in_archive(row: Row[Any]) -> Any:
    """The ledger's lines of the archive as it is now: one that was built again leaves the lines of the earlier one behind."""
    return and_(Disclosed.export_id == row.id, Disclosed.at >= row.finished_at)


def _set(session: WriteSession, claimed: Row[Any], **values: Any) -> int:
    mine = and_(Export.id == claimed.id, Export.state == ExportState.BUILDING, Export.started_at == claimed.started_at)
    return session.execute(update(Export).where(mine).values(**values)).rowcount


def recipient_of(session: ReadSession, claimed: Row[Any]) -> str:
    """To whom the dataset goes, as the ledger writes it."""
    staff_uid = session.value(select(Staff.uid).where(Staff.id == claimed.requested_by))
    return "system" if staff_uid is None else f"staff:{staff_uid}"


def record_disclosed(session: WriteSession, row: Row[Any], enrollment_ids: Sequence[int], *, recipient: str, now: datetime) -> None:
    """One line of the ledger for each person in the dataset."""
    shared = _ledger_line(row) | {"at": now, "recipient": recipient}
    session.add_all(Disclosed, [{**shared, "enrollment_id": one} for one in enrollment_ids])


def record_download(session: WriteSession, row: Row[Any], viewer: Viewer, *, now: datetime) -> int:
    """For a download by someone else than the requester: the same lines for this recipient, once; gives how many were new."""
    known = select(Disclosed.id).where(Disclosed.export_id == row.id, Disclosed.recipient == viewer.actor)
    if session.value(known.limit(1)) is not None:
        return 0
    people = session.rows(select(Disclosed.enrollment_id).where(_in_archive(row)).distinct().order_by(Disclosed.enrollment_id))
    record_disclosed(session, row, [one.enrollment_id for one in people], recipient=viewer.actor, now=now)
    return len(people)


def _ledger_line(row: Row[Any]) -> dict[str, Any]:
    what = f"dataset {row.release}: {', '.join(row.request['tables'])}"
    return {"study_id": row.study_id, "purpose": row.purpose, "what": what, "export_id": row.id}
