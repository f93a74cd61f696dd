"""How the columns of an existing dataset become answers. Reading only: no value is changed, guessed or filled in."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Literal, TextIO, TypeVar

import msgspec

from models.codec import misplaced
from models.errors import Fault, Invalid
from scheduler.plan.calendar import zone_info

_Kind = TypeVar("_Kind")


class TimeColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`format` is a strptime format; the wall clock is read in `zone`, whatever the text claims."""

    column: str
    format: str
    zone: str


class ItemColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`where` picks the row of a long file that speaks for the item."""

    column: str
    type: Literal["integer", "decimal", "yes_no", "text"]
    where: dict[str, str] = {}
    yes: list[str] = []
    no: list[str] = []


class StudyPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    slug: str
    title: str
    zone: str


class Mapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping document, `breakwater.mapping/1`."""

    schema: Literal["breakwater.mapping/1"]
    title: str
    study: StudyPlace
    protocol: str
    instrument: str
    person: str
    time: TimeColumn
    missing: list[str]
    items: dict[str, ItemColumn]


@dataclass(frozen=True, slots=True)
class Entry:
    """One response of the dataset. `rows` are its line numbers in the file, from 2. No answers: it was opened and left."""

    person: str
    at: datetime
    zone: str
    answers: Mapping[str, bool | int | float | str]
    rows: tuple[int, ...]


@dataclass(slots=True)
class Left:
    """What was not sent, by reason, with line numbers: nothing disappears silently."""

    refused: list[tuple[str, tuple[int, ...]]] = field(default_factory=list)
    without_time: int = 0


def load_mapping(path: Path) -> Mapped:
    """Raises Invalid as `read_mapping`."""
    return read_mapping(path, Mapped)


def read_mapping(path: Path, kind: type[_Kind]) -> _Kind:
    """A mapping of this kind. Raises Invalid with the place of the first fault."""
    raw = path.read_bytes()
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        place, words = misplaced(error, raw, kind)
        raise Invalid("mapping_invalid", f"{path.name} is not a mapping: {words}", (Fault(place, "mapping_shape", words),)) from None
    except msgspec.DecodeError:
        raise Invalid("mapping_not_json", f"{path.name} is not JSON.") from None


def read_entries(file: Path, mapped: Mapped) -> tuple[list[Entry], Left]:
    """The responses of a file in order of time, and what was left out and why."""
    left, entries = Left(), []
    for (person, stamp), rows in _groups(file, mapped).items():
        lines = tuple(line for line, _ in rows)
        if stamp in mapped.missing:
            left.without_time += 1
        elif person in mapped.missing:
            left.refused.append(("no_person_id", lines))
        elif (at := _instant(stamp, mapped.time)) is None:
            left.refused.append(("unreadable_time", lines))
        else:
            answers, faults = _answers([row for _, row in rows], mapped)
            if faults:
                left.refused.append((f"unreadable_value:{','.join(faults)}", lines))
            else:
                entries.append(Entry(person, at, mapped.time.zone, answers, lines))
    return sorted(entries, key=lambda entry: (entry.at, entry.person)), left


def _groups(file: Path, mapped: Mapped) -> Mapping[tuple[str, str], list[tuple[int, dict[str, str]]]]:
    groups: dict[tuple[str, str], list[tuple[int, dict[str, str]]]] = {}
    for line, row in _rows(file, mapped):
        groups.setdefault((row[mapped.person], row[mapped.time.column]), []).append((line, row))
    return groups


def _rows(file: Path, mapped: Mapped) -> Iterator[tuple[int, dict[str, str]]]:
    with file.open(newline="", encoding="utf-8-sig") as lines:
        names, rows = whole_rows(lines, file.name)
        wanted = {mapped.person, mapped.time.column, *(one.column for one in mapped.items.values())}
        wanted |= {name for one in mapped.items.values() for name in one.where}
        if absent := sorted(wanted - set(names)):
            raise Invalid("columns_missing", f"{file.name} lacks the columns {', '.join(absent)} that the mapping names.")
        yield from rows


def whole_rows(lines: TextIO, name: str) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """The columns of a CSV table, and its rows with their numbers, from 2.

    Raises Invalid (`table_unreadable`), the second also while it is read, for text that is not UTF-8 and for a row that has not a cell for
    each column: what stands in another place than it seems would be read as something else.
    """
    reader = csv.DictReader(lines)

    def rows() -> Iterator[tuple[int, dict[str, str]]]:
        number = 1
        try:
            for number, row in enumerate(reader, start=2):  # told of the row that cannot be read
                if None in row or None in row.values():
                    raise Invalid("table_unreadable", f"{name}: row {number} has not one cell for each column.")
                yield number, row
        except (UnicodeDecodeError, csv.Error):
            raise Invalid("table_unreadable", f"{name} is not a table of UTF-8 text, from row {number + 1} on.") from None

    try:
        return list(reader.fieldnames or ()), rows()
    except (UnicodeDecodeError, csv.Error):
        raise Invalid("table_unreadable", f"{name} is not a table of UTF-8 text.") from None


def _instant(stamp: str, time: TimeColumn) -> datetime | None:
    try:
        # Whatever zone the text claims, the mapping says in which zone the clock stood.
        wall = datetime.strptime(stamp, time.format).replace(tzinfo=None)  # noqa: DTZ007
    except ValueError:
        return None
    return wall.replace(tzinfo=zone_info(time.zone)).astimezone(UTC)


def _answers(rows: list[dict[str, str]], mapped: Mapped) -> tuple[dict[str, bool | int | float | str], list[str]]:
    answers: dict[str, bool | int | float | str] = {}
    faults: list[str] = []
    for item, column in mapped.items.items():
        said = {row[column.column] for row in rows if all(row[name] == value for name, value in column.where.items())} - set(mapped.missing)
        if not said:
            continue
        value = _value(said.pop(), column) if len(said) == 1 else None
        if value is None:
            faults.append(item)
        else:
            answers[item] = value
    return answers, faults


def _value(text: str, column: ItemColumn) -> bool | int | float | str | None:
    if column.type == "yes_no":
        return True if text in column.yes else False if text in column.no else None
    if column.type == "text":
        return text
    try:
        number = int(text) if column.type == "integer" else float(text)
        return number if isfinite(number) else None
    except (ValueError, OverflowError):
        return None
