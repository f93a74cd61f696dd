"""The API's description: complete, and the same in the file as in the code."""

import json
from pathlib import Path

import pytest

from api.openapi import document, text

SNAPSHOT = Path(__file__).parent.parent.parent / "docs" / "openapi.json"
DOCUMENT = document()
OPERATIONS = [(method, path, said) for path, operations in DOCUMENT["paths"].items() for method, said in operations.items()]


def test_the_file_says_what_the_code_says():
    assert SNAPSHOT.read_text(encoding="utf-8") == text(), "run: python -m api.openapi"


def test_every_operation_has_a_name_of_its_own_that_no_framework_made():
    names = [said["operationId"] for _, _, said in OPERATIONS]
    assert len(names) == len(set(names))
    assert all(name.isidentifier() and name == name.lower() for name in names)


def test_no_two_shapes_share_a_name():
    assert [name for name in DOCUMENT["components"]["schemas"] if "__" in name] == []
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"], "refusals are problem documents"


def test_every_schema_that_the_document_names_is_in_it():
    named = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    asked = set(references(DOCUMENT))
    assert len(asked) > 100
    assert asked <= named
    assert "x-" not in {name[:2] for _, _, said in OPERATIONS for name in said}, "what the house tells itself is not told"


def references(part):
    if isinstance(part, dict):
        yield from ([part["$ref"]] if isinstance(part.get("$ref"), str) else [])
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from references(one)


@pytest.mark.parametrize(("method", "path", "said"), OPERATIONS, ids=[f"{method} {path}" for method, path, _ in OPERATIONS])
def test_an_operation_says_what_it_does_and_how_it_refuses(method, path, said):
    assert said["description"][0].isupper()
    assert said.get("tags")
    replies = said["responses"]
    good = [status for status in replies if status.startswith("2")]
    assert good
    for status in good:
        assert status == "204" or replies[status].get("content"), "an answer has a shape"
    for status, reply in replies.items():
        if status.startswith(("4", "5")):
            assert list(reply["content"]) == ["application/problem+json"], status
    if said.get("security"):
        assert "401" in replies
    if "requestBody" in said:
        assert "413" in replies
        assert "422" in replies
    if "{" in path:
        assert "422" in replies
    if any(name == "If-Match" or name == "if-match" for name in (one["name"] for one in said.get("parameters", []))):
        assert {"412", "428"} <= set(replies)


def test_the_description_names_no_machine_and_no_drug():
    said = json.dumps(DOCUMENT).lower()
    for word in ("/work/", "localhost:", "heroin", "fentanyl", "needle"):
        assert word not in said
