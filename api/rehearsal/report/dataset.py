"""An exported dataset, read by its own descriptor: every cell gets the type that the codebook gives its column."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from models.definition.load import parse
from models.definition.protocol import Protocol
from models.errors import Invalid

_READ: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": int,
    "number": float,
    "boolean": "1".__eq__,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "object": json.loads,
    "array": json.loads,
}


class Dataset:
    """The tables of one export archive. Rows come one after another: nothing but the archive's index stays in memory.

    Raises Invalid (`dataset_unreadable`) for a file that is no export of this house.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
            self.package: Mapping[str, Any] = json.loads(self._archive.read("datapackage.json"))
            self.manifest: Mapping[str, Any] = json.loads(self._archive.read("MANIFEST.json"))
        except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
            raise Invalid("dataset_unreadable", f"{path.name} is not an exported dataset: {error}.") from None
        self._resources = {one["name"]: one for one in self.package["resources"]}

    def close(self) -> None:
        self._archive.close()

    def has(self, table: str) -> bool:
        return table in self._resources

    def rows(self, table: str, *columns: str) -> Iterator[tuple[Any, ...]]:
        """The named columns of every row, typed; every kind of nothing is None. Raises Invalid where table or column is missing."""
        if table not in self._resources:
            raise Invalid("table_missing", f"The dataset has no table {table}: a report needs all of them.")
        resource = self._resources[table]
        types = {one["name"]: one["type"] for one in resource["schema"]["fields"]}
        if absent := sorted(set(columns) - set(types)):
            raise Invalid("columns_missing", f"Table {table} lacks the columns {', '.join(absent)}.")
        missing = frozenset(resource["schema"]["missingValues"])
        with self._archive.open(resource["path"]) as raw:
            lines = csv.reader(io.TextIOWrapper(raw, encoding="utf-8", newline=""))
            places = {name: place for place, name in enumerate(next(lines))}
            wanted = [(places[name], _READ.get(types[name], str)) for name in columns]
            for line in lines:
                yield tuple(None if line[place] in missing else read(line[place]) for place, read in wanted)

    def protocols(self) -> dict[int, Protocol]:
        """The protocol's revisions by number, as the archive holds them."""
        names = [name for name in self._archive.namelist() if name.startswith("protocol/revision-")]
        numbers = {int(name.removeprefix("protocol/revision-").removesuffix(".json")): name for name in names}
        return {number: parse(self._archive.read(name)) for number, name in sorted(numbers.items())}
