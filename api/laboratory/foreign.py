"""A foreign dataset, read by its mapping: a folder of CSV tables, plain or with gzip."""

import gzip
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path

from api.laboratory.mapping import Answered, Happening, Mapped, Place, Word
from api.rehearsal.mapping import whole_rows
from models.errors import Invalid
from risk.laboratory.terms import Dataset
from risk.population.features import Event, Sources, Variable
from risk.population.history import History, Series, Told, series, told

Rows = list[dict[str, str]]


def read_foreign(folder: Path, mapped: Mapped) -> Dataset:
    """The people of a folder. Raises Invalid naming a table or column that is not there or cannot be read, or a value that is no number."""
    tables = Tables(folder, mapped)
    starts = {person: int(min(days)) for person, days in tables.days(mapped.followed.start).items()}
    ends = [tables.days(place) for place in mapped.followed.until]
    uses, asked = _told(tables, mapped.use), tables.days(mapped.asked) if mapped.asked else None
    answers = {name: _series(tables, one) for name, one in mapped.series.items()}
    events = {name: _told(tables, one) for name, one in mapped.events.items()}
    groups = {name: tables.words(one) for name, one in mapped.groups.items()}
    sites = tables.words(mapped.site) if mapped.site else {}
    people = []
    for person, start in sorted(starts.items(), key=lambda one: _order(one[0])):
        end = max((int(max(found[person])) for found in ends if person in found), default=start)
        length = min(end - start, mapped.followed.longest_days)
        if length < mapped.followed.least_days:
            continue
        people.append(
            History(
                person=person,
                first=start,
                last=start + length,
                since=start - mapped.followed.look_back_days,
                uses=uses.get(person, Told()),
                followed=None if asked is None else frozenset(int(day) for day in asked.get(person, ())),
                series={name: found[person] for name, found in answers.items() if person in found},
                events={name: found[person] for name, found in events.items() if person in found},
                site=sites.get(person, ""),
                groups={name: found[person] for name, found in groups.items() if person in found},
            )
        )
    sources = Sources(
        tuple(Variable(name, one.node, one.rising) for name, one in mapped.series.items()),
        tuple(Event(name, one.rising) for name, one in mapped.events.items()),
    )
    return Dataset(
        mapped.title, mapped.source, mapped.synthetic, tuple(people), sources, mapped.fence, mapped.site_word, tuple(mapped.notes)
    )


def _order(person: str) -> tuple[int, str]:
    """Numbers in their own order: the same people in the same order everywhere."""
    return (int(person) if person.isdecimal() else 0, person)


class Tables:
    """The tables of a folder, each read once."""

    def __init__(self, folder: Path, mapped: Mapped) -> None:
        self._folder = folder
        self._person = mapped.person
        self._missing = frozenset(mapped.missing)
        self._read: dict[str, tuple[frozenset[str], Rows]] = {}

    def rows(self, table: str, where: Mapping[str, list[str]], *wanted: str) -> Iterator[tuple[str, list[str]]]:
        """Person and the wanted cells of the rows that `where` keeps; rows where one of them says nothing are left out."""
        names, rows = self._table(table)
        if absent := sorted({self._person, *where, *wanted} - names):
            raise Invalid("columns_missing", f"{table} lacks the columns {', '.join(absent)} that the mapping names.")
        for row in rows:
            cells = [row[name] for name in wanted]
            wanted_row = all(row[name] in texts for name, texts in where.items())
            if wanted_row and not self._missing.intersection((row[self._person], *cells)):
                yield row[self._person], cells

    def days(self, place: Place) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for line, (person, (day,)) in enumerate(self.rows(place.table, place.where, place.day), start=2):
            found.setdefault(person, []).append(_number(day, place.table, place.day, line))
        return found

    def words(self, one: Word) -> dict[str, str]:
        found: dict[str, str] = {}
        for line, (person, (cell,)) in enumerate(self.rows(one.table, one.where, one.column), start=2):
            if person not in found:
                found[person] = _band(_number(cell, one.table, one.column, line), one.cuts) if one.cuts else one.words.get(cell, cell)
        return found

    def _table(self, name: str) -> tuple[frozenset[str], Rows]:
        if name not in self._read:
            path = self._folder / name
            if path.parent != self._folder or not path.is_file():
                raise Invalid("table_missing", f"{self._folder.name} has no table {name} that the mapping names.")
            packed = path.suffix == ".gz"
            try:
                with (gzip.open if packed else open)(path, "rt", encoding="utf-8-sig", newline="") as lines:
                    names, rows = whole_rows(lines, name)
                    self._read[name] = (frozenset(names), [row for _, row in rows])
            except (OSError, EOFError, zlib.error):
                raise Invalid("table_unreadable", f"{name} was cut off, or is not packed as its name says.") from None
        return self._read[name]


def _number(cell: str, table: str, column: str, line: int) -> float:
    try:
        number = float(cell)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        raise Invalid("value_unreadable", f"{table}, column {column}: row {line} of those the mapping keeps holds no number.")
    return number


def _band(value: float, cuts: list[float]) -> str:
    place = bisect_right(cuts, value)
    if place == 0:
        return f"under {cuts[0]:g}"
    return f"{cuts[-1]:g} and over" if place == len(cuts) else f"{cuts[place - 1]:g} to under {cuts[place]:g}"


def _told(tables: Tables, one: Happening) -> dict[str, Told]:
    found = tables.days(Place(one.table, one.day, one.where))
    return {person: told([(day, day + one.known_after_days) for day in sorted(set(days))]) for person, days in found.items()}


def _series(tables: Tables, one: Answered) -> dict[str, Series]:
    found: dict[str, list[tuple[float, float]]] = {}
    width = one.maximum - one.minimum
    for line, (person, (day, value)) in enumerate(tables.rows(one.table, one.where, one.day, one.value), start=2):
        number = (_number(value, one.table, one.value, line) - one.minimum) / width
        known = _number(day, one.table, one.day, line) + one.known_after_days
        found.setdefault(person, []).append((known, min(1.0, max(0.0, number))))
    return {person: series(pairs) for person, pairs in found.items()}
