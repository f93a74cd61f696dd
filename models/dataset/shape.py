"""What a cell is in a file: text in CSV, a typed value in Parquet. Pure.

Rows are made in the shape of their file at once, so that no cell is looked at twice.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final, NamedTuple

from models.dataset.deidentify import escaped
from models.dataset.instants import local_text, texts, utc_text

Row = list[Any]
"""The cells of one row, in the order of the table's columns. None is an empty cell."""

Pair = tuple[Any, Any]
"""The cells `_local` and `_utc` of an instant."""

_NEITHER: Final[Pair] = (None, None)


class Shape(NamedTuple):
    """How each kind of cell is made. Instants are microseconds since 1970, days `YYYY-MM-DD`; numbers go as they are."""

    name: str
    flag: Callable[[Any], Any]
    """Of True, False, 1 or 0."""
    text: Callable[[str | None], Any]
    utc: Callable[[int | None], Any]
    both: Callable[[int | None, int], Pair]
    """Of an instant and minutes east of UTC."""
    day: Callable[[str | None], Any]
    code: Callable[[str], Any]
    """Of what stands for a kind of nothing."""


def _csv_utc(instant: int | None) -> str | None:
    return None if instant is None else utc_text(instant)


def _csv_both(instant: int | None, offset_minutes: int) -> Pair:
    return _NEITHER if instant is None else texts(instant, offset_minutes)


def _csv_text(text: str | None) -> str | None:
    return None if text is None else escaped(text)


def _same(cell: Any) -> Any:
    return cell


def _millis(instant: int | None) -> int | None:
    return None if instant is None else instant // 1_000


def _typed_both(instant: int | None, offset_minutes: int) -> Pair:
    return _NEITHER if instant is None else (local_text(instant, offset_minutes), instant // 1_000)


def _typed_day(day: str | None) -> date | None:
    return None if day is None else date.fromisoformat(day)


def _null(_code: str) -> None:
    return None


CSV: Final = Shape("csv", ("0", "1").__getitem__, _csv_text, _csv_utc, _csv_both, _same, _same)
"""Text without formulas, yes is 1; the writer prints numbers, and nothing as an empty cell."""

TYPED: Final = Shape("parquet", bool, _same, _millis, _typed_both, _typed_day, _null)
"""Values; instants are milliseconds since 1970, and every kind of nothing is null."""
