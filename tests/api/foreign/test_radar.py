"""RADAR's formats: questionnaires in several languages, and protocols on our designs."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from api.foreign.radar.questionnaire import named_by
from api.foreign.schedule import Schedule
from models.definition.prompting import Event, Fixed, Stratified
from models.kinds import DesignKind, InstrumentKind, ItemKind, TimedEventKind
from scheduler.plan.calendar import WakeSpan, ZoneSpan
from scheduler.plan.inputs import PlanInput
from scheduler.plan.occasions import plan
from tests.api.foreign.files import assessment, imported, questionnaire, radar

CHECK = questionnaire(
    {"field_name": "craved", "field_type": "yesno"},
    {"field_name": "how", "field_type": "slider", "range": {"min": "0", "max": "10", "step": 1, "labelLeft": "none", "labelRight": "most"}},
)


def field(name="it", **more):
    return questionnaire({"field_name": name, **more})


def choices(*pairs):
    return [{"code": code, "label": label} for code, label in pairs]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (field(field_type="matrix-radio", select_choices_or_calculations=choices(("1", "Yes"))), ItemKind.SINGLE),
        (field(field_type="range-info", select_choices_or_calculations=choices(("1", "Yes"))), ItemKind.SINGLE),
        (field(field_type="radio", select_choices_or_calculations="1|Yes\n0|No"), ItemKind.SINGLE),
        (field(field_type="checkbox", select_choices_or_calculations=choices(("1", "Yes"))), ItemKind.MULTI),
        (field(field_type="range", select_choices_or_calculations=choices(("0", "0 low"), ("1", "1"), ("6", "6 high"))), ItemKind.SLIDER),
        (field(field_type="text", text_validation_type_or_show_slider_number="duration"), ItemKind.DURATION),
        (field(field_type="info"), ItemKind.INFORMATION),
    ],
)
def test_each_type_becomes_a_kind(raw, kind):
    assert imported(("check.json", raw)).item("it").kind is kind


def test_a_scale_takes_its_ends_from_its_choices():
    found = imported(
        ("check.json", field(field_type="range", select_choices_or_calculations=choices(("0", "none"), ("3", "3"), ("6", "most"))))
    )
    item = found.item("it")
    assert (item.minimum, item.maximum, item.low_label, item.high_label) == (0, 6, {"en": "none"}, {"en": "most"})
    assert "middle_label_not_carried" not in found.kinds()


def test_information_keeps_all_its_paragraphs():
    raw = field(field_type="info", field_label="First", select_choices_or_calculations=choices(("", "Second"), ("", "Third")))
    assert imported(("check.json", raw)).item("it").text["en"] == "First\nSecond\nThird"


@pytest.mark.parametrize("kind", ["audio", "timed", "web", "healthkit", "launcher"])
def test_what_a_phone_of_ours_cannot_do_is_not_asked(kind):
    found = imported(("check.json", field(field_type=kind)))
    assert found.kinds() >= {"not_asked", "instrument_empty"}
    assert [(item.id, item.kind) for _, item in found.protocol.items()] == [("check_not_imported", ItemKind.YES_NO)]
    assert found.protocol.origin[0].fields[0].type == kind


def two(**second):
    return questionnaire({"field_name": "a", "field_type": "yesno"}, {"field_name": "b", **second})


def test_either_branching_column_is_read_and_the_text_counts():
    for columns in ({"branching_logic": "[a] = '1'"}, {"evaluated_logic": "responses['a'] == '1'"}):
        assert imported(("check.json", two(**columns))).item("b").show_if == ("==", {"item": "a"}, True)
    differing = imported(("check.json", two(branching_logic="[a] = '1'", evaluated_logic="responses['a'] == '0'")))
    assert differing.item("b").show_if == ("==", {"item": "a"}, True)
    assert differing.said("logic_out_of_step") == "responses['a'] == '0'"


def test_files_of_one_questionnaire_become_one_instrument_in_several_languages():
    english = field(field_type="radio", field_label="Well?", select_choices_or_calculations=choices(("1", "Yes"), ("0", "No")))
    german = field(field_type="radio", field_label="Gut?", select_choices_or_calculations=choices(("1", "Ja"), ("0", "Nein")))
    found = imported(("dir/check_armt_de.json", german), ("dir/check_armt.json", english))
    assert [one.id for one in found.protocol.instruments] == ["check"]
    item = found.item("it")
    assert item.text == {"en": "Well?", "de": "Gut?"}
    assert [one.label for one in item.options] == [{"en": "Yes", "de": "Ja"}, {"en": "No", "de": "Nein"}]
    assert "language_differs" not in found.kinds()
    assert {fault.rule for fault in found.imported.faults} == {"help_language_missing"}  # the study itself translates what helps


def test_a_translation_that_lacks_a_field_or_a_choice_is_a_warning():
    found = imported(("check_armt.json", CHECK), ("check_armt_nl.json", field("craved", field_type="yesno", field_label="Ja?")))
    assert [(note.field, note.kind) for note in found.notes.found if note.kind == "language_differs"] == [("how", "language_differs")]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("phq8_armt.json", ("phq8", None)),
        ("a/b/phq8_armt_DE.json", ("phq8", "de")),
        ("check_in.json", ("check_in", None)),
        ("a\\b_armt.json", ("b", None)),
    ],
)
def test_a_file_is_called_by_its_questionnaire_and_language(file, name):
    assert named_by(file) == name


def days_of(design):
    return design.when.first_day, design.when.last_day, design.times


@pytest.mark.parametrize(
    ("protocol", "designs"),
    [
        ({}, [(1, None, ("08:00",))]),
        ({"repeatQuestionnaire": {"unit": "hour", "unitsFromZero": [20, 8]}}, [(1, None, ("08:00", "20:00"))]),
        ({"repeatProtocol": {"unit": "year", "amount": 9999}}, [(1, 1, ("08:00",))]),
        ({"repeatProtocol": {"unit": "week", "amount": 1}}, [(1, 1, ("08:00",)), (8, 8, ("08:00",))]),
        (
            {"repeatProtocol": {"unit": "day", "amount": 9}, "repeatQuestionnaire": {"unit": "min", "unitsFromZero": [1500]}},
            [(2, 2, ("01:00",))],
        ),
        (
            {"repeatProtocol": {"unit": "year", "amount": 9}, "repeatQuestionnaire": {"unit": "hour", "unitsFromZero": [9, 33, 57, 105]}},
            [(1, 3, ("09:00",)), (5, 5, ("09:00",))],
        ),
        ({"repeatQuestionnaire": {"unit": "day", "unitsFromZero": [0, 1]}}, [(1, None, ("00:00",))]),
    ],
)
def test_a_cycle_becomes_fixed_times_on_ranges_of_study_days(protocol, designs):
    found = imported(("protocol.json", radar(assessment(**protocol))), ("check_armt.json", CHECK), days=10)
    assert [days_of(one) for one in found.protocol.designs] == designs
    assert found.imported.faults == ()


@pytest.mark.parametrize(
    ("protocol", "kind"),
    [
        ({"repeatQuestionnaire": {"unit": "hour", "unitsFromZero": [8, 20]}}, InstrumentKind.MOMENTARY),
        ({}, InstrumentKind.DIARY),
        ({"repeatProtocol": {"unit": "week", "amount": 1}}, InstrumentKind.WEEKLY),
        ({"repeatProtocol": {"unit": "year", "amount": 9}}, InstrumentKind.INTAKE),
        ({"type": "on_demand"}, InstrumentKind.REPORT),
    ],
)
def test_how_often_it_is_asked_says_what_kind_of_instrument_it_is(protocol, kind):
    found = imported(("protocol.json", radar(assessment(**protocol))), ("check_armt.json", CHECK))
    instrument = found.protocol.instruments[0]
    assert (instrument.id, instrument.kind, instrument.seconds) == ("check", kind, 120)
    assert instrument.started_by_person is (kind is InstrumentKind.REPORT)


def test_reports_are_started_by_the_person_and_visits_are_anchored():
    visit = {"clinicalProtocol": {"repeatAfterClinicVisit": {"unit": "day", "unitsFromZero": [7]}}}
    found = imported(
        ("protocol.json", radar(assessment("Any time", type="on_demand"), assessment("After", **visit))), ("check_armt.json", CHECK)
    )
    report, after = found.protocol.designs
    assert isinstance(report, Event)
    assert isinstance(after, Fixed)
    assert (after.when.anchor, days_of(after)) == (TimedEventKind.VISIT, (8, 8, ("00:00",)))


def test_reminders_windows_and_neutral_words_are_carried():
    words = {"notification": {"text": {"en": "Please have a look."}}, "reminders": {"unit": "min", "amount": 20, "repeat": 2}}
    design = imported(("protocol.json", radar(assessment(**words)))).protocol.designs[0]
    assert (design.expiry.minutes, design.expiry.reminders.count, design.expiry.reminders.every_minutes) == (60, 2, 20)
    assert design.push == {"en": "Please have a look."}
    listed = {"reminders": [{"offset": {"unit": "min", "amount": 10}}, {"offset": {"unit": "min", "amount": 20}}]}
    assert imported(("protocol.json", radar(assessment(**listed)))).protocol.designs[0].expiry.reminders.count == 2


@pytest.mark.parametrize(
    ("protocol", "kind"),
    [
        ({"completionWindow": None}, "expiry_assumed"),
        ({"reminders": {"unit": "hour", "amount": 1, "repeat": 1}}, "reminder_not_carried"),
        ({"reminders": [{"offset": {"unit": "min", "amount": 10}}, {"offset": {"unit": "min", "amount": 25}}]}, "reminder_not_carried"),
        ({"notification": {"text": {"en": "Time for your treatment diary"}}}, "push_not_neutral"),
        ({"referenceTimestamp": "2026-01-01"}, "start_not_carried"),
        ({"repeatProtocol": {"unit": "day", "amount": 7, "dayOfWeek": "mon"}}, "start_not_carried"),
        ({"repeatProtocol": {"unit": "month", "amount": 1}}, "schedule_not_carried"),
        ({"repeatProtocol": {"unit": "hour", "amount": 6}}, "schedule_not_carried"),
        ({"repeatQuestionnaire": {"unit": "min", "randomUnitsFromZeroBetween": [[480, 600]]}}, "schedule_not_carried"),
        ({"repeatQuestionnaire": {"unit": "min", "unitsFromZero": [480, "soon", -5]}}, "schedule_not_carried"),
        ({"repeatQuestionnaire": {"unit": "day", "unitsFromZero": [200]}, "repeatProtocol": {"unit": "year", "amount": 9}}, "schedule_cut"),
        ({"type": "triggered"}, "trigger_not_carried"),
        (
            {"repeatProtocol": {"unit": "day", "amount": 7}, "repeatQuestionnaire": {"unit": "min", "unitsFromZero": [515, 1993]}},
            "times_written_by_hand",
        ),
        ({"repeatQuestionnaire": {"unit": "hour", "unitsFromZero": [2]}}, "wake_window_assumed"),
    ],
)
def test_what_is_not_carried_of_a_schedule_is_a_warning(protocol, kind):
    found = imported(("protocol.json", radar(assessment(**protocol))), ("check_armt.json", CHECK))
    assert kind in found.kinds()


def test_a_questionnaire_that_no_file_brings_keeps_its_prompts():
    found = imported(("protocol.json", radar(assessment())))
    assert "questionnaire_missing" in found.kinds()
    assert [one.kind for one in found.protocol.designs] == [DesignKind.FIXED]
    assert found.imported.faults == ()


def test_a_schedule_lists_each_time_once_a_day():
    overlapping = Schedule("", "", "enrollment", (480, 1920, 480), every_days=1)
    assert overlapping.by_day(3) == {1: ("08:00",), 2: ("08:00",), 3: ("08:00",)}


START = datetime(2026, 10, 19, 6, 0, tzinfo=UTC)
"""Six days before the clocks go back in London; day 161 is the one on which they go forward."""
LAST = 166


def planned(protocol, days):
    inputs = PlanInput(
        UUID(int=1),
        b"k" * 32,
        protocol.designs,
        (ZoneSpan(START, "Europe/London"),),
        (WakeSpan(START.date(), protocol.wake.default),),
        START,
        days,
    )
    return plan(inputs, START, START + timedelta(days=days - 1))


def test_times_written_by_hand_keep_their_wall_clock_through_both_clock_changes():
    weekly = assessment(
        repeatProtocol={"unit": "day", "amount": 7}, repeatQuestionnaire={"unit": "min", "unitsFromZero": [515, 1993, 9803]}
    )
    found = imported(("protocol.json", radar(weekly)), days=LAST)
    by_day = {0: "08:35", 1: "09:13", 6: "19:23"}
    wanted = [f"{START.date() + timedelta(days=day)}T{by_day[day % 7]}:00" for day in range(LAST) if day % 7 in by_day]
    occasions = planned(found.protocol, LAST)
    assert [one.local_due for one in occasions] == wanted
    assert {one.offset_minutes for one in occasions} == {0, 60}
    assert {one.blocked for one in occasions} == {None}


def test_times_written_by_hand_are_drawn_anew_where_that_is_asked_for():
    weekly = {
        "repeatProtocol": {"unit": "day", "amount": 2},
        "repeatQuestionnaire": {"unit": "min", "unitsFromZero": [515, 832, 1955, 2400]},
    }
    found = imported(("protocol.json", radar(assessment(**weekly))), by_chance=True)
    (design,) = found.protocol.designs
    assert isinstance(design, Stratified)
    assert (design.id, design.prompts, design.gap_minutes, design.expiry.minutes) == ("check", 2, 317, 60)
    assert "times_drawn_anew" in found.kinds()
    assert "times_written_by_hand" not in found.kinds()


@pytest.mark.parametrize("offsets", [[515, 832, 1955], [515, 5000]])
def test_days_of_different_numbers_keep_their_times(offsets):
    uneven = {"repeatProtocol": {"unit": "day", "amount": 7}, "repeatQuestionnaire": {"unit": "min", "unitsFromZero": offsets}}
    found = imported(("protocol.json", radar(assessment(**uneven))), by_chance=True)
    assert {one.kind for one in found.protocol.designs} == {DesignKind.FIXED}
    assert "times_written_by_hand" in found.kinds()


def test_no_two_designs_have_one_id():
    weekly = {"repeatProtocol": {"unit": "week", "amount": 1}}
    found = imported(("protocol.json", radar(assessment("Check d8"), assessment("Check", **weekly), assessment("Check"))), days=10)
    assert [one.id for one in found.protocol.designs] == ["check_d8", "check_d1", "check_d8_2", "check"]
    assert [fault.rule for fault in found.imported.faults] == []


def test_a_protocol_that_is_half_a_protocol_is_read_as_far_as_it_goes():
    raw = json.dumps(
        {"protocols": [7, {}, {"questionnaire": {"name": "check"}, "protocol": [], "startText": 5, "warn": {"en": 9}}]}
    ).encode()
    found = imported(("protocol.json", raw))
    assert [one.id for one in found.protocol.instruments] == ["check"]
    assert found.kinds() >= {"row_refused", "schedule_not_carried"}
