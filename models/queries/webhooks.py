"""Webhook endpoints of a study. The caller has checked what the viewer may do in it. System time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from models.errors import Missing
from models.session import ReadSession, WriteSession
from models.tables import WebhookEndpoint


def webhooks_of(session: ReadSession, study_id: int) -> Sequence[Row[Any]]:
    """Every endpoint, disabled ones too (ix_webhook_endpoint_study)."""
    return session.rows(select(WebhookEndpoint).where(WebhookEndpoint.study_id == study_id).order_by(WebhookEndpoint.id))


def webhook_in(session: ReadSession, study_id: int, webhook_uid: UUID) -> Row[Any]:
    """Raises Missing also for an endpoint of another study."""
    row = session.row(select(WebhookEndpoint).where(WebhookEndpoint.study_id == study_id, WebhookEndpoint.uid == webhook_uid))
    if row is None:
        raise Missing("not_found", "There is no such webhook.")
    return row


def insert_webhook(session: WriteSession, values: Mapping[str, Any]) -> None:
    session.add(WebhookEndpoint, **values)


def disable_webhook(session: WriteSession, webhook_id: int, *, reason: str, now: datetime) -> None:
    """The first reason is kept."""
    session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == webhook_id, WebhookEndpoint.disabled_at.is_(None))
        .values(disabled_at=now, disabled_reason=reason)
    )
