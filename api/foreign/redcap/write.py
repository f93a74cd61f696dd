"""Instruments of ours as a REDCap data dictionary, or one of them as an instrument archive."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from api.foreign.fields import COLUMNS
from api.foreign.logic.write import Named
from api.foreign.names import code_of
from api.foreign.notes import Kind, Notes
from api.foreign.redcap.cells import TYPES, Row, item_row, score_row, unasked_row
from api.foreign.redcap.header import TITLES
from models.definition.instrument import Instrument, Item, Score
from models.definition.origin import OriginField, OriginForm
from models.definition.protocol import Protocol

RECORD_ID: Final = "record_id"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,99}")
_WORDS: Final = frozenset({"section_header", "field_label", "field_note"})
_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d+)?")


def write_dictionary(protocol: Protocol, notes: Notes, only: str | None = None, *, whole: bool = True) -> bytes:
    """The dictionary, UTF-8, of all instruments or of one. `whole`: a project's, which begins with the id of a record."""
    writer = _Writer(protocol, notes)
    instruments = [one for one in protocol.instruments if only in {None, one.id}]
    rows = [row for instrument in instruments for row in writer.rows(instrument)]
    if whole and not writer.begins_with_record_id(instruments):
        first = rows[0].get("form_name", "")
        rows.insert(0, {"field_name": writer.take(RECORD_ID), "form_name": first, "field_type": "text", "field_label": "Record ID"})
    table = io.StringIO(newline="")
    sheet = csv.writer(table)
    sheet.writerow(TITLES)
    sheet.writerows([guarded(column, row.get(column, "")) for column in COLUMNS] for row in rows)
    return table.getvalue().encode()


def write_archive(protocol: Protocol, instrument: str, notes: Notes) -> bytes:
    """An instrument archive. The same protocol gives the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (
            ("OriginID.txt", b"breakwater"),
            ("instrument.csv", write_dictionary(protocol, notes, instrument, whole=False)),
        ):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def guarded(column: str, cell: str) -> str:
    """A cell that no spreadsheet computes: an apostrophe before words, a space before what REDCap reads by its grammar.

    >>> guarded("field_label", "=1+1"), guarded("select_choices_or_calculations", "-1, None | 0, No"), guarded("text_validation_min", "-5")
    ("'=1+1", ' -1, None | 0, No', '-5')
    """
    if not cell.startswith(_STARTS) or _NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}" if column in _WORDS else f" {cell}"


@dataclass(slots=True)
class _Writer:
    protocol: Protocol
    notes: Notes
    names: set[str] = field(default_factory=set)

    def begins_with_record_id(self, instruments: Sequence[Instrument]) -> bool:
        form = self._origin(instruments[0])
        first = form.fields[0] if form is not None and form.fields else None
        return first is not None and first.item is None and first.score is None and first.type == "text"

    def take(self, wanted: str) -> str:
        """A field name that the project does not have yet."""
        name = wanted if _NAME.fullmatch(wanted) and wanted not in self.names else code_of(wanted, self.names)
        self.names.add(name)
        return name

    def rows(self, instrument: Instrument) -> Iterator[Row]:
        origin = self._origin(instrument)
        form = code_of(origin.name or instrument.id) if origin is not None else instrument.id
        by_item = {one.item: one for one in origin.fields if one.item is not None} if origin is not None else {}
        named = {item.id: self._named(item, by_item.get(item.id)) for item in instrument.items}
        for row in self._ordered(instrument, origin, by_item, named):
            yield row | {"form_name": form}

    def _ordered(
        self, instrument: Instrument, origin: OriginForm | None, by_item: Mapping[str, OriginField], named: Mapping[str, Named]
    ) -> Iterator[Row]:
        """The origin's fields in their order, then what was added since."""
        written = set[str]()
        scores = {score.id: score for score in instrument.scores}
        for one in origin.fields if origin is not None else ():
            item = instrument.item(one.item) if one.item is not None else None
            if item is not None:
                written.add(item.id)
                yield item_row(item, one, named, self.protocol.language, self.notes)
            elif one.score in scores:
                yield from self._score(scores.pop(one.score), one, instrument, named)
            elif one.item is None and one.score is None:
                yield from self._unasked(one)
        for item in instrument.items:
            if item.id not in written:
                yield item_row(item, by_item.get(item.id), named, self.protocol.language, self.notes)
        for score in scores.values():
            yield from self._score(score, None, instrument, named)

    def _score(self, score: Score, origin: OriginField | None, instrument: Instrument, named: Mapping[str, Named]) -> Iterator[Row]:
        if score.how == "expression":
            message = "A score by expression is no calculation of REDCap; it is left out."
            self.notes.add(Kind.CALCULATION_NOT_CARRIED, score.id, score.id, message)
        else:
            yield score_row(score, origin, self.take(origin.name if origin is not None else score.id), instrument, named)

    def _unasked(self, one: OriginField) -> Iterator[Row]:
        if one.type in TYPES:
            yield unasked_row(one, self.take(one.name))
        else:
            self.notes.add(Kind.NOT_ASKED, one.name, one.name, "REDCap has no field of this type; it is left out.", one.type)

    def _named(self, item: Item, origin: OriginField | None) -> Named:
        codes = dict(origin.codes) if origin is not None else {}
        name = self.take(origin.name if origin is not None else item.id)
        return Named(name, item.kind, codes)

    def _origin(self, instrument: Instrument) -> OriginForm | None:
        return next((one for one in self.protocol.origin if one.instrument == instrument.id), None)
