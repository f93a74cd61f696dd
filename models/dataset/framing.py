"""What the rows of a dataset and of a person share. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from models.dataset.codebook import Codebook
from models.dataset.deidentify import Rekey
from models.dataset.schema import Cell
from models.definition.instrument import Instrument


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


def asked(framing: Framing, response: Any) -> tuple[int | None, Instrument | None]:
    """The revision that a response answers, and its questionnaire."""
    revision = framing.revisions.get(response.protocol_version_id)
    return revision, None if revision is None else framing.book.instruments.get((revision, response.instrument))


def in_offset(instant: datetime, offset_minutes: int) -> datetime:
    """The same instant on the wall clock of an offset, minutes east of UTC."""
    return instant.astimezone(timezone(timedelta(minutes=offset_minutes)))


def stamps(name: str, instant: datetime | None, offset_minutes: int) -> dict[str, Cell]:
    """Both columns of an instant.

    >>> from datetime import UTC
    >>> stamps("sent", datetime(2026, 3, 4, 15, tzinfo=UTC), -300)["sent_local"]
    '2026-03-04T10:00:00.000-05:00'
    """
    if instant is None:
        return {}
    return {f"{name}_local": in_offset(instant, offset_minutes).isoformat(timespec="milliseconds"), f"{name}_utc": instant}
