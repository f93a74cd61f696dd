"""REDCap's formats: a dictionary, a project, an archive, and a dictionary of our own instruments."""

import csv
import io

import pytest

from api.foreign.fields import COLUMNS
from api.foreign.notes import Notes
from api.foreign.redcap.header import TITLES
from api.foreign.redcap.write import write_archive, write_dictionary
from api.foreign.sources import Given, read_source
from models.definition.instrument import Score
from models.errors import Invalid
from models.kinds import ItemKind
from tests.api.foreign.files import RECORD, archive, dictionary, frame, imported, of_rows

SLEPT = {
    "field_name": "slept",
    "field_type": "radio",
    "field_label": "Slept?",
    "select_choices_or_calculations": "1, Yes, well | 0, No | -9, Unsure",
}
DREAM = {"field_name": "dream", "field_type": "notes", "field_label": "What of?", "branching_logic": "[slept] = '1'"}


def test_a_dictionary_becomes_instruments_with_items_options_and_branches():
    found = of_rows(
        SLEPT,
        DREAM,
        {"field_name": "mood", "form_name": "second", "field_type": "slider", "select_choices_or_calculations": "low | | high"},
    )
    assert [(one.id, [item.id for item in one.items]) for one in found.protocol.instruments] == [
        ("first", ["slept", "dream"]),
        ("second", ["mood"]),
    ]
    slept, dream, mood = (item for _, item in found.protocol.items())
    assert [(one.code, one.label["en"]) for one in slept.options] == [("c_1", "Yes, well"), ("c_0", "No"), ("c_m9", "Unsure")]
    assert dream.show_if == ("==", {"item": "slept"}, "c_1")
    assert (mood.kind, mood.minimum, mood.maximum, mood.low_label, mood.high_label) == (
        ItemKind.SLIDER,
        0,
        100,
        {"en": "low"},
        {"en": "high"},
    )
    assert found.imported.faults == ()


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"field_type": "text"}, ItemKind.TEXT),
        (
            {
                "field_type": "text",
                "text_validation_type_or_show_slider_number": "integer",
                "text_validation_min": "0",
                "text_validation_max": "7",
            },
            ItemKind.INTEGER,
        ),
        ({"field_type": "text", "text_validation_type_or_show_slider_number": "number_2dp_comma_decimal"}, ItemKind.DECIMAL),
        ({"field_type": "text", "text_validation_type_or_show_slider_number": "date_dmy"}, ItemKind.DATE),
        ({"field_type": "text", "text_validation_type_or_show_slider_number": "time"}, ItemKind.TIME),
        ({"field_type": "text", "text_validation_type_or_show_slider_number": "datetime_ymd"}, ItemKind.TEXT),
        ({"field_type": "notes"}, ItemKind.TEXT),
        ({"field_type": "dropdown", "select_choices_or_calculations": "a, A | b, B"}, ItemKind.SINGLE),
        ({"field_type": "dropdown"}, ItemKind.TEXT),
        ({"field_type": "checkbox", "select_choices_or_calculations": "1, A | 2, B"}, ItemKind.MULTI),
        ({"field_type": "yesno"}, ItemKind.YES_NO),
        ({"field_type": "truefalse"}, ItemKind.YES_NO),
        ({"field_type": "descriptive"}, ItemKind.INFORMATION),
        ({"field_type": "sql", "select_choices_or_calculations": "select * from users"}, ItemKind.TEXT),
        ({"field_type": "hologram"}, ItemKind.TEXT),
    ],
)
def test_each_type_becomes_a_kind(row, kind):
    assert of_rows({"field_name": "it", **row}).item("it").kind is kind


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"field_type": "file"}, "not_asked"),
        ({"field_annotation": "@HIDDEN"}, "not_asked"),
        ({"field_annotation": "@CALCTEXT('x')"}, "not_asked"),
        ({"field_annotation": "@DEFAULT='1'"}, "action_tag_not_carried"),
        ({"field_type": "calc", "select_choices_or_calculations": "round([x]/2, 1)"}, "calculation_not_carried"),
        ({"field_type": "calc", "select_choices_or_calculations": "round(("}, "logic_not_parsed"),
        ({"branching_logic": "[nowhere] = '1'"}, "logic_not_carried"),
        ({"branching_logic": "[x] = "}, "logic_not_parsed"),
        ({"field_label": ""}, "label_missing"),
        ({"field_label": "How is [first_name]?"}, "piping_not_carried"),
        ({"field_label": "<b>Bold</b>"}, "markup_removed"),
        ({"field_label": "a" * 5000}, "text_shortened"),
        ({"field_type": "radio", "select_choices_or_calculations": "1, A | 1, B"}, "option_refused"),
        ({"text_validation_type_or_show_slider_number": "email"}, "validation_not_carried"),
        ({"text_validation_type_or_show_slider_number": "integer", "text_validation_min": "today"}, "range_not_carried"),
        ({"field_type": "slider", "select_choices_or_calculations": "low | so so | high"}, "middle_label_not_carried"),
        ({"field_type": "radio", "select_choices_or_calculations": "1, A", "matrix_ranking": "y"}, "ranking_not_carried"),
        ({"field_name": "Über_1"}, "name_changed"),
        ({"field_type": ""}, "row_refused"),
        ({"field_type": "hologram"}, "type_approximated"),
    ],
)
def test_what_is_not_carried_is_a_warning_with_its_line(row, kind):
    found = of_rows({"field_name": "y", "field_label": "Fine?"}, {"field_name": "z", **row})
    notes = [note for note in found.notes.found if note.kind == kind and note.field != "record_id"]
    assert [(note.file, note.place) for note in notes] == [("project.csv", "line 4")]


