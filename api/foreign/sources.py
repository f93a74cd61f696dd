"""One foreign file: what it is, and what it says."""

from dataclasses import dataclass
from typing import Any, Literal

from api.foreign.archive import entry
from api.foreign.fields import Form
from api.foreign.json import read_json
from api.foreign.limits import MAX_BYTES
from api.foreign.notes import Notes
from api.foreign.radar.protocol import RadarProtocol, read_protocol
from api.foreign.radar.questionnaire import read_questionnaire
from api.foreign.redcap.dictionary import read_dictionary
from api.foreign.redcap.project import read_project
from models.errors import Invalid, TooLarge

SourceFormat = Literal["redcap_dictionary", "redcap_project", "redcap_instrument", "radar_questionnaire", "radar_protocol"]
INSTRUMENT = "instrument.csv"
"""The entry of an instrument archive that holds its dictionary."""


@dataclass(frozen=True, slots=True)
class Given:
    """A file as it was handed in: its name, or the last parts of its path, and its bytes."""

    name: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Source:
    """What a file says. `protocol` only of a RADAR protocol, `title` where the file names the study."""

    file: str
    format: SourceFormat
    forms: tuple[Form, ...] = ()
    protocol: RadarProtocol | None = None
    title: str = ""


def read_source(given: Given, notes: Notes, *, language: str, length_days: int) -> Source:
    """What the file says, whatever its name. Raises Invalid or TooLarge, with the reason, and keeps nothing of a refused file."""
    notes.file = given.name
    if len(given.raw) > MAX_BYTES:
        raise TooLarge("foreign_too_large", f"{given.name} has more than {MAX_BYTES} bytes.")
    start = given.raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:4]
    if start.startswith(b"PK"):
        table = entry(given.raw, INSTRUMENT, given.name)
        return Source(given.name, "redcap_instrument", read_dictionary(table, notes, language, whole=False))
    if start.startswith(b"<") or given.name.lower().endswith(".xml"):
        project = read_project(given.raw, notes, language)
        return Source(given.name, "redcap_project", project.forms, title=project.title)
    if start[:1] in {b"{", b"["} or given.name.lower().endswith(".json"):
        return _of_json(given.name, read_json(given.raw, notes), notes, language, length_days)
    return Source(given.name, "redcap_dictionary", read_dictionary(given.raw, notes, language))


def _of_json(name: str, document: Any, notes: Notes, language: str, length_days: int) -> Source:
    if isinstance(document, list):
        return Source(name, "radar_questionnaire", (read_questionnaire(document, notes, language),))
    if isinstance(document, dict) and isinstance(document.get("protocols"), list):
        protocol = read_protocol(document, notes, length_days)
        return Source(name, "radar_protocol", protocol=protocol, title=protocol.name)
    raise Invalid("foreign_unknown", f"{name} is JSON, and neither a questionnaire nor a protocol of RADAR.")
