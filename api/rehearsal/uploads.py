"""What a phone sends as a response, as bytes of the API, by its own clock."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from api.rehearsal.people.terms import Filled, Person, Slip, Twice
from models.definition.instrument import Instrument
from models.ids import derived_uid

BEFORE_ANSWER: Final = timedelta(minutes=30)
"""By how much the upload of a `Slip.AFTER_SENT` claims to have left before its answer ended."""

_RECEIPT: Final = b',"receipt":'


@dataclass(frozen=True, slots=True)
class Upload:
    """A response on the phone, from the moment that it was answered. Instants are true ones."""

    response_id: str
    label: str
    instrument: Instrument
    revision: int
    prompt_id: str | None
    started_at: datetime
    filled: Filled
    twice: Twice | None = None
    slip: Slip | None = None
    edit_after: timedelta | None = None
    discloses: bool = False
    expires_at: datetime | None = None

    def edit(self, filled: Filled) -> "Upload":
        return replace(self, filled=filled, twice=None, slip=None, edit_after=None)


def response_id(person: Person, label: str) -> str:
    """The id that the phone makes: the same seed gives the same ones."""
    return str(derived_uid("rehearsal", str(person.seed), str(person.number), label))


def body(upload: Upload, person: Person, *, sent_at: datetime, edits: int | None = None) -> dict[str, Any]:
    """The document as the phone sends it at `sent_at`. `edits`: the stored revision that it changes on purpose."""

    def shown(at: datetime) -> str:
        return (at + person.ahead_at(at)).isoformat()

    filled = upload.filled
    document = {
        "protocol_revision": upload.revision,
        "instrument": upload.instrument.id,
        "prompt_id": upload.prompt_id,
        "started_at": shown(upload.started_at),
        "answered_at": shown(filled.finished_at),
        "sent_at": shown(sent_at),
        "zone": person.zone_at(filled.finished_at),
        "complete": filled.complete,
        "language": person.language,
        "answers": {item: _shown(answer, person) for item, answer in filled.answers.items()},
    }
    return document if edits is None else {**document, "base_revision": edits, "edit_reason": "mistake"}


def early(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same, claiming to have left before it was answered: the server refuses it."""
    answered = datetime.fromisoformat(document["answered_at"])
    return {**document, "sent_at": (answered - BEFORE_ANSWER).isoformat()}


def other_content(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same id is taken by then, and this is not what stands under it."""
    answered = datetime.fromisoformat(document["answered_at"])
    return {**document, "answered_at": (answered + timedelta(seconds=1)).isoformat()}


def receipt_of(reply: bytes) -> bytes:
    """The receipt's own bytes in a reply, as they came."""
    return reply.rpartition(_RECEIPT)[2][:-1]


def _shown(answer: Mapping[str, Any], person: Person) -> Mapping[str, Any]:
    if "at" not in answer:
        return answer
    at = datetime.fromisoformat(answer["at"])
    return {**answer, "at": (at + person.ahead_at(at)).isoformat()}
