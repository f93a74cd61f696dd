"""Foreign files together as one protocol of ours."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from api.foreign.designs import Target, designs_of
from api.foreign.groups import Group, grouped, kind_of, language_of
from api.foreign.instruments import About, Made, instrument_of
from api.foreign.limits import MAX_DESIGNS
from api.foreign.names import code_of
from api.foreign.notes import Kind, Notes
from api.foreign.registry import Registry
from api.foreign.rules import Tally
from api.foreign.sources import Source
from api.foreign.text import plain
from api.foreign.waking import opened
from models.definition.check import check
from models.definition.load import MAX_BYTES, canonical
from models.definition.prompting import Design
from models.definition.protocol import Protocol
from models.errors import Fault, Invalid, TooLarge

REVIEW: Final = "imported from another format; needs clinical review"
_VERSION: Final = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the files do not say. `frame` lends help screen, staffing, ladders, wake windows and the neutral push."""

    frame: Protocol
    length_days: int
    name: str | None = None
    language: str | None = None
    by_chance: bool = False
    """Draw anew for each person what the study had written by hand for everybody."""


@dataclass(frozen=True, slots=True)
class Imported:
    """The protocol, what keeps it from being published, and the rules of each file."""

    protocol: Protocol
    faults: tuple[Fault, ...]
    tallies: Mapping[str, Tally]


def study_of(sources: Sequence[Source], wanted: Wanted, notes: Notes) -> Imported:
    """The protocol that the files make together. Raises Invalid: `foreign_nothing`, or `foreign_two_protocols`."""
    language = language_of(sources, wanted.language)
    protocols = [source for source in sources if source.protocol is not None]
    if len(protocols) > 1:
        files = ", ".join(source.file for source in protocols)
        raise Invalid("foreign_two_protocols", f"One study has one protocol, and these are several: {files}.")
    groups = grouped(sources, language, notes)
    if not groups:
        raise Invalid("foreign_nothing", "No file holds a form or a protocol.")
    made = _instruments(groups, wanted, notes)
    notes.file = protocols[0].file if protocols else ""
    designs = _designs(groups, Target(wanted.length_days, language, wanted.by_chance), notes)
    protocol = _protocol(sources, wanted, language, made, designs, notes)
    tallies: dict[str, Tally] = {}
    for group, one in zip(groups, made, strict=True):
        tallies.setdefault(group.forms[0].file, Tally()).add(one.tally)
    return Imported(protocol, (*_size(protocol), *check(protocol)), tallies)


def _size(protocol: Protocol) -> Iterator[Fault]:
    if len(canonical(protocol)) > MAX_BYTES:
        yield Fault("", "protocol_too_large", f"The document has more than {MAX_BYTES} bytes; import fewer days, or fewer forms.")


def _instruments(groups: Sequence[Group], wanted: Wanted, notes: Notes) -> list[Made]:
    registry = Registry()
    names = frozenset(field.name for group in groups for field in group.forms[0].fields)
    made = []
    for group in groups:
        notes.file = group.forms[0].file
        seconds = max((one.seconds for one in group.asked if one.seconds), default=None)
        about = About(
            id=group.id,
            kind=kind_of(group.asked, wanted.length_days),
            seconds=seconds,
            title=group.asked[0].name if group.asked else "",
            intro=_intro(group),
            reported=bool(group.asked) and all(one.schedule.start == "person" for one in group.asked),
        )
        made.append(instrument_of(group.forms, about, names, registry, notes))
    return made


def _intro(group: Group) -> dict[str, str] | None:
    """In the languages of the form; what has other languages than the form is no introduction to it."""
    languages = {form.language for form in group.forms}
    said = {language: words for one in group.asked for language, words in one.intro.items() if language in languages}
    return said if group.forms[0].language in said else None


def _designs(groups: Sequence[Group], target: Target, notes: Notes) -> tuple[Design, ...]:
    designs: list[Design] = []
    ids = set[str]()
    for group in groups:
        for assessment in group.asked:
            base = code_of(assessment.name, ids, "d")
            found = designs_of(assessment.schedule, group.id, base, ids, target, notes)
            ids.update(one.id for one in found)
            designs += found
            if len(designs) > MAX_DESIGNS:
                raise TooLarge("foreign_too_large", f"The schedules make more than {MAX_DESIGNS} designs.")
    return tuple(designs)


def _protocol(
    sources: Sequence[Source], wanted: Wanted, language: str, made: Sequence[Made], designs: tuple[Design, ...], notes: Notes
) -> Protocol:
    frame = wanted.frame
    title = next((source.title for source in sources if source.title), "") or sources[0].file
    version = next((source.protocol.version for source in sources if source.protocol is not None), "")
    wake = opened(frame.wake, designs)
    notes.file = ""
    if wake != frame.wake:
        notes.add(Kind.WAKE_WINDOW_ASSUMED, "/wake", "", "The study knows no wake windows; the frame's were opened to hold its times.")
    message = "Help screen, staffing, ladders and the neutral push are the frame's. Nothing imported opens an alert: write disclosures."
    notes.add(Kind.FRAME_ASSUMED, "/help", "", message)
    return Protocol(
        schema="breakwater.protocol/1",
        name=code_of(wanted.name or title, (), "p"),
        version=version if _VERSION.match(version) else "1.0.0",
        title={language: plain(title, notes, "", "") or "Imported"},
        language=language,
        review=REVIEW,
        minimum_app_version=frame.minimum_app_version,
        length_days=wanted.length_days,
        wake=wake,
        default_push=frame.default_push,
        instruments=tuple(one.instrument for one in made),
        designs=designs,
        ladders=frame.ladders,
        staffing=frame.staffing,
        help=frame.help,
        origin=tuple(one.origin for one in made),
    )
