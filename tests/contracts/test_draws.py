"""What a test draws, it draws again in the next run."""

import pytest

from models.ids import new_key, new_uid
from tests.conftest import Drawn, draw_from


def test_a_test_draws_the_same_ids_and_keys_in_every_run(request: pytest.FixtureRequest) -> None:
    drawn = [new_uid(), new_key()]
    draw_from(Drawn(request.node.nodeid))
    assert [new_uid(), new_key()] == drawn
    draw_from(Drawn("another test"))
    assert not {new_uid(), new_key()} & set(drawn)
