"""Import a study that runs elsewhere: foreign files in, a protocol and a report out. Nothing is published by it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from api.foreign.limits import MAX_FILES, MAX_TOTAL_BYTES
from api.foreign.notes import Notes
from api.foreign.report import report_of
from api.foreign.sources import Given, Source, read_source
from api.foreign.study import Wanted, study_of
from models.definition.base import LANGUAGE
from models.definition.load import canonical
from models.definition.protocol import Protocol
from models.errors import Fault, Invalid, Problem, TooLarge


@dataclass(frozen=True, slots=True)
class Outcome:
    """`protocol` is None where no file could be read."""

    protocol: Protocol | None
    report: dict[str, Any]

    @property
    def document(self) -> bytes:
        """The protocol's canonical bytes, or none."""
        return canonical(self.protocol) if self.protocol is not None else b""


def import_study(files: Iterable[Given], wanted: Wanted) -> Outcome:
    """A file that cannot be read is refused with its reason, and the others are imported. Raises TooLarge, or Invalid of the whole."""
    if wanted.language is not None and not re.match(LANGUAGE, wanted.language):
        raise Invalid("invalid", "A language is a tag.", (Fault("/language", "language", "A language is written as en, or as pt-BR."),))
    notes, sources, refused = Notes(), list[Source](), dict[str, Problem]()
    total = 0
    for number, given in enumerate(files):
        total += len(given.raw)
        if number >= MAX_FILES or total > MAX_TOTAL_BYTES:
            raise TooLarge("foreign_too_large", f"One import takes at most {MAX_FILES} files and {MAX_TOTAL_BYTES} bytes.")
        found = len(notes.found)
        try:
            sources.append(read_source(given, notes, language=wanted.language or "en", length_days=wanted.length_days))
        except Problem as problem:
            del notes.found[found:]
            refused[given.name] = problem
    imported = study_of(sources, wanted, notes) if sources else None
    return Outcome(imported.protocol if imported is not None else None, report_of(sources, refused, imported, notes))
