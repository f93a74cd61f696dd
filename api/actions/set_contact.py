"""How to reach a person: sealed name and contact, and the wishes that go with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import Row

from api.actions.enroll import identifiers
from api.actions.record_act import act_of, add_act
from api.deps import House
from models.access import Ability, Viewer
from models.queries.enrollment import lock_person, raise_version, set_participant
from models.sealed import Keys, person_key, place, unseal

SEALED = ("name", "contact")


@dataclass(frozen=True, slots=True)
class Contact:
    """What is to change; a member that is missing stays, None empties."""

    given: Mapping[str, Any] = field(repr=False)


def set_contact(house: House, request: Request, viewer: Viewer, enrollment_uid: UUID, contact: Contact, *, version: int) -> None:
    """Raises PreconditionFailed where someone was first, Gone where the person's key was shredded."""
    now = house.clock.study()
    with house.sessions.transaction() as session:
        row = lock_person(session, viewer, Ability.SEE_IDENTIFIERS, enrollment_uid, now=now)
        raise_version(session, row, version)
        data_key = person_key(house.keys, row.data_key, row.person_key_id, str(row.participant_uid))
        sealed = {name: contact.given[name] for name in SEALED if name in contact.given}
        plain = {name: value for name, value in contact.given.items() if name not in SEALED}
        set_participant(session, row.participant_id, plain | identifiers(house.keys, data_key, row.participant_uid, **sealed))
        act = act_of(
            house,
            request,
            viewer,
            "contact_changed",
            "enrollment",
            row.uid,
            person=row.uid,
            purpose="care",
            members=sorted(contact.given),
        )
        add_act(session, house, row.study_uid, act)


def open_identifiers(keys: Keys, row: Row[Any]) -> tuple[str | None, str | None]:
    """Name and contact of a person; both None where they were never given or the key was shredded."""
    if row.data_key is None or (row.name_sealed is None and row.contact_sealed is None):
        return None, None
    data_key = person_key(keys, row.data_key, row.person_key_id, str(row.participant_uid))

    def opened(name: str, sealed: bytes | None) -> str | None:
        return None if sealed is None else unseal(data_key, sealed, place("participant", name, str(row.participant_uid))).decode()

    return opened("name", row.name_sealed), opened("contact", row.contact_sealed)