def test_logic_that_is_not_carried_leaves_the_field_to_everybody_and_keeps_its_words():
    found = of_rows({"field_name": "a", "branching_logic": "[visit_1_arm_1][b] = '1'"}, {"field_name": "b"})
    assert found.item("a").show_if is None
    assert found.said("logic_not_carried") == "[visit_1_arm_1][b] = '1'"
    assert found.protocol.origin[0].fields[1].kept["branching_logic"] == "[visit_1_arm_1][b] = '1'"


ASKED_BEFORE = (
    {"field_name": "place", "field_type": "radio", "select_choices_or_calculations": "1, at home | 2, at work"},
    {"field_name": "hours", "text_validation_type_or_show_slider_number": "number"},
    {"field_name": "nick", "field_label": "Your name?"},
    {"field_name": "dream", "field_type": "yesno"},
)


@pytest.mark.parametrize(
    ("label", "shown", "carried"),
    [
        ("You were [place]: why?", "You were {item:place|___}: why?", True),
        ("[place:label], [hours] hours", "{item:place|___}, {item:hours|___} hours", True),
        ("Hello [nick]", "Hello [nick]", False),
        ("You dreamt: [dream]", "You dreamt: [dream]", False),
        ("Not yet: [later]", "Not yet: [later]", False),
        ("Itself: [this]", "Itself: [this]", False),
        ("A tick: [place(1)]", "A tick: [place(1)]", False),
        ("The code: [place:value] of [place]", "The code: [place:value] of {item:place|___}", False),
        ("{place} is no bracket", "(place) is no bracket", True),
        ("[Not a field] and [1]", "[Not a field] and [1]", True),
    ],
)
def test_an_earlier_answer_in_a_label_is_carried_where_it_has_words_and_names_nobody(label, shown, carried):
    found = of_rows(*ASKED_BEFORE, {"field_name": "this", "field_label": label, "field_note": label}, {"field_name": "later"})
    item = found.item("this")
    assert (item.text, item.help) == ({"en": shown}, {"en": shown})
    assert ("piping_not_carried" in found.kinds()) is not carried
    assert not [fault for fault in found.imported.faults if "pip" in fault.rule or "placeholder" in fault.rule]
    [row] = [one for one in cells(write_dictionary(found.protocol, Notes())) if one["field_name"] == "this"]
    assert row["field_label"] == label.replace("{", "(").replace("}", ")").replace(":label", "")


def test_an_answer_in_the_label_of_an_option_is_not_carried():
    row = {"field_name": "y", "field_type": "radio", "select_choices_or_calculations": "1, like [place] | 2, else"}
    found = of_rows(*ASKED_BEFORE, row)
    assert found.item("y").options[0].label == {"en": "like [place]"}
    assert found.said("piping_not_carried") == "like [place]"


def test_a_score_by_expression_is_left_out_of_a_dictionary_with_a_warning():
    score = Score(id="load", how="expression", value=["*", {"item": "hours"}, 2])
    made = of_rows(*ASKED_BEFORE).protocol
    weighed = made.model_copy(update={"instruments": (made.instruments[0].model_copy(update={"scores": (score,)}),)})
    notes = Notes()
    assert "load" not in {row["field_name"] for row in cells(write_dictionary(weighed, notes))}
    assert [(note.kind, note.field) for note in notes.found] == [("calculation_not_carried", "load")]


