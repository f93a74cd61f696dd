"""The table of operations is whole, and says why where it looks away."""

import pytest

from api.openapi import document
from tests.fuzz.document import OFF_EVERYWHERE, checks
from tests.fuzz.operations import NAMES_MEMBERS, TABLE

OPERATIONS = {said["operationId"]: said for operations in document()["paths"].values() for said in operations.values()}


def test_the_table_names_every_operation_of_the_document_and_no_other():
    assert set(TABLE) == set(OPERATIONS)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_what_an_operation_may_and_must_give_is_documented(name):
    entry, documented = TABLE[name], {int(status) for status in OPERATIONS[name]["responses"]}
    assert entry.may <= documented
    assert entry.must <= entry.may
    assert any(200 <= status < 300 for status in entry.must), "at least one success"
    assert not any(status == 500 for status in entry.may)


def test_a_check_that_is_off_exists_and_has_a_reason():
    known = {one.__name__ for one in checks()} | {NAMES_MEMBERS}
    looked_away = {(check, why) for entry in TABLE.values() for check, why in entry.off.items()}
    assert {check for check, _ in looked_away} <= known
    assert all(len(why) > 20 for _, why in [*looked_away, *OFF_EVERYWHERE.items()])
