"""Hostile files are imported without harm, or refused at once with a reason."""

import io
import json
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.foreign import limits
from api.foreign.fields import COLUMNS
from api.foreign.notes import Kind, Notes
from api.foreign.redcap.write import write_dictionary
from api.foreign.sources import Given, read_source
from api.foreign.study import Wanted, study_of
from api.foreign.text import plain
from models.definition.load import canonical, parse
from models.errors import Problem, TooLarge
from tests.api.foreign.files import RECORD, archive, assessment, dictionary, frame, imported, of_rows, questionnaire, radar


def refused(name: str, raw: bytes) -> str:
    with pytest.raises(Problem) as problem:
        read_source(Given(name, raw), Notes(), language="en", length_days=84)
    return problem.value.code


@pytest.mark.parametrize(
    ("label", "shown", "kind"),
    [
        ("Hm<script>alert(1)</script>?", "Hm?", Kind.SCRIPT_REMOVED),
        ("Hm<SCRIPT src=//x.test/y.js>", "Hm", Kind.SCRIPT_REMOVED),
        ("Hm<script", "Hm<script", None),
        ("Hm<scr<script>ipt>alert(1)</script>?", "Hm<scr?", Kind.SCRIPT_REMOVED),
        ("Hm&lt;script&gt;alert(1)&lt;/script&gt;?", "Hm?", Kind.SCRIPT_REMOVED),
        ("Hm&amp;lt;script&amp;gt;alert(1)&amp;lt;/script&amp;gt;?", "Hm?", Kind.SCRIPT_REMOVED),
        ('<img src=x onerror="alert(1)">Hm?', "Hm?", Kind.SCRIPT_REMOVED),
        ('<a href="javascript:alert(1)">Hm?</a>', "Hm?", Kind.SCRIPT_REMOVED),
        ("<style>p{}</style><p>One<br/>Two</p>", "One\nTwo", Kind.MARKUP_REMOVED),
        ("<!-- hidden -->Hm?", "Hm?", Kind.MARKUP_REMOVED),
        ("<img src='https://x.test/pixel.png'>Hm?", "Hm?", Kind.MARKUP_REMOVED),
        ("Under <£20000, or a<b, or 3 < 4?", "Under <£20000, or a<b, or 3 < 4?", None),
        ("Right\u202eleft\u200b and \u0007bell", "Rightleft and bell", None),
        ("{own_word} and {0}", "(own_word) and (0)", None),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469", None),
    ],
)
def test_a_label_keeps_its_words_and_nothing_that_runs(label, shown, kind):
    notes = Notes()
    assert plain(label, notes, "", "") == shown
    assert [note.kind for note in notes.found] == ([kind] if kind else [])
    assert not kind or notes.found[0].original == label


def test_a_name_that_stands_in_for_a_label_holds_no_script_either():
    evil = "<script>steal()</script>"
    row = {"field_name": f"{evil}a", "field_label": "", "field_type": "radio", "select_choices_or_calculations": f"{evil}, "}
    found = imported(("x.csv", dictionary({**row, "form_name": evil}, {**row, "form_name": evil})))
    kept = found.protocol.model_copy(update={"origin": ()})
    assert "<script" not in canonical(kept).decode()


def test_scripts_leave_every_text_of_the_document_and_stay_in_the_report():
    evil = "<script>steal()</script>Hm?"
    row = {
        "field_label": evil,
        "field_note": evil,
        "section_header": evil,
        "select_choices_or_calculations": f"1, {evil}",
        "field_type": "radio",
    }
    found = of_rows({"field_name": "a", **row})
    kept = found.protocol.model_copy(update={"origin": ()})
    assert "steal" not in canonical(kept).decode()
    assert "steal" in found.said("script_removed")


LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE ODM [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(10))
    + b"]><ODM>&k;</ODM>"
)
OUTSIDE = b'<?xml version="1.0"?><!DOCTYPE ODM [<!ENTITY x SYSTEM "file:///etc/passwd">]><ODM>&x;</ODM>'
PARAMETER = b'<?xml version="1.0"?><!DOCTYPE ODM [<!ENTITY % p SYSTEM "http://x.test/p.dtd"> %p;]><ODM/>'
BLOWN_UP = b'<?xml version="1.0"?><!DOCTYPE ODM [<!ENTITY a "' + b"a" * 100_000 + b'">]><ODM>' + b"&a;" * 20_000 + b"</ODM>"


@pytest.mark.parametrize("raw", [LAUGHS, OUTSIDE, PARAMETER, BLOWN_UP, b"<!DOCTYPE ODM><ODM/>", LAUGHS.decode().encode("utf-16")])
def test_a_document_type_or_an_entity_is_refused_at_once(raw):
    started = time.process_time()
    assert refused("bomb.xml", raw) == "xml_unsafe"
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"<ODM>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</ODM>", "foreign_too_large"),
        (b"<ODM>&undeclared;</ODM>", "xml_broken"),
        (b"<ODM><open></ODM>", "xml_broken"),
        (b'<?xml version="1.0" encoding="klingon"?><ODM/>', "xml_broken"),
        (b"<ClinicalData/>", "xml_broken"),
        (b"<html/>", "foreign_unknown"),
        (b"<ODM/>", "foreign_unknown"),
    ],
)
def test_broken_and_endless_xml_is_refused(raw, code):
    assert refused("x.xml", raw) == code


