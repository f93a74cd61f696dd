"""Small foreign files of our own making, and the way through the whole import."""

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from api.actions.first_run import shipped
from api.foreign.fields import COLUMNS
from api.foreign.notes import Notes
from api.foreign.redcap.header import TITLES
from api.foreign.sources import Given, Source, read_source
from api.foreign.study import Imported, Wanted, study_of
from models.definition.instrument import Item
from models.definition.load import canonical, parse
from models.definition.protocol import Protocol

DAYS = 84


@lru_cache(maxsize=1)
def frame() -> Protocol:
    return parse(shipped("oud"))


def dictionary(*rows: Mapping[str, str], titles: Sequence[str] = TITLES, delimiter: str = ",") -> bytes:
    """A data dictionary; what a row leaves out is a text field `x` of the form `first`."""
    table = io.StringIO(newline="")
    sheet = csv.writer(table, delimiter=delimiter)
    sheet.writerow(titles)
    for number, row in enumerate(rows):
        whole = {"field_name": f"x{number}", "form_name": "first", "field_type": "text", "field_label": "A question?", **row}
        sheet.writerow([whole.get(column, "") for column in COLUMNS])
    return table.getvalue().encode()


RECORD = {"field_name": "record_id"}
"""The first row of every project."""


def archive(entries: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in entries.items():
            target.writestr(name, content)
    return packed.getvalue()


def questionnaire(*fields: Mapping[str, Any]) -> bytes:
    """A RADAR questionnaire."""
    return json.dumps([{"field_name": f"x{n}", "field_type": "text", "field_label": "Hm?", **one} for n, one in enumerate(fields)]).encode()


def assessment(name: str = "Check", **protocol: Any) -> dict[str, Any]:
    """One of a RADAR protocol: every day at eight, unless it says otherwise."""
    kind = protocol.pop("type", "scheduled")
    schedule = {
        "repeatProtocol": {"unit": "day", "amount": 1},
        "repeatQuestionnaire": {"unit": "min", "unitsFromZero": [480]},
        "reminders": {"unit": "min", "amount": 0, "repeat": 0},
        "completionWindow": {"unit": "hour", "amount": 1},
    }
    return {"name": name, "type": kind, "questionnaire": {"name": "check"}, "estimatedCompletionTime": 2, "protocol": schedule | protocol}


def radar(*assessments: Mapping[str, Any]) -> bytes:
    return json.dumps({"name": "Own study", "version": "0.1.2", "schemaVersion": "0.1.0", "protocols": list(assessments)}).encode()


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an import; its protocol went through its bytes once."""

    sources: tuple[Source, ...]
    imported: Imported
    notes: Notes

    @property
    def protocol(self) -> Protocol:
        return self.imported.protocol

    def item(self, name: str) -> Item:
        return next(item for _, item in self.protocol.items() if item.id == name)

    def kinds(self) -> set[str]:
        return {str(note.kind) for note in self.notes.found}

    def said(self, kind: str) -> str:
        """The originals kept beside warnings of this kind."""
        return "\n".join(note.original for note in self.notes.found if note.kind == kind)


def imported(*files: tuple[str, bytes], days: int = DAYS, language: str | None = None, by_chance: bool = False) -> Result:
    """Every file must be one that can be read."""
    notes = Notes()
    sources = tuple(read_source(Given(name, raw), notes, language=language or "en", length_days=days) for name, raw in files)
    found = study_of(sources, Wanted(frame(), days, language=language, by_chance=by_chance), notes)
    assert parse(canonical(found.protocol)) == found.protocol
    return Result(sources, found, notes)


def of_rows(*rows: Mapping[str, str]) -> Result:
    """A project's dictionary with a record id before these rows."""
    return imported(("project.csv", dictionary(RECORD, *rows)))
