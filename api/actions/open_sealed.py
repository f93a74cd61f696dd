"""Open what is sealed under a person's key, for staff who may: free text, refused bodies, notes."""

from typing import Any

from sqlalchemy import Row

from models.codec import parse
from models.sealed import Keys, person_key, place, unseal


def open_texts(keys: Keys, person: Row[Any], response: Row[Any]) -> dict[str, Any]:
    """Free text of a response by item. Raises Gone where the person's key was shredded."""
    if response.texts_sealed is None:
        return {}
    where = place("response", "texts", f"{response.client_id}/{response.revision}")
    texts: dict[str, Any] = parse(unseal(_key(keys, person), response.texts_sealed, where))
    return texts


def open_rejected(keys: Keys, person: Row[Any], rejected: Row[Any]) -> str:
    """The body of a refused submission, as it came; bytes that are no text are replaced."""
    return _body(keys, person, rejected.body_sealed, place("rejected_submission", "body", str(rejected.uid)))


def open_amendment(keys: Keys, person: Row[Any], amendment: Row[Any]) -> str:
    """The body that came under an id that was taken."""
    return _body(keys, person, amendment.body_sealed, place("response_amendment", "body", amendment.content_hash.hex()))


def _body(keys: Keys, person: Row[Any], sealed: bytes, where: bytes) -> str:
    return unseal(_key(keys, person), sealed, where).decode("utf-8", "replace")


def _key(keys: Keys, person: Row[Any]) -> bytes:
    return person_key(keys, person.data_key, person.person_key_id, str(person.participant_uid))
