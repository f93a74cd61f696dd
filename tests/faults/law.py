"""Laws: what must hold in the database after any fault, each counted over everything that it looks at."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Row, select

from models.definition.protocol import Protocol
from models.protocols import Protocols
from models.sealed import Keys
from models.session import ReadSession
from models.tables import Enrollment
from tests.faults.ledger import Ledger
from tests.faults.receivers import Got

GRACE_SECONDS = 60


@dataclass
class Facts:
    """What a law may look at: the rows as they stand, what the clients know, what the receivers got, and both times at the end."""

    session: ReadSession
    keys: Keys
    ledger: Ledger
    got: Sequence[Got]
    study_now: datetime
    system_now: datetime
    rehearsal: bool
    lying: bool
    """A clock was set wrong on purpose, so instants need not be in order."""
    known: Protocols = field(default_factory=Protocols)

    def rows(self, *columns: Any) -> Sequence[Row[Any]]:
        return self.session.rows(select(*columns))

    @cached_property
    def people(self) -> dict[int, Row[Any]]:
        """Enrollment by its internal key."""
        return {row.id: row for row in self.rows(Enrollment)}

    @cached_property
    def keys_of(self) -> dict[str, int]:
        """Internal key by the enrollment's public id."""
        return {str(row.uid): key for key, row in self.people.items()}

    def protocol(self, version_id: int) -> Protocol:
        return self.known.get(self.session, version_id)


Looked = Iterator[str | None]
"""One item a thing looked at: None where it is as it must be, else what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Law:
    name: str
    look: Callable[[Facts], Looked]


@dataclass(frozen=True, slots=True)
class Verdict:
    name: str
    looked: int
    broken: tuple[str, ...]


LAWS: list[Law] = []


def law(name: str) -> Callable[[Callable[[Facts], Looked]], Callable[[Facts], Looked]]:
    def keep(look: Callable[[Facts], Looked]) -> Callable[[Facts], Looked]:
        LAWS.append(Law(name, look))
        return look

    return keep


def verdict(one: Law, facts: Facts) -> Verdict:
    found = list(one.look(facts))
    return Verdict(one.name, len(found), tuple(words for words in found if words is not None))


def judge(facts: Facts) -> list[Verdict]:
    """Every law on the same rows."""
    from tests.faults import laws_answers, laws_prompts, laws_told  # noqa: F401  # importing them fills LAWS

    return [verdict(one, facts) for one in LAWS]
