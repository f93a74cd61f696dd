"""Reading a protocol: strict JSON in, faults with places out, canonical bytes back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from models.definition.load import MAX_BYTES, canonical, checksum, parse
from models.errors import Invalid, TooLarge

SHIPPED = Path(__file__).parents[2] / "api" / "actions" / "shipped" / "oud.json"


def edited(edit: Callable[[dict[str, Any]], None]) -> bytes:
    document = json.loads(SHIPPED.read_bytes())
    edit(document)
    return json.dumps(document).encode()


def refusal(edit: Callable[[dict[str, Any]], None]) -> Invalid:
    with pytest.raises(Invalid) as refused:
        parse(edited(edit))
    return refused.value


def test_canonical_bytes_give_the_same_protocol_and_checksum_back() -> None:
    protocol = parse(SHIPPED.read_bytes())
    again = parse(canonical(protocol))
    assert again == protocol
    assert canonical(again) == canonical(protocol)
    assert checksum(again) == checksum(protocol)


def test_the_order_and_spacing_of_the_document_do_not_change_its_checksum() -> None:
    document = json.loads(SHIPPED.read_bytes())
    turned = json.dumps(dict(reversed(document.items())), indent=3).encode()
    assert checksum(parse(turned)) == checksum(parse(SHIPPED.read_bytes()))


def test_one_changed_word_changes_the_checksum() -> None:
    changed = edited(lambda document: document["title"].update(en="Another title"))
    assert checksum(parse(changed)) != checksum(parse(SHIPPED.read_bytes()))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{", "line 1"),
        (b"", "Not JSON"),
        (b'{"a": 1, "a": 2}', "one member twice"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": Infinity}', "NaN and Infinity"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b'{"a": ' + b"9" * 6000 + b"}", "digits"),
    ],
)
def test_broken_json_is_refused_as_such(raw: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        parse(raw)
    assert refused.value.code == "protocol_not_json"


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(Invalid):
        parse(edited(lambda document: document["title"].update(en="x")).replace(b'"x"', b'"\\ud800"'))


def test_a_document_of_more_than_five_megabytes_is_refused_unread() -> None:
    with pytest.raises(TooLarge) as refused:
        parse(b" " * (MAX_BYTES + 1))
    assert refused.value.code == "protocol_too_large"


def test_hostile_nesting_is_refused_before_any_recursive_reader() -> None:
    with pytest.raises(TooLarge) as refused:
        parse(b"[" * 1_000_000)
    assert refused.value.code == "protocol_too_deep"


def test_brackets_inside_strings_are_no_nesting() -> None:
    protocol = parse(edited(lambda document: document["title"].update(en='\\"' + "[{" * 100)))
    assert protocol.title["en"].endswith("[{")


def test_a_wrong_type_is_named_by_its_place_and_never_by_its_value() -> None:
    problem = refusal(lambda document: document["designs"][1].update(prompts="secret-value"))
    (fault,) = problem.faults
    assert fault.pointer == "/designs/1/prompts"
    assert fault.rule == "int_type"
    assert "secret-value" not in f"{problem} {problem.faults}"


def test_a_missing_member_is_named_by_where_it_should_stand() -> None:
    (fault,) = refusal(lambda document: document["instruments"][0]["items"][2].pop("variable")).faults
    assert (fault.pointer, fault.rule) == ("/instruments/0/items/2/variable", "missing")


def test_an_unknown_member_is_a_fault_and_not_a_silent_setting() -> None:
    (fault,) = refusal(lambda document: document["availability"].update(per_dya=3)).faults
    assert (fault.pointer, fault.rule) == ("/availability/per_dya", "extra_forbidden")


def test_an_unknown_kind_of_design_names_the_kinds_there_are_and_not_the_word_given() -> None:
    (fault,) = refusal(lambda document: document["designs"][0].update(kind="secret-kind")).faults
    assert fault.rule == "union_tag_invalid"
    assert "stratified" in fault.message
    assert "secret-kind" not in fault.message


def test_what_fits_no_branch_of_a_union_is_named_by_its_place_alone() -> None:
    faults = refusal(lambda document: document["designs"][0].update(when={"anchor": "secret-day"})).faults
    assert {fault.pointer for fault in faults} == {"/designs/0/when/anchor"}


def test_a_malformed_expression_is_named_by_its_place() -> None:
    (fault,) = refusal(lambda document: document["disclosures"][0].update(when=["exec", "secret"])).faults
    assert fault.pointer == "/disclosures/0/when"
    assert "secret" not in fault.message


def test_a_member_name_with_a_slash_is_escaped_in_its_pointer() -> None:
    (fault,) = refusal(lambda document: document.update({"a/b~c": 1})).faults
    assert fault.pointer == "/a~1b~0c"


def test_a_bad_language_tag_is_placed_at_its_member() -> None:
    (fault,) = refusal(lambda document: document["title"].update({"ENGLISH!": "x"})).faults
    assert fault.pointer == "/title/ENGLISH!"


def test_all_faults_come_at_once_and_in_order() -> None:
    def spoil(document: dict[str, Any]) -> None:
        document["designs"][1]["prompts"] = 0
        document["length_days"] = "x"
        document["alert_rules"][0]["tier"] = 4

    assert [fault.pointer for fault in refusal(spoil).faults] == ["/alert_rules/0/tier", "/designs/1/prompts", "/length_days"]


def test_a_document_that_is_no_object_is_refused_at_the_root() -> None:
    with pytest.raises(Invalid) as refused:
        parse(b"[]")
    assert refused.value.faults[0].pointer == ""
