"""What the rows of a dataset and of a person share. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from models.dataset.codebook import Codebook
from models.dataset.deidentify import Rekey
from models.definition.instrument import Instrument

_DASHED: Final = 36


@dataclass(frozen=True, slots=True)
class Framing:
    """What every row of one dataset shares. `revisions` maps internal keys of protocol versions to their revision."""

    book: Codebook
    rekey: Rekey
    codes: Mapping[str, str]
    """Kind of nothing -> what stands in the cell."""
    revisions: Mapping[int, int]
    study: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """The columns that every row of a person shares. `uid` is the enrollment's and never leaves."""

    uid: str
    participant_id: str
    site: str | None
    arm: str | None
    start_date: date | None
    synthetic: bool
    prompt_id: Callable[[str], str]
    """From the uid of a prompt of this person to the id that leaves."""
    source_id: Callable[[str], str]
    """From the client id of a response of this person to the id that leaves."""


def person_of(rekey: Rekey, row: Any) -> Person:
    """`row` is a person as `models.queries.dataset.people` reads it."""
    uid = str(row.uid)
    site = rekey("site", row.site_uid) if row.site_uid else None
    prompt_id, source_id = _of_stored(rekey.under("prompt", uid)), _of_stored(rekey.under("source", uid))
    return Person(uid, rekey("participant", uid), site, row.arm, row.start_date, row.synthetic, prompt_id, source_id)


def _of_stored(id_of: Callable[[str], str]) -> Callable[[str], str]:
    """The same for an id as it is stored: SQLite holds the 32 digits without dashes."""

    def stored(uid: str) -> str:
        return id_of(uid if len(uid) == _DASHED else f"{uid[:8]}-{uid[8:12]}-{uid[12:16]}-{uid[16:20]}-{uid[20:]}")

    return stored


def asked(framing: Framing, version_id: int, instrument: str) -> tuple[int | None, Instrument | None]:
    """The revision with the internal key `version_id`, and its questionnaire."""
    revision = framing.revisions.get(version_id)
    return revision, None if revision is None else framing.book.instruments.get((revision, instrument))