def test_xml_of_too_many_elements_is_refused(monkeypatch):
    monkeypatch.setattr("api.foreign.xml.MAX_XML_ELEMENTS", 1000)
    assert refused("x.xml", b"<ODM>" + b"<a/>" * 1001 + b"</ODM>") == "foreign_too_large"


def named(name: str, content: bytes = b"x") -> bytes:
    return archive({name: content, "instrument.csv": dictionary()})


@pytest.mark.parametrize("name", ["../instrument.csv", "a/../../b", "/etc/passwd", "C:\\b.csv", "..\\b.csv"])
def test_an_entry_that_leaves_its_archive_refuses_it(name):
    assert refused("x.zip", named(name)) == "archive_unsafe"


def lying(raw: bytes) -> bytes:
    """The archive with every size field of its directory and its headers saying one byte."""
    size = len(BOMB).to_bytes(4, "little")
    assert size in raw
    return raw.replace(size, (1).to_bytes(4, "little"))


BOMB = b"0" * 30_000_000
NESTED = archive({"instrument.csv": archive({"instrument.csv": dictionary()})})


def test_a_bomb_is_refused_whatever_it_says_of_its_size():
    bomb = archive({"instrument.csv": BOMB})
    assert len(bomb) < 50_000
    assert refused("x.zip", bomb) == "foreign_too_large"
    assert refused("x.zip", lying(bomb)) in {"archive_broken", "foreign_too_large"}


def twice() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        target.writestr("instrument.csv", dictionary())
        with pytest.warns(UserWarning, match="Duplicate"):
            target.writestr("instrument.csv", dictionary(RECORD))
    return packed.getvalue()


def encrypted() -> bytes:
    raw = bytearray(archive({"instrument.csv": dictionary()}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    return bytes(raw)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (NESTED, "foreign_not_text"),
        (archive({"other.csv": b"x"}), "archive_unfit"),
        (archive({f"{number}.txt": b"" for number in range(limits.MAX_ENTRIES + 1)}), "foreign_too_large"),
        (encrypted(), "archive_unsafe"),
        (b"PK\x03\x04 and nothing else", "archive_broken"),
        (archive({"instrument.csv": dictionary()})[:-30], "archive_broken"),
    ],
)
def test_other_archives_are_refused_by_name(raw, code):
    assert refused("x.zip", raw) == code


def test_two_entries_of_one_name_are_refused():
    assert refused("x.zip", twice()) == "archive_unsafe"


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("x.json", b"[" * 200_000, "foreign_too_large"),
        ("x.json", b"[1,", "foreign_broken"),
        ("x.json", b'{"a": 1}', "foreign_unknown"),
        ("x.json", b"7", "foreign_unknown"),
        ("x.json", json.dumps([{}] * (limits.MAX_FIELDS + 1)).encode(), "foreign_too_large"),
        ("x.json", radar(*[assessment()] * (limits.MAX_ASSESSMENTS + 1)), "foreign_too_large"),
        (
            "x.json",
            radar(assessment(repeatQuestionnaire={"unit": "min", "unitsFromZero": [1] * (limits.MAX_OFFSETS + 1)})),
            "foreign_too_large",
        ),
        ("x.csv", b"a" * (limits.MAX_BYTES + 1), "foreign_too_large"),
        ("x.csv", dictionary({"field_label": "a" * (limits.MAX_CELL + 1)}), "foreign_too_large"),
        ("x.csv", b"Variable / Field Name,Field Type\n" + b"a,text\n" * (limits.MAX_FIELDS + 2), "foreign_too_large"),
    ],
)
def test_what_is_too_much_is_refused(name, raw, code):
    assert refused(name, raw) == code


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("field_label", "<" + "a" * 59_000),
        ("field_label", "<a " * 19_000),
        ("field_label", "<!--" * 14_000),
        ("field_label", "&lt;script" * 5_000),
        ("select_choices_or_calculations", "1, A" + " " * 59_000 + "B"),
        ("branching_logic", "'" + "\\\\" * 4_000),
        ("branching_logic", '""a' * 3_000),
        ("field_annotation", "@A-" * 19_000),
    ],
)
def test_no_cell_takes_longer_than_its_length(column, cell):
    started = time.process_time()
    of_rows({"field_type": "radio", column: cell})
    assert time.process_time() - started < 1


def test_a_head_without_end_and_schedules_without_end_are_refused():
    assert refused("x.csv", b"a," * (limits.MAX_COLUMNS + 1)) == "foreign_too_large"
    endless = assessment(repeatQuestionnaire={"unit": "min", "unitsFromZero": list(range(1440))})
    with pytest.raises(TooLarge):
        imported(("x.json", radar(*[endless] * 9)), days=3660)
    alternating = assessment(repeatQuestionnaire={"unit": "min", "unitsFromZero": [480, 2000]}, repeatProtocol={"unit": "day", "amount": 3})
    with pytest.raises(TooLarge):
        imported(("x.json", radar(*[alternating] * 9)), days=3660)


