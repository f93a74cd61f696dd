"""A person's own lists (reminders, contacts, reasons): labels are sealed and never leave but to their own phone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select, update

from models.access import Viewer
from models.ids import new_uid
from models.sealed import place
from models.session import ReadSession, WriteSession
from models.tables import ListEntry


def label_place(client_id: UUID) -> bytes:
    """Where a label is sealed."""
    return place("list_entry", "label", str(client_id))


def own_entries(session: ReadSession, viewer: Viewer, list_name: str) -> Sequence[Row[Any]]:
    """The entries of one's own list that were not removed, oldest first (ix_list_entry_enrollment)."""
    return session.rows(
        select(ListEntry)
        .where(ListEntry.enrollment_id == viewer.enrollment_id, ListEntry.list_name == list_name, ListEntry.removed_at.is_(None))
        .order_by(ListEntry.id)
    )


def entry_by_client(session: ReadSession, enrollment_id: int, client_id: UUID) -> Row[Any] | None:
    """An entry of a locked enrollment, removed ones too (unique index)."""
    return session.row(select(ListEntry).where(ListEntry.enrollment_id == enrollment_id, ListEntry.client_id == client_id))


def count_entries(session: ReadSession, enrollment_id: int, list_name: str) -> int:
    found: int = session.value(
        select(func.count()).where(
            ListEntry.enrollment_id == enrollment_id, ListEntry.list_name == list_name, ListEntry.removed_at.is_(None)
        )
    )
    return found


def add_entry(
    session: WriteSession, person: Row[Any], client_id: UUID, *, list_name: str, kind: str | None, label_sealed: bytes, now: datetime
) -> None:
    session.add(
        ListEntry,
        uid=new_uid(),
        study_id=person.study_id,
        enrollment_id=person.id,
        client_id=client_id,
        list_name=list_name,
        kind=kind,
        label_sealed=label_sealed,
        created_at=now,
        removed_at=None,
        version=1,
    )


def change_entry(session: WriteSession, entry_id: int, **columns: Any) -> None:
    """Sets columns and counts the version up."""
    session.execute(update(ListEntry).where(ListEntry.id == entry_id).values(**columns, version=ListEntry.version + 1))