def test_the_first_field_of_a_project_is_its_record_id_and_nobody_is_asked_for_it():
    found = of_rows(SLEPT)
    assert [item.id for _, item in found.protocol.items()] == ["slept"]
    assert [(one.name, one.item) for one in found.protocol.origin[0].fields] == [("record_id", None), ("slept", "slept")]


def test_sums_and_means_become_scores():
    number = {"text_validation_type_or_show_slider_number": "integer"}
    rows = ({"field_name": name, **number} for name in ("a", "b", "c"))
    choice = {"field_name": "d", "field_type": "radio", "select_choices_or_calculations": "0, no | 1, some | 2, much"}
    calculations = (
        {"field_name": name, "field_type": "calc", "select_choices_or_calculations": formula} for name, formula in FORMULAS.items()
    )
    found = of_rows(*rows, choice, *calculations)
    scores = {one.id: (one.how, one.items, one.least_answered) for one in found.protocol.instruments[0].scores}
    assert scores == {
        "total": ("sum", ("b", "a", "d"), 1.0),
        "given": ("sum", ("a", "b"), 1.0),
        "average": ("mean", ("a", "b", "c"), pytest.approx(1 / 6)),
    }
    assert found.kinds() >= {"calculation_stricter", "calculation_not_carried"}


FORMULAS = {"total": "[b] + [a] + [d]", "given": "sum([a], [b])", "average": "mean([a],[b],[c])", "twice": "[a] + [a]", "half": "[a] / 2"}


def test_a_matrix_carries_its_header_to_each_row_and_another_field_does_not():
    group = {"field_type": "radio", "select_choices_or_calculations": "1, A", "matrix_group_name": "m"}
    found = of_rows(
        {"field_name": "a", "section_header": "How often?", **group},
        {"field_name": "b", **group},
        {"field_name": "c", "field_label": "Then?"},
    )
    assert [item.text["en"] for _, item in found.protocol.items()] == ["How often?\nA question?", "How often?\nA question?", "Then?"]


def test_a_name_that_two_forms_use_for_two_scales_becomes_two_items():
    found = imported(
        ("one.csv", dictionary({**RECORD, "form_name": "am"}, {"field_name": "mood", "form_name": "am", "field_type": "yesno"})),
        ("two.csv", dictionary({**RECORD, "form_name": "pm"}, {"field_name": "mood", "form_name": "pm", "field_type": "slider"})),
    )
    assert [item.id for _, item in found.protocol.items()] == ["mood", "pm_mood"]
    assert found.imported.faults == ()


def reordered(raw: bytes) -> bytes:
    rows = [list(reversed(row)) for row in csv.reader(io.StringIO(raw.decode(), newline=""))]
    table = io.StringIO(newline="")
    csv.writer(table).writerows(rows)
    return table.getvalue().encode()


MISSPELT = ["Varible / Field Name", *TITLES[1:3], "Feild Type", *TITLES[4:11], "Branching Logic", *TITLES[12:]]
REPLACED = ["1", *TITLES[1:]]
SHOUTED = [f' "{title.upper()}" ' for title in TITLES]
ROWS = (RECORD, SLEPT, DREAM)


@pytest.mark.parametrize(
    ("raw", "warned"),
    [
        (dictionary(*ROWS), None),
        (b"\xef\xbb\xbf" + dictionary(*ROWS), None),
        (dictionary(*ROWS).decode().encode("utf-16"), None),
        (dictionary(*ROWS, titles=COLUMNS), None),
        (dictionary(*ROWS, titles=SHOUTED), None),
        (dictionary(*ROWS, delimiter=";"), None),
        (dictionary(*ROWS, delimiter="\t"), None),
        (reordered(dictionary(*ROWS)), None),
        (dictionary(*ROWS, titles=MISSPELT), "header_guessed"),
        (dictionary(*ROWS, titles=REPLACED), "header_guessed"),
        (dictionary(*ROWS, titles=[*TITLES[:17], "Colour"]), "column_left_out"),
        (dictionary(*({**dict.fromkeys(COLUMNS[2:], "NA"), "form_name": "first", **row} for row in ROWS)), "na_is_empty"),
        (dictionary(*ROWS[:2], {**DREAM, "field_label": "What of, señor?"}).decode().encode("latin-1"), "encoding_guessed"),
    ],
)
def test_dictionaries_as_they_are_met_are_read_alike(raw, warned):
    found = imported(("met.csv", raw))
    assert [item.id for _, item in found.protocol.items()] == ["slept", "dream"]
    assert found.item("dream").show_if == ("==", {"item": "slept"}, "c_1")
    assert "?" in found.item("dream").text["en"]
    assert warned is None or warned in found.kinds()
    assert warned is not None or found.kinds() == {"not_asked", "seconds_assumed", "frame_assumed"}


