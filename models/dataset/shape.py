"""What a cell is in a file: text in CSV, a typed value in Parquet. Pure.

Rows are made in the shape of their file at once, so that no cell is looked at twice: a line of CSV is its cells with commas between.
"""

import csv
import io
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from models.dataset.deidentify import escaped
from models.dataset.instants import local_text, offset_at, texts, utc_text

Row = list[Any]
"""The cells of one row, in the order of the table's columns."""

Pair = tuple[Any, Any]
"""The cells `_local` and `_utc` of an instant."""

_WHOLE: Final = 10**15
"""Below it, whole numbers as decimals have all their digits and `.0`."""


class Shape(NamedTuple):
    """How each kind of cell is made. Instants are microseconds since 1970, days `YYYY-MM-DD`; words of the house go as they are."""

    name: str
    nothing: Any
    """An empty cell, which None becomes everywhere."""
    flag: Callable[[Any], Any]
    """Of True, False, 1 or 0."""
    text: Callable[[str | None], Any]
    count: Callable[[int | None], Any]
    """Of a whole number."""
    number: Callable[[float | None], Any]
    """Of any number as it is."""
    decimal: Callable[[float], Any]
    """Of a number that is whole only by chance."""
    utc: Callable[[int | None], Any]
    both: Callable[[int | None, str], Pair]
    """Of an instant and minutes east of UTC."""
    day: Callable[[str], Any]
    code: Callable[[str], Any]
    """Of what stands for a kind of nothing."""


def quoted(text: str) -> str:
    """A cell as it stands in a line of CSV.

    >>> quoted("home"), quoted('a "b", c')
    ('home', '"a ""b"", c"')
    """
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow((text, ""))
    return line.getvalue()[: -len(",\n")]


@lru_cache(maxsize=4_096)
def _csv_text(text: str | None) -> str:
    return "" if text is None else quoted(escaped(text))


@lru_cache(maxsize=4_096)
def _csv_count(count: int | None) -> str:
    return "" if count is None else repr(count)


def _csv_number(number: float | None) -> str:
    return "" if number is None else repr(number)


def _csv_decimal(number: float) -> str:
    return f"{number}.0" if type(number) is int and -_WHOLE < number < _WHOLE else repr(float(number))


def _csv_utc(instant: int | None) -> str:
    return "" if instant is None else utc_text(instant)


def _csv_both(instant: int | None, zone: str) -> Pair:
    return ("", "") if instant is None else texts(instant, offset_at(zone, instant))


def _same(cell: Any) -> Any:
    return cell


def _millis(instant: int | None) -> int | None:
    return None if instant is None else instant // 1_000


def _typed_both(instant: int | None, zone: str) -> Pair:
    return (None, None) if instant is None else (local_text(instant, offset_at(zone, instant)), instant // 1_000)


def _null(_code: str) -> None:
    return None


CSV: Final = Shape("csv", "", ("0", "1").__getitem__, _csv_text, _csv_count, _csv_number, _csv_decimal, _csv_utc, _csv_both, _same, quoted)
"""Text without formulas, in quotes where it must be; yes is 1."""

TYPED: Final = Shape("parquet", None, bool, _same, _same, _same, float, _millis, _typed_both, date.fromisoformat, _null)
"""Values; instants are milliseconds since 1970, and every kind of nothing is null."""
