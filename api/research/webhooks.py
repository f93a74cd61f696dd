"""Endpoints that are told that something happened: thin notices, signed, never content."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Request, Response
from pydantic import Field
from sqlalchemy import Row

from api.actions.add_webhook import add_webhook, remove_webhook
from api.deps import TheHouse
from api.problems import responses
from api.research.study import Manager, StudyRow
from api.router import Router
from api.shapes import Moment, Shape
from models.queries.webhooks import webhooks_of

router = Router(prefix="/v1/research/studies/{study_id}/webhooks", tags=["research"])

Kind = Literal["prompt", "reminder", "alert", "study_event"]


class WebhookIn(Shape):
    url: Annotated[str, Field(min_length=8, max_length=500)]
    """https, a public host."""
    kinds: Annotated[list[Kind], Field(min_length=1, max_length=4)]


class WebhookOut(Shape):
    id: UUID
    url: str
    kinds: list[str]
    created_at: Moment
    disabled_at: Moment | None
    disabled_reason: str | None


class NewWebhook(WebhookOut):
    secret: str
    """`whsec_…`, shown once: notices are signed with it (Standard Webhooks 1.0)."""


class WebhookList(Shape):
    items: list[WebhookOut]


@router.post("", status_code=201, response_model=NewWebhook, responses=responses(401, 403, 404, 409, 422))
def create_webhook(study: StudyRow, body: WebhookIn, viewer: Manager, house: TheHouse, request: Request) -> NewWebhook:
    """Add an endpoint. It gets an id, a kind and an expiry; everything else is read here, by someone who is signed in."""
    row, secret = add_webhook(house, request, viewer, study, url=body.url, kinds=body.kinds)
    return NewWebhook(**_members(row), secret=secret)


@router.get("", response_model=WebhookList, responses=responses(401, 403, 404))
def list_webhooks(study: StudyRow, _viewer: Manager, house: TheHouse) -> WebhookList:
    """Every endpoint of the study, disabled ones too."""
    with house.sessions.reading() as session:
        return WebhookList(items=[WebhookOut(**_members(one)) for one in webhooks_of(session, study.id)])


@router.delete("/{webhook_id}", status_code=204, response_class=Response, responses=responses(401, 403, 404))
def delete_webhook(study: StudyRow, webhook_id: UUID, viewer: Manager, house: TheHouse, request: Request) -> None:
    """Disable an endpoint for good; what was promised to it ends."""
    remove_webhook(house, request, viewer, study, webhook_id)


def _members(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.uid,
        "url": row.url,
        "kinds": row.kinds,
        "created_at": row.created_at,
        "disabled_at": row.disabled_at,
        "disabled_reason": row.disabled_reason,
    }
