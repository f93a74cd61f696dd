"""Where population models stand after what humans did: tried first, one in use, and a way back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import Conflict
from models.kinds import ModelMove
from risk.population.standing import Standing, after, standing

MOVES = st.lists(st.tuples(st.sampled_from(ModelMove), st.integers(1, 4)), max_size=25)


@settings(max_examples=100, deadline=None)
@given(MOVES)
def test_whatever_is_tried_nothing_comes_into_use_but_out_of_shadow_and_every_way_back_is_the_way_it_came(moves):
    now, kept, before_promotion = Standing(), [], []
    for what, model in moves:
        try:
            then = after(now, what, model)
        except Conflict:
            continue
        kept.append((what, model))
        if what is ModelMove.PROMOTED:
            assert (now.shadow, then.shadow, then.in_use) == (model, None, model)
            before_promotion.append(now.in_use)
        elif what is ModelMove.ROLLED_BACK:
            assert (now.in_use, then.in_use) == (model, before_promotion.pop())
            assert then.shadow == (None if now.shadow == then.in_use else now.shadow)
        else:
            assert then.promoted == now.promoted, "what is on trial moves nothing that is in use"
        assert then.shadow is None or then.shadow != then.in_use, "one model is never both"
        now = then
    assert standing(kept) == now


@pytest.mark.parametrize(
    ("before", "what", "code"),
    [
        (Standing(), ModelMove.PROMOTED, "model_not_in_shadow"),
        (Standing(), ModelMove.WITHDRAWN, "model_not_in_shadow"),
        (Standing(shadow=1), ModelMove.ROLLED_BACK, "model_not_in_use"),
        (Standing(shadow=1), ModelMove.SHADOWED, "model_stands"),
        (Standing(promoted=(1,)), ModelMove.SHADOWED, "model_stands"),
        (Standing(promoted=(1, 2)), ModelMove.ROLLED_BACK, "model_not_in_use"),
    ],
)
def test_a_move_that_does_not_fit_is_refused_by_name(before, what, code):
    with pytest.raises(Conflict) as refused:
        after(before, what, 1)
    assert refused.value.code == code
