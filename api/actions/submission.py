"""A submission as it came in: read from bytes once, strictly where it is stored, loosely where only safety needs it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from pydantic import ConfigDict, Field, StrictInt, StringConstraints, ValidationError

from api.problems import faults_of
from api.shapes import AS_JSON, Moment, Shape
from models.access import Viewer
from models.codec import digest
from models.definition.base import Language
from models.errors import Fault, Invalid, Malformed, Problem

MAX_ANSWERS = 400
MAX_REVISION = 2**31 - 1
_Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class ResponseIn(Shape):
    """A response as the phone sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    protocol_revision: Annotated[StrictInt, Field(ge=1, le=MAX_REVISION), AS_JSON]
    """The revision that the phone holds and asked from; the answers are validated against it."""
    instrument: _Code
    prompt_id: UUID | None = None
    """Null for a report that the person started."""
    started_at: Moment | None = None
    answered_at: Moment
    """When the person finished, by the phone's clock."""
    sent_at: Moment
    """When this upload left, by the phone's clock: the server measures the clock's error with it."""
    zone: str = Field(max_length=64)
    """IANA zone that the phone shows."""
    complete: bool = True
    language: Language | None = None
    """In which the questions were shown: the tag that the phone looks texts up by. Null: the protocol's own."""
    answers: dict[str, Any] = Field(max_length=MAX_ANSWERS)
    """Item id -> `{"value": …}`, `{"skipped": true}` or `{"declined": true}`, each with an optional `at`."""
    base_revision: Annotated[StrictInt, Field(ge=1, le=MAX_REVISION), AS_JSON] | None = None
    """Of a deliberate edit: the stored revision that it changes."""
    edit_reason: _Code | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """One operation of the writer. `given` is None where the shape was refused; then `loose` serves the disclosures."""

    viewer: Viewer
    token_digest: bytes
    client_id: UUID
    body: bytes
    content_hash: bytes
    given: ResponseIn | None
    problem: Problem | None
    loose: Mapping[str, Any]

    @property
    def instrument(self) -> str | None:
        return self.given.instrument if self.given else _text(self.loose.get("instrument"))

    @property
    def language(self) -> str | None:
        return self.given.language if self.given else _text(self.loose.get("language"))

    @property
    def raw_answers(self) -> Mapping[str, Any]:
        if self.given:
            return self.given.answers
        answers = self.loose.get("answers")
        return answers if isinstance(answers, dict) else {}


def read_submission(viewer: Viewer, token_digest: bytes, client_id: UUID, body: bytes) -> Submission:
    """Reads a body. What is wrong with it is kept in `problem`: the writer refuses it after it has looked for disclosures."""
    try:
        given = ResponseIn.model_validate_json(body)
    except ValidationError as error:
        return _refused(viewer, token_digest, client_id, body, error)
    if (given.base_revision is None) != (given.edit_reason is None):
        fault = Fault("/edit_reason", "edit_needs_both", "An edit names the revision it changes and a reason.")
        problem = Invalid("invalid", "The response breaks the rules named in errors.", (fault,))
        return Submission(viewer, token_digest, client_id, body, content_hash(given), given, problem, {})
    return Submission(viewer, token_digest, client_id, body, content_hash(given), given, None, {})


_CONTENT = tuple(sorted(set(ResponseIn.model_fields) - {"sent_at"}))


def content_hash(given: ResponseIn) -> bytes:
    """What makes two submissions the same: everything but `sent_at`, which changes with each try."""
    return digest({name: getattr(given, name) for name in _CONTENT})


def _refused(viewer: Viewer, token_digest: bytes, client_id: UUID, body: bytes, error: ValidationError) -> Submission:
    loose = _loosely(body)
    if loose is None:
        problem: Problem = Malformed("broken_json", "The body is not JSON, or is nested too deeply.")
    else:
        problem = Invalid("invalid", "The response breaks the rules named in errors.", faults_of(error))
    return Submission(viewer, token_digest, client_id, body, hashlib.sha256(body).digest(), None, problem, loose or {})


def _loosely(body: bytes) -> Mapping[str, Any] | None:
    try:
        read = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return read if isinstance(read, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and len(value) <= 63 else None
