"""Which model stands where, from what humans did with models: in shadow, in use, or neither. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from models.errors import Conflict
from models.kinds import ModelMove

Stands = Literal["in_use", "shadow", "former", "none"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Models of one study and target, by internal key. The last of `promoted` is in use, those before it are what it goes back to."""

    shadow: int | None = None
    promoted: tuple[int, ...] = ()

    @property
    def in_use(self) -> int | None:
        return self.promoted[-1] if self.promoted else None

    def of(self, model: int) -> Stands:
        """In a word where a model stands. `former`: in use again once those after it are rolled back.

        >>> Standing(shadow=3, promoted=(1, 2)).of(1)
        'former'
        """
        if model in {self.in_use, self.shadow}:
            return "in_use" if model == self.in_use else "shadow"
        return "former" if model in self.promoted else "none"


def after(before: Standing, what: ModelMove, model: int) -> Standing:
    """Where the models stand after a move.

    Raises Conflict: `model_stands` where it is in shadow or in use already, `model_not_in_shadow` where a model is to be promoted or
    withdrawn that was not on trial, `model_not_in_use` where one is to be rolled back that does not serve.

    >>> after(after(Standing(), ModelMove.SHADOWED, 1), ModelMove.PROMOTED, 1)
    Standing(shadow=None, promoted=(1,))
    """
    if what is ModelMove.SHADOWED:
        if model in {before.shadow, before.in_use}:
            raise Conflict("model_stands", "This model is in shadow or in use already.")
        return replace(before, shadow=model)
    if what is ModelMove.ROLLED_BACK:
        if before.in_use != model:
            raise Conflict("model_not_in_use", "This model is not the one in use.")
        then = replace(before, promoted=before.promoted[:-1])
        return then if then.shadow != then.in_use else replace(then, shadow=None)  # a former that was on trial again is in use now
    if before.shadow != model:
        raise Conflict("model_not_in_shadow", "This model is not in shadow: a model is promoted after it was tried there.")
    return Standing(None, (*before.promoted, model)) if what is ModelMove.PROMOTED else replace(before, shadow=None)


def standing(moves: Iterable[tuple[ModelMove, int]]) -> Standing:
    """Where the models stand after all moves, in their order."""
    now = Standing()
    for what, model in moves:
        now = after(now, what, model)
    return now
