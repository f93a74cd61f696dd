"""Which forms are one instrument, which assessments ask it, and what kind of instrument that makes it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from api.foreign.fields import Form
from api.foreign.names import code_of
from api.foreign.notes import Kind, Notes
from api.foreign.radar.protocol import Assessment
from api.foreign.sources import Source
from models.kinds import InstrumentKind


@dataclass(slots=True)
class Group:
    """A form, in the study's language first where it has it, with the assessments that ask it."""

    id: str
    forms: list[Form]
    asked: list[Assessment] = field(default_factory=list)


def grouped(sources: Sequence[Source], language: str, notes: Notes) -> list[Group]:
    """The files' forms in order. Files of one RADAR questionnaire in several languages are one; every other form stands alone.

    A questionnaire that a protocol asks and no file brings is a form without fields.
    """
    found: list[Group] = []
    ids = set[str]()
    for form in (form for source in sources for form in source.forms):
        group = next((one for one in found if _translates(form, one)), None)
        if group is None:
            group = Group(code_of(form.name or form.title, ids, "i"), [])
            ids.add(group.id)
            found.append(group)
        group.forms.append(form)
    for source in sources:
        if source.protocol is not None:
            notes.file = source.file
            for assessment in source.protocol.assessments:
                _find(assessment, found, ids, source, language, notes).asked.append(assessment)
    for group in found:
        group.forms.sort(key=lambda form: form.language != language)
    return found


def _translates(form: Form, group: Group) -> bool:
    first = group.forms[0]
    same = form.format == first.format == "radar" and form.name.lower() == first.name.lower()
    return same and form.language not in {one.language for one in group.forms}


def _find(assessment: Assessment, groups: list[Group], ids: set[str], source: Source, language: str, notes: Notes) -> Group:
    wanted = assessment.questionnaire.lower()
    for group in groups:
        if wanted in {group.id, group.forms[0].name.lower()}:
            return group
    message = "No file brings this questionnaire; its prompts are carried, and one question stands in its place."
    notes.add(Kind.QUESTIONNAIRE_MISSING, assessment.schedule.place, assessment.name, message, assessment.questionnaire)
    form = Form(assessment.questionnaire, assessment.name, "radar", source.file, language)
    groups.append(Group(code_of(assessment.questionnaire, ids, "i"), [form]))
    ids.add(groups[-1].id)
    return groups[-1]


def language_of(sources: Iterable[Source], wanted: str | None) -> str:
    """The language that was asked for; else English where any file is in it, else that of most files."""
    found = Counter(form.language for source in sources for form in source.forms)
    if wanted is not None or not found or "en" in found:
        return wanted or "en"
    return min(found, key=lambda language: (-found[language], language))


def kind_of(asked: Sequence[Assessment], length_days: int) -> InstrumentKind:
    """By how often it is asked. An instrument that nothing asks is one of the beginning."""
    schedules = [one.schedule for one in asked if one.schedule.start != "person"]
    if not schedules:
        return InstrumentKind.REPORT if asked else InstrumentKind.INTAKE
    a_day = Counter[int]()
    for schedule in schedules:
        a_day.update({day: len(times) for day, times in schedule.by_day(length_days).items()})
    if max(a_day.values(), default=0) > 1:
        return InstrumentKind.MOMENTARY
    if len(a_day) > 1:
        return InstrumentKind.DIARY if any(schedule.every_days == 1 for schedule in schedules) else InstrumentKind.WEEKLY
    return InstrumentKind.INTAKE
