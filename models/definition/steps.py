"""The steps of a scale, in doubles, so that a phone in any language agrees. Pure."""

import math
from typing import Final

NEAR: Final = 1e-6
"""How far from a step a number may lie, in steps."""
SHORTEST: Final = 1e-6
"""The shortest step that a protocol may set."""


def on_step(number: float, step: float, start: float) -> bool:
    """Whether a number is `start` and a whole number of steps, within `NEAR` of one: tenths that are added up are no tenths.

    >>> on_step(0.1 + 0.2, 0.1, 0), on_step(0.35, 0.1, 0)
    (True, False)
    """
    steps = (number - start) / step
    return not math.isfinite(steps) or abs(steps - round(steps)) <= NEAR
