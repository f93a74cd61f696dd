"""A phone that answers, for tests of what staff see of it."""

from datetime import datetime
from typing import Any

from models.ids import new_uid
from tests.api.client import Phone, Served


def response_body(
    served: Served, instrument: str, answers: dict[str, Any], *, at: datetime | None = None, **members: Any
) -> dict[str, Any]:
    moment = (at or served.clock.study()).isoformat()
    return {
        "protocol_revision": 1,
        "instrument": instrument,
        "answered_at": moment,
        "sent_at": served.clock.study().isoformat(),
        "zone": "America/New_York",
        "complete": True,
        "answers": {item: {"value": value} for item, value in answers.items()},
        **members,
    }


def answer(served: Served, phone: Phone, instrument: str, answers: dict[str, Any], **members: Any) -> str:
    """Sends a response and gives its id; it must be stored."""
    response_id = str(new_uid())
    reply = phone.put(f"/v1/participant/responses/{response_id}", response_body(served, instrument, answers, **members))
    assert reply.status_code == 201, reply.text
    return response_id


def disclose(served: Served, phone: Phone) -> str:
    """Says "not safe": a tier 4 alert opens. Gives the id of the response."""
    return answer(served, phone, "use", {"safe_now": "no"})
