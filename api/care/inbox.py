"""What the ladder told this member of staff."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Row

from api.auth.staff import StaffViewer
from api.care.banner import Banner, banner
from api.deps import TheHouse
from api.pages import cursor_of, read_cursor
from api.problems import responses
from api.router import Router
from api.shapes import Cursor, Limit, Moment, Shape
from models.kinds import AlertState
from models.queries.reports import inbox

router = Router(prefix="/v1/care/inbox", tags=["care"])


class InboxItem(Shape):
    """One telling. It says that there is something to review, and nothing else; the alert says the rest."""

    id: UUID
    alert_id: UUID
    told_at: Moment
    urgent: bool
    state: AlertState
    """Of the alert, now."""


class Inbox(Shape):
    banner: Banner
    open: int
    """Alerts that rang for you and are not resolved. 0 with `scoring_paused_since` null means that all is quiet and watched."""
    items: list[InboxItem]
    next: str | None


@router.get("", response_model=Inbox, responses=responses(401, 403, 422))
def read_inbox(viewer: StaffViewer, house: TheHouse, cursor: Cursor = None, limit: Limit = 50) -> Inbox:
    """What rang for the viewer, the newest first."""
    after = None if cursor is None else read_cursor(cursor, datetime, UUID)
    above = banner(house)
    with house.sessions.reading() as session:
        found, unresolved = inbox(session, viewer, after=None if after is None else (after[0], after[1]), limit=limit)
    shown = found[:limit]
    return Inbox(
        banner=above,
        open=unresolved,
        items=[_item(one) for one in shown],
        next=cursor_of(shown[-1].created_at, shown[-1].uid) if len(found) > limit else None,
    )


def _item(row: Row[object]) -> InboxItem:
    return InboxItem(id=row.uid, alert_id=row.subject, told_at=row.created_at, urgent=row.urgent, state=row.state)