@pytest.mark.parametrize(
    ("raw", "code"), [(b"a,b\n1,2\n", "foreign_header"), (b"", "foreign_header"), (b"\x00\x01\x02", "foreign_not_text")]
)
def test_what_is_no_dictionary_is_refused(raw, code):
    with pytest.raises(Invalid) as refused:
        read_source(Given("x.csv", raw), Notes(), language="en", length_days=84)
    assert refused.value.code == code


PROJECT = b"""<?xml version="1.0" encoding="UTF-8"?>
<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:redcap="https://projectredcap.org"><Study OID="S">
<GlobalVariables><StudyName>Sleep &amp; mood</StudyName>
<redcap:RepeatingInstrumentsAndEvents><redcap:RepeatingInstrument redcap:UniqueEventName="e1" redcap:RepeatInstrument="daily"/>
</redcap:RepeatingInstrumentsAndEvents><redcap:SurveysGroup><redcap:Surveys form_name="daily"/></redcap:SurveysGroup></GlobalVariables>
<MetaDataVersion OID="M" redcap:RecordIdField="id">
<StudyEventDef OID="e1" Name="One"/><StudyEventDef OID="e2" Name="Two"/>
<FormDef OID="F" Name="Daily form" redcap:FormName="daily"><ItemGroupRef ItemGroupOID="g"/></FormDef>
<ItemGroupDef OID="g"><ItemRef ItemOID="id"/><ItemRef ItemOID="stamp"/><ItemRef ItemOID="sex"/>
<ItemRef ItemOID="race___1"/><ItemRef ItemOID="race___2"/><ItemRef ItemOID="hours"/><ItemRef ItemOID="daily_complete"/></ItemGroupDef>
<ItemDef OID="id" redcap:Variable="id" redcap:FieldType="text"><Question><TranslatedText>Id</TranslatedText></Question></ItemDef>
<ItemDef OID="stamp" redcap:Variable="stamp"/>
<ItemDef OID="sex" redcap:Variable="sex" redcap:FieldType="select"><Question><TranslatedText>Sex?</TranslatedText></Question>
<CodeListRef CodeListOID="sex.choices"/></ItemDef>
<ItemDef OID="race___1" redcap:Variable="race" redcap:FieldType="checkbox"><Question><TranslatedText>Race?</TranslatedText></Question>
<CodeListRef CodeListOID="race.choices"/></ItemDef>
<ItemDef OID="race___2" redcap:Variable="race" redcap:FieldType="checkbox"><CodeListRef CodeListOID="race.choices"/></ItemDef>
<ItemDef OID="hours" redcap:Variable="hours" redcap:FieldType="text" redcap:TextValidationType="int"
redcap:BranchingLogic="[sex] = &quot;0&quot;"><Question><TranslatedText>Hours?</TranslatedText></Question>
<RangeCheck Comparator="GE"><CheckValue>0</CheckValue></RangeCheck>
<RangeCheck Comparator="LE"><CheckValue>24</CheckValue></RangeCheck></ItemDef>
<ItemDef OID="daily_complete" redcap:Variable="daily_complete" redcap:FieldType="select" redcap:SectionHeader="Form Status"/>
<CodeList OID="sex.choices"><CodeListItem CodedValue="0"><Decode><TranslatedText>F</TranslatedText></Decode></CodeListItem>
<CodeListItem CodedValue="1"><Decode><TranslatedText>M</TranslatedText></Decode></CodeListItem></CodeList>
<CodeList OID="race.choices" redcap:CheckboxChoices="1, One|2, Two"/>
</MetaDataVersion></Study>
<ClinicalData><SubjectData SubjectKey="1"><ItemData Value="secret-name"/></SubjectData></ClinicalData></ODM>"""


def test_a_project_becomes_the_same_and_its_records_are_never_read():
    found = imported(("project.xml", PROJECT))
    sex, race, hours = (item for _, item in found.protocol.items())
    assert [one.code for one in sex.options] == ["c_0", "c_1"]
    assert (race.kind, [one.label["en"] for one in race.options]) == (ItemKind.MULTI, ["One", "Two"])
    assert (hours.kind, hours.minimum, hours.maximum, hours.show_if) == (ItemKind.INTEGER, 0, 24, ("==", {"item": "sex"}, "c_0"))
    assert (found.protocol.title, found.protocol.instruments[0].title) == ({"en": "Sleep & mood"}, {"en": "Daily form"})
    assert found.kinds() >= {"records_left_out", "events_not_carried", "repeats_not_carried", "survey_not_carried", "not_asked"}
    assert "secret-name" not in repr(found)


