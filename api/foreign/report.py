"""What an import did, as a JSON document: files, rules, warnings, and what keeps the protocol from being published."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.foreign.notes import Note, Notes
from api.foreign.rules import Tally
from api.foreign.sources import Source
from api.foreign.study import Imported
from models.errors import Fault, Problem

SCHEMA: Final = "breakwater.import/1"


def report_of(sources: Sequence[Source], refused: Mapping[str, Problem], imported: Imported | None, notes: Notes) -> dict[str, Any]:
    """The report. Originals in it are foreign text: whoever shows them escapes them."""
    return {
        "schema": SCHEMA,
        "files": [_file(source, imported, notes) for source in sources],
        "refused": [{"file": file, "code": problem.code, "reason": problem.detail} for file, problem in refused.items()],
        "protocol": _protocol(imported) if imported is not None else None,
        "faults": [_fault(fault) for fault in imported.faults] if imported is not None else [],
        "warnings_by_kind": notes.by_kind(),
        "warnings": [_warning(note) for note in notes.found],
    }


def _file(source: Source, imported: Imported | None, notes: Notes) -> dict[str, Any]:
    tally = imported.tallies.get(source.file, Tally()) if imported is not None else Tally()
    return {
        "file": source.file,
        "format": source.format,
        "languages": sorted({form.language for form in source.forms}),
        "forms": len(source.forms),
        "fields": sum(len(form.fields) for form in source.forms),
        "assessments": len(source.protocol.assessments) if source.protocol is not None else 0,
        "rules": {"found": tally.found, "parsed": tally.parsed, "carried": tally.carried},
        "warnings": sum(note.file == source.file for note in notes.found),
    }


def _protocol(imported: Imported) -> dict[str, Any]:
    protocol = imported.protocol
    return {
        "name": protocol.name,
        "length_days": protocol.length_days,
        "instruments": len(protocol.instruments),
        "items": len(protocol.items()),
        "scores": sum(len(one.scores) for one in protocol.instruments),
        "fields_not_asked": sum(one.item is None and one.score is None for form in protocol.origin for one in form.fields),
        "designs": len(protocol.designs),
    }


def _fault(fault: Fault) -> dict[str, str]:
    return {"place": fault.pointer, "rule": fault.rule, "message": fault.message}


def _warning(note: Note) -> dict[str, str]:
    said = {"kind": str(note.kind), "file": note.file, "place": note.place, "field": note.field, "message": note.message}
    return said | ({"original": note.original} if note.original else {})
