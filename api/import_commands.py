"""What `breakwater import` and `breakwater export-dictionary` do. They touch files, and no database."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.actions.import_study import Outcome, import_study
from api.foreign.limits import MAX_BYTES
from api.foreign.notes import Notes
from api.foreign.redcap.write import write_archive, write_dictionary
from api.foreign.sources import Given
from api.foreign.study import Wanted
from api.rehearsal.aims import document_of, unchecked
from models.codec import canonical
from models.definition.load import parse
from models.errors import Conflict, Invalid, Missing


@dataclass(frozen=True, slots=True)
class Places:
    """Where protocol and report are written."""

    out: Path
    report: Path


def import_files(
    files: Sequence[Path], places: Places, *, frame: str, days: int | None, name: str | None, language: str | None, by_chance: bool
) -> Outcome:
    """The outcome, written down. Raises Conflict where a place is taken: a protocol may have been worked on since."""
    if places.out.exists():
        raise Conflict("file_exists", f"{places.out} is there already; name another place with --out.")
    if places.report.resolve() in {file.resolve() for file in (*files, places.out)}:
        raise Conflict("file_exists", f"{places.report} is one of the other files; name another place with --report.")
    lent = parse(document_of(frame))
    wanted = Wanted(frame=lent, length_days=days or lent.length_days, name=name, language=language, by_chance=by_chance)
    outcome = import_study((Given(str(file), _read(file)) for file in files), wanted)
    _write(places.report, canonical(outcome.report) + b"\n")
    if outcome.protocol is not None:
        _write(places.out, outcome.document + b"\n")
    return outcome


def _read(file: Path) -> bytes:
    """One byte more than is allowed says that there are too many."""
    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def export_dictionary(protocol: str, out: Path, instrument: str | None) -> Notes:
    """Writes a dictionary, or where `out` ends in `.zip` the archive of one instrument. The warnings say what REDCap does not say."""
    if out.resolve() == Path(protocol).resolve():
        raise Conflict("file_exists", f"{out} is the protocol; name another place with --out.")
    document = parse(unchecked(protocol))
    known = [one.id for one in document.instruments]
    if instrument is not None and instrument not in known:
        raise Missing("not_found", f"The protocol has no instrument {instrument}; it has: {', '.join(known)}.")
    notes = Notes(file=protocol)
    if out.suffix.lower() != ".zip":
        _write(out, write_dictionary(document, notes, instrument))
        return notes
    if instrument is None and len(known) > 1:
        raise Invalid("one_instrument", f"An archive holds one instrument; name it with --instrument: {', '.join(known)}.")
    _write(out, write_archive(document, instrument or known[0], notes))
    return notes


def _write(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
