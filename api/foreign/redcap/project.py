"""A REDCap project: CDISC ODM with REDCap's own attributes. Its records are counted and never read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from api.foreign.choices import kept_choices
from api.foreign.fields import Choice, Field, Form
from api.foreign.limits import MAX_FIELDS
from api.foreign.notes import Kind, Notes
from api.foreign.redcap.dictionary import choices_of
from api.foreign.xml import Element, read_xml
from models.errors import Invalid, TooLarge

_RECORDS: Final = frozenset({"ClinicalData", "SubjectData"})
_TYPES: Final = {"select": "dropdown", "textarea": "notes"}
_VALIDATIONS: Final = {"int": "integer", "float": "number"}
_CELLS: Final = {
    "section_header": "SectionHeader",
    "field_note": "FieldNote",
    "identifier": "Identifier",
    "branching_logic": "BranchingLogic",
    "required_field": "RequiredField",
    "custom_alignment": "CustomAlignment",
    "question_number": "QuestionNumber",
    "matrix_group_name": "MatrixGroupName",
    "matrix_ranking": "MatrixRanking",
    "field_annotation": "FieldAnnotation",
}


@dataclass(frozen=True, slots=True)
class Project:
    title: str
    forms: tuple[Form, ...]


def read_project(raw: bytes, notes: Notes, language: str) -> Project:
    """The forms of a project in their order. Raises Invalid (`foreign_unknown`, `xml_unsafe`, `xml_broken`) or TooLarge."""
    root, skipped = read_xml(raw, notes.file, _RECORDS)
    study = next(root.all("MetaDataVersion"), None)
    if root.tag != "ODM" or study is None:
        raise Invalid("foreign_unknown", f"{notes.file} is XML, and no project of REDCap.")
    if skipped:
        notes.add(Kind.RECORDS_LEFT_OUT, "ClinicalData", "", "The file holds records of people. None was read; keep it safe, or delete it.")
    _settings(root, study, notes)
    items = {one.get("OID"): one for one in study.all("ItemDef")}
    lists = {one.get("OID"): one for one in study.all("CodeList")}
    groups = {one.get("OID"): one for one in study.all("ItemGroupDef")}
    reader = _Reader(items, lists, groups, study.get("RecordIdField"), notes)
    forms = tuple(
        Form(one.get("FormName") or one.get("Name"), one.get("Name"), "redcap", notes.file, language, tuple(reader.fields(one)))
        for one in study.all("FormDef")
    )
    return Project(root.said("StudyName"), forms)


def _settings(root: Element, study: Element, notes: Notes) -> None:
    events = list(study.all("StudyEventDef"))
    if len(events) > 1:
        names = " | ".join(one.get("Name") for one in events)
        notes.add(
            Kind.EVENTS_NOT_CARRIED, "StudyEventDef", "", f"{len(events)} events give no times of day; no prompts come of them.", names
        )
    repeats = [*root.all("RepeatingInstrument"), *root.all("RepeatingEvent")]
    if repeats:
        names = " | ".join(one.get("RepeatInstrument") or one.get("UniqueEventName") for one in repeats)
        notes.add(
            Kind.REPEATS_NOT_CARRIED, "RepeatingInstrument", "", "Every instrument may be answered again here; nothing limits it.", names
        )
    surveys = list(root.all("Surveys"))
    if surveys:
        names = " | ".join(one.get("form_name") for one in surveys)
        notes.add(Kind.SURVEY_NOT_CARRIED, "Surveys", "", "Survey pages, invitations and their texts are not carried.", names)


@dataclass(slots=True)
class _Reader:
    items: Mapping[str, Element]
    lists: Mapping[str, Element]
    groups: Mapping[str, Element]
    record_id: str
    notes: Notes
    count: int = 0

    def fields(self, form: Element) -> Iterator[Field]:
        """A checkbox stands there once for each choice, and becomes one field."""
        seen = set[str]()
        for reference in form.all("ItemGroupRef"):
            group = self.groups.get(reference.get("ItemGroupOID"))
            for one in group.all("ItemRef") if group is not None else ():
                item = self.items.get(one.get("ItemOID"))
                if item is None or not self._asked(item):
                    continue
                name = item.get("Variable") or item.get("Name")
                if name and name not in seen:
                    seen.add(name)
                    yield self._field(item, name, form)

    def _asked(self, item: Element) -> bool:
        """Not what REDCap adds itself: time stamps, groups, the status of a form."""
        status = item.get("SectionHeader") == "Form Status" and item.get("Variable").endswith("_complete")
        return bool(item.get("FieldType")) and not status

    def _field(self, item: Element, name: str, form: Element) -> Field:
        self.count += 1
        if self.count > MAX_FIELDS:
            raise TooLarge("foreign_too_large", f"{self.notes.file} has more than {MAX_FIELDS} fields.")
        foreign = item.get("FieldType").strip().lower()
        kind = _TYPES.get(foreign, foreign)
        place = f"ItemDef {name}"[:200]
        validation = item.get("TextValidationType").strip()
        cells = {column: item.get(attribute) for column, attribute in _CELLS.items()} | {
            "field_name": name,
            "form_name": form.get("FormName"),
            "field_type": kind,
            "field_label": item.said("TranslatedText"),
            "text_validation_type_or_show_slider_number": _VALIDATIONS.get(validation, validation),
            "text_validation_min": _bound(item, "GE"),
            "text_validation_max": _bound(item, "LE"),
            "select_choices_or_calculations": self._choices_cell(kind, item),
        }
        choices = choices_of(kind, cells["select_choices_or_calculations"], self.notes, place, name)
        if kind in {"radio", "dropdown"}:
            choices = kept_choices(self._listed(item), self.notes, place, name)
        return Field(place, cells, choices, record_id=name == self.record_id)

    def _choices_cell(self, kind: str, item: Element) -> str:
        if kind == "calc":
            return item.get("Calculation")
        if kind == "slider":
            return item.get("SliderLabels")
        if kind in {"yesno", "truefalse"}:
            return ""
        if kind == "checkbox":
            return self._list(item).get("CheckboxChoices")
        return " | ".join(f"{one.code}, {one.label}" for one in self._listed(item))

    def _listed(self, item: Element) -> list[Choice]:
        return [Choice(one.get("CodedValue"), one.said("TranslatedText")) for one in self._list(item).all("CodeListItem")]

    def _list(self, item: Element) -> Element:
        reference = next(item.all("CodeListRef"), None)
        return self.lists.get(reference.get("CodeListOID") if reference is not None else "", Element("", {}))


def _bound(item: Element, comparator: str) -> str:
    return next((one.said("CheckValue") for one in item.all("RangeCheck") if one.get("Comparator") == comparator), "")
