"""Keep a person's own lists. What names someone is initials only, and everything is sealed."""

from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row

from api.deps import House
from models.errors import Conflict, Fault, Invalid, Missing
from models.kinds import CueType
from models.queries import lists as queries
from models.sealed import person_key, seal, unseal
from models.session import WriteSession

ListName = Literal["reminders", "contacts", "reasons"]

MOST_ENTRIES: Final = 100


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """`kind` is the cue type of a reminder, None in the other lists."""

    list_name: ListName
    label: str
    kind: CueType | None


def put_entry(session: WriteSession, house: House, person: Row[Any], client_id: UUID, entry: Entry) -> bool:
    """True where it was new. The same id again changes the label and the kind, and brings a removed entry back.

    Raises Invalid where it breaks a rule, Conflict (`id_taken`) where the id stands in another list.
    """
    _check(entry)
    stored = queries.entry_by_client(session, person.id, client_id)
    if stored is None:
        if queries.count_entries(session, person.id, entry.list_name) >= MOST_ENTRIES:
            raise Conflict("list_full", f"A list holds at most {MOST_ENTRIES} entries.")
        sealed = seal(_key(house, person), entry.label.encode(), queries.label_place(client_id))
        queries.add_entry(
            session, person, client_id, list_name=entry.list_name, kind=entry.kind, label_sealed=sealed, now=house.clock.study()
        )
        return True
    if stored.list_name != entry.list_name:
        raise Conflict("id_taken", "An entry of another list has this id; make a new one.")
    same = stored.kind == entry.kind and label_of(house, person, stored) == entry.label and stored.removed_at is None
    if not same:
        sealed = seal(_key(house, person), entry.label.encode(), queries.label_place(client_id))
        queries.change_entry(session, stored.id, kind=entry.kind, label_sealed=sealed, removed_at=None)
    return False


def remove_entry(session: WriteSession, house: House, person: Row[Any], list_name: ListName, client_id: UUID) -> None:
    """It is no longer offered; answers that named it keep their id. Once more changes nothing. Raises Missing."""
    stored = queries.entry_by_client(session, person.id, client_id)
    if stored is None or stored.list_name != list_name:
        raise Missing("not_found", "There is no such entry.")
    if stored.removed_at is None:
        queries.change_entry(session, stored.id, removed_at=house.clock.study())


def label_of(house: House, person: Row[Any], row: Row[Any]) -> str:
    """The plain label, for the person's own phone."""
    return unseal(_key(house, person), row.label_sealed, queries.label_place(row.client_id)).decode()


def _key(house: House, person: Row[Any]) -> bytes:
    return person_key(house.keys, person.data_key, person.person_key_id, str(person.participant_uid))


def _check(entry: Entry) -> None:
    faults = []
    if entry.list_name == "reminders" and entry.kind is None:
        faults.append(Fault("/kind", "required", "A reminder has a kind."))
    if entry.list_name != "reminders" and entry.kind is not None:
        faults.append(Fault("/kind", "not_here", "Only reminders have a kind."))
    if entry.kind is CueType.PERSON and not _initials(entry.label):
        faults.append(Fault("/label", "initials_only", "For a person only up to four initials, so that nobody is named."))
    if faults:
        raise Invalid("invalid", "The entry breaks the rules named in errors.", faults)


def _initials(label: str) -> bool:
    """Up to four capitals, with dots, hyphens and spaces between them.

    >>> [_initials(one) for one in ("J.", "A. B.", "JM", "Jon", "at work", "...")]
    [True, True, True, False, False, False]
    """
    letters = [one for one in label if one not in ". -"]
    return 1 <= len(letters) <= 4 and all(one.isalpha() and one == one.upper() for one in letters)