def test_an_archive_is_one_instrument_whose_first_field_is_asked():
    found = imported(
        ("mood.zip", archive({"OriginID.txt": b"somewhere", "instrument.csv": dictionary({"field_name": "mood", "form_name": "m"}, SLEPT)}))
    )
    assert [item.id for item in found.protocol.instruments[0].items] == ["mood"]
    assert [one.id for one in found.protocol.instruments] == ["m", "first"]


def cells(raw: bytes) -> list[dict[str, str]]:
    rows = list(csv.reader(io.StringIO(raw.decode(), newline="")))
    assert rows[0] == list(TITLES)
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]]


def test_a_dictionary_comes_back_as_it_went_in():
    rows = (
        {**RECORD, "field_label": "Record"},
        {**SLEPT, "field_note": "Last night", "required_field": "y", "identifier": "y"},
        {**DREAM, "branching_logic": "[slept] = '1' or [slept] = '-9'"},
        {"field_name": "picture", "field_type": "file", "field_label": "Photo", "branching_logic": "[slept] = '1'"},
        {"field_name": "old", "branching_logic": "[event_1_arm_1][slept] = '1'"},
        {
            "field_name": "tick",
            "field_type": "checkbox",
            "select_choices_or_calculations": "a, A | none, None",
            "field_annotation": "@NONEOFTHEABOVE='none'",
        },
        {"field_name": "level", "field_type": "slider", "select_choices_or_calculations": "low | so so | high", "custom_alignment": "RH"},
        {
            "field_name": "age",
            "text_validation_type_or_show_slider_number": "number_1dp",
            "text_validation_min": "-5",
            "text_validation_max": "120",
        },
        {"field_name": "sum", "field_type": "calc", "field_label": "Sum", "select_choices_or_calculations": "[age] + [level]"},
    )
    found = of_rows(*rows[1:])
    notes = Notes()
    written = cells(write_dictionary(found.protocol, notes))
    wanted = [
        {**dict.fromkeys(COLUMNS, ""), "form_name": "first", "field_type": "text", "field_label": "A question?", **row} for row in rows
    ]
    wanted[0]["field_label"] = "A question?"
    assert written == [{column: guard(column, cell) for column, cell in row.items()} for row in wanted]
    assert notes.found == []
    assert [one.exclusive for one in found.item("tick").options] == [False, True]


def guard(column: str, cell: str) -> str:
    return f" {cell}" if cell.startswith("@") else cell


def test_instruments_of_our_own_become_a_dictionary_that_reads_back():
    notes = Notes()
    raw = write_dictionary(frame(), notes)
    again = imported(("ours.csv", raw))
    assert {note.kind for note in notes.found} == {"type_approximated", "piping_not_carried"}
    craving = next(row for row in cells(raw) if row["field_name"] == "m_crave_now")
    assert craving["field_label"] == "Right now, how strong is your urge to use opioids other than as prescribed?"
    assert not again.kinds() & {"logic_not_parsed", "row_refused", "option_refused", "name_changed"}
    assert [len(one.items) for one in again.protocol.instruments] == [len(one.items) for one in frame().instruments]
    names = [row["field_name"] for row in cells(raw)]
    assert len(set(names)) == len(names)
    asked = [item for _, item in frame().items() if item.show_if is not None]
    assert asked
    assert sum(item.show_if is not None for _, item in again.protocol.items()) == len(asked)


def test_an_archive_of_ours_is_the_same_bytes_each_time_and_reads_back():
    raw = write_archive(frame(), "craving", Notes())
    assert raw == write_archive(frame(), "craving", Notes())
    again = imported(("craving.zip", raw))
    craving = frame().instrument("craving")
    assert craving is not None
    assert [item.id for item in again.protocol.instruments[0].items] == [item.id for item in craving.items]


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_cell_of_an_export_is_computed_by_a_spreadsheet(start):
    evil = start + "cmd|' /C calc'!A0"
    row = {
        "field_label": evil,
        "field_note": evil,
        "section_header": evil,
        "field_annotation": evil,
        "select_choices_or_calculations": f"{start}1, {evil}",
    }
    found = of_rows({"field_name": "a", "field_type": "radio", **row})
    raw = write_dictionary(found.protocol, Notes())
    assert not [cell for line in cells(raw) for cell in line.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    again = imported(("again.csv", raw))
    assert again.item("a") == found.item("a")