def test_numbers_without_end_and_half_characters_do_no_harm():
    raw = b'[{"field_name": "a\\ud800", "field_type": "slider", "field_label": "\\udfffHm?", "range": {"min": 1e999, "max": %s}}]' % (
        b"9" * 5000
    )
    found = imported(("x.json", raw))
    assert (found.protocol.items()[0][1].minimum, found.protocol.items()[0][1].maximum) == (0, 100)
    endless = radar(
        assessment(
            repeatQuestionnaire={"unit": "year", "unitsFromZero": [10**400, 1e300]}, completionWindow={"unit": "year", "amount": 1e9}
        )
    )
    assert imported(("y.json", endless)).protocol.designs == ()


def test_too_many_warnings_stop_an_import():
    notes = Notes(found=[])
    for _ in range(limits.MAX_NOTES):
        notes.add(Kind.NAME_CHANGED, "", "", "")
    with pytest.raises(TooLarge):
        notes.add(Kind.NAME_CHANGED, "", "", "")


def whole_import(name: str, raw: bytes) -> None:
    """Either a protocol that survives its bytes and a dictionary, or a refusal."""
    notes = Notes()
    try:
        source = read_source(Given(name, raw), notes, language="en", length_days=84)
        found = study_of([source], Wanted(frame(), 84), notes)
    except Problem:
        return
    assert parse(canonical(found.protocol)) == found.protocol
    json.dumps([note.original for note in notes.found]).encode()
    written = write_dictionary(found.protocol, notes)
    again = read_source(Given("again.csv", written), Notes(), language="en", length_days=84)
    asked = {one.name for form in found.protocol.origin if form.format == "redcap" for one in form.fields if one.item is not None}
    names = {field.name for form in again.forms for field in form.fields}
    assert len({one for one in asked if one.isascii() and one.isidentifier() and one == one.lower() and one[0].isalpha()} - names) == 0


MET = """
text;radio;checkbox;slider;calc;yesno;descriptive;NA;a;A b;1, A | 2, B;1 | 1 | ;low | high;[a] = '1';[a(1)] = '1' or [b] > 2;sum([a], [b])
number;integer;0;-1;9;y;@HIDDEN;=1+1;<b>x</b>;{x};'=;é
"""
CELLS = st.sampled_from(["", "\u0000", "x" * 90, *MET.strip().replace("\n", ";").split(";")]) | st.text(max_size=12)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(COLUMNS, CELLS)), max_size=6))
def test_any_cells_are_imported_and_written_again_or_refused(rows):
    table = [{column: cell.encode("utf-8", "replace").decode() for column, cell in row.items()} for row in rows]
    whole_import("x.csv", dictionary(*table))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["min", "day", "week", "on_demand", "[a] = 1"]),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(st.sampled_from(["code", "label", "unit", "amount", "unitsFromZero", "name", "en", "text"]), part, max_size=4)
    ),
    max_leaves=6,
)
FIELD = st.fixed_dictionaries(
    {}, optional=dict.fromkeys((*COLUMNS, "range", "evaluated_logic"), JSON) | {"field_type": CELLS, "field_name": CELLS}
)
SCHEDULE = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("repeatProtocol", "repeatQuestionnaire", "reminders", "completionWindow", "clinicalProtocol", "notification"), JSON
    ),
)
ASSESSMENT = st.fixed_dictionaries(
    {"questionnaire": st.just({"name": "check"}) | JSON, "protocol": SCHEDULE | JSON},
    optional=dict.fromkeys(("name", "type", "startText", "warn"), JSON),
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(FIELD | JSON, max_size=4)
    | st.fixed_dictionaries({"protocols": st.lists(ASSESSMENT | JSON, max_size=3)}, optional={"name": JSON, "version": JSON})
)
def test_any_json_is_imported_and_written_again_or_refused(document):
    whole_import("check_armt.json", json.dumps(document).encode())


STARTS = [b"", b"PK\x03\x04", b"<ODM>", b"[", b"{", b"\xff\xfe", b"\xef\xbb\xbf", b"Variable / Field Name,Field Type\n"]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=60), st.sampled_from(["x.csv", "x.xml", "x.json", "x.zip", "x"]))
def test_any_bytes_are_read_or_refused(start, rest, name):
    whole_import(name, start + rest)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_file_with_a_broken_byte_is_read_or_refused(data):
    whole = data.draw(
        st.sampled_from([archive({"instrument.csv": dictionary(RECORD)}), questionnaire({}), radar(assessment()), dictionary(RECORD, {})])
    )
    place = data.draw(st.integers(0, len(whole) - 1))
    whole_import("x", whole[:place] + bytes([data.draw(st.integers(0, 255))]) + whole[place + 1 :])
