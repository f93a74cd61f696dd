"""The place of what is not of its kind is a JSON pointer into the document as it was sent."""

import doctest

import msgspec
import pytest

from models import codec


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    x: int


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    named: dict[str, list[Inner]] = {}
    nested: dict[str, dict[str, Inner]] = {}
    pair: tuple[int, Inner] | None = None


GOOD, WRONG = {"x": 1}, {"x": "q"}


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"named": {"a": [GOOD], "b/c": [GOOD, WRONG], "d": [GOOD, WRONG]}}, "/named/b~1c/1/x"),
        ({"named": {str(one): [GOOD] for one in range(50)} | {"~": [WRONG]}}, "/named/~0/0/x"),
        ({"nested": {"u": {"v": GOOD}, "w": {"a": GOOD, "b": WRONG, "c": GOOD}, "z": {"a": WRONG}}}, "/nested/w/b/x"),
        ({"nested": {"u": {"v": GOOD, "w": {}}}}, "/nested/u/w"),
        ({"pair": [1, {"x": 2.5}]}, "/pair/1/x"),
        ({"named": []}, "/named"),
        ([], ""),
    ],
)
def test_the_place_leads_to_the_value(document: object, place: str) -> None:
    raw = msgspec.json.encode(document)
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(raw, type=Outer)
    found, words = codec.misplaced(refused.value, raw, Outer)
    assert (found, "at `" in words) == (place, False)


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b'{"pair": [1, {"x": "q"}], "named": nul', ""),
        (b'{"pair": [1, {"x": "q"}], "pair": 3}', "/pair"),
        (b'{"named": {"a": [{"x": "q"}], "a": 3}, "named": {}}', "/named"),
    ],
)
def test_a_document_that_is_damaged_or_says_a_thing_twice_is_followed_as_far_as_it_goes(raw: bytes, place: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(raw, type=Outer)
    assert codec.misplaced(refused.value, raw, Outer)[0] == place


def test_the_example_in_the_documentation_holds() -> None:
    assert doctest.testmod(codec)[:2] == (0, 2)
