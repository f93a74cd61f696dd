"""What the nowcast row and the lagged network are regressed on (risk-model.md 2.3 step 3, 2.4 steps 3 and 6)."""

from math import cos, exp, pi, sin
from typing import Final

GAP_HOURS: Final = 72.0
"""Longer silences count as this one."""
NIGHT_HOUR: Final = 4.0
"""An interval in which the local clock passes this hour spans a night."""


def incubation(days_abstinent: float | None) -> float:
    """(a/60) exp(1 - a/60) on [0, 1], highest at 60 days; 0 where abstinence is not known.

    Enters only as cue x incubation: cues may bite harder at one to three months, the baseline hazard falls all the same.

    >>> incubation(60.0), incubation(None), incubation(0.0)
    (1.0, 0.0, 0.0)
    """
    if days_abstinent is None or days_abstinent <= 0.0:
        return 0.0
    months = days_abstinent / 60.0
    return months * exp(1.0 - months)


def lag_share(hours: float, usual_hours: float) -> float:
    """How much of the last value still counts: exp(-(D' - usual)/6), at most 1.2, with D' = min(D, 72).

    >>> lag_share(4.0, 4.0), lag_share(0.0, 4.0)
    (1.0, 1.2)
    """
    share = exp((usual_hours - (hours if hours < GAP_HOURS else GAP_HOURS)) / 6.0)  # noqa: FURB136
    return share if share < 1.2 else 1.2  # noqa: FURB136


def over_night(hours: float, local_hour: float) -> bool:
    """Whether the local clock passed 04:00 in the `hours` before `local_hour`.

    >>> over_night(10.0, 9.0), over_night(4.0, 13.0)
    (True, False)
    """
    return (local_hour - NIGHT_HOUR) % 24.0 < hours


def clock(local_hour: float) -> tuple[float, float]:
    """Cosine and sine of the local hour.

    >>> clock(0.0)
    (1.0, 0.0)
    """
    angle = local_hour * pi / 12.0
    return cos(angle), sin(angle)


def synergy(reward: float | None, stress: float | None) -> float:
    """Cue and stress above the person's usual at once: the product of positive parts. Two lows are no synergy.

    >>> synergy(2.0, 1.5), synergy(-2.0, -1.5), synergy(None, 1.0)
    (3.0, 0.0, 0.0)
    """
    if reward is None or stress is None or reward <= 0.0 or stress <= 0.0:
        return 0.0
    return reward * stress


def nowcast_row(
    exposure: list[float | None], lag: float, incubated: float, context: float, content: float, local_hour: float
) -> list[float]:
    """The regressors in the order of prior.REGRESSORS; a node that was not answered is 0."""
    cosine, sine = clock(local_hour)
    _, reward, stress, withdrawal, control = exposure
    cue = reward or 0.0
    return [
        1.0,
        cosine,
        sine,
        lag,
        cue,
        stress or 0.0,
        withdrawal or 0.0,
        control or 0.0,
        synergy(reward, stress),
        cue * incubated,
        context,
        content,
    ]
