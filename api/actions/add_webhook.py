"""Add an endpoint that is told, and take it away again."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row

from api.actions.house_duties import house_duties
from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Viewer
from models.errors import Conflict
from models.ids import new_key, new_uid
from models.queries.webhooks import disable_webhook, insert_webhook, webhook_in, webhooks_of
from models.sealed import place, wrap
from scheduler.delivery.address import check_url
from scheduler.delivery.signature import secret

MOST: Final = 20
"""Enabled endpoints of a study; each is one more delivery for each alert."""


def add_webhook(house: House, request: Request, viewer: Viewer, study: Row[Any], *, url: str, kinds: Sequence[str]) -> tuple[Row[Any], str]:
    """The stored endpoint and its secret, which is shown once. Raises Invalid for an address that is not public https."""
    check_url(url, allow_loopback=house_duties(house).settings.webhook_allow_loopback)
    webhook_uid, plain, now = new_uid(), secret(new_key()), house.clock.system()
    with house.sessions.transaction() as session:
        if sum(one.disabled_at is None for one in webhooks_of(session, study.id)) >= MOST:
            raise Conflict("too_many_webhooks", f"A study has at most {MOST} endpoints; remove one first.")
        insert_webhook(
            session,
            {
                "uid": webhook_uid,
                "study_id": study.id,
                "url": url,
                "secret_sealed": wrap(house.keys, plain.encode(), place("webhook_endpoint", "secret", str(webhook_uid))),
                "key_id": house.keys.key_id,
                "kinds": sorted(set(kinds)),
                "created_at": now,
            },
        )
        row = webhook_in(session, study.id, webhook_uid)
        add_act(
            session, house, study.uid, act_of(house, request, viewer, "webhook_added", "webhook", webhook_uid, kinds=sorted(set(kinds)))
        )
    return row, plain


def remove_webhook(house: House, request: Request, viewer: Viewer, study: Row[Any], webhook_uid: UUID) -> None:
    """Disables an endpoint for good; the row stays, since deliveries name it."""
    with house.sessions.transaction() as session:
        row = webhook_in(session, study.id, webhook_uid)
        disable_webhook(session, row.id, reason="removed", now=house.clock.system())
        add_act(session, house, study.uid, act_of(house, request, viewer, "webhook_removed", "webhook", webhook_uid))
