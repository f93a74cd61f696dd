"""Shares, quantiles and spreads of plain numbers. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

DIGITS: Final = 4
"""Decimals of every figure in a summary: finer than anything that is read from it, coarse enough to be the same text everywhere."""


def share(part: float, whole: float) -> float | None:
    """None where there is nothing to divide by: no share is not a share of zero."""
    return part / whole if whole else None


def quantile(values: Sequence[float], at: float) -> float | None:
    """The quantile of any values by linear interpolation between ranks (type 7 of Hyndman and Fan 1996). None of nothing.

    >>> quantile([4.0, 1.0, 3.0, 2.0], 0.5)
    2.5
    """
    ordered = sorted(values)
    if not ordered:
        return None
    place = at * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def spread(values: Iterable[float]) -> dict[str, Any]:
    """How many, mean, median, 90th and 95th percentile and the largest.

    >>> spread([1.0, 3.0])["mean"], spread([])["worst"]
    (2.0, None)
    """
    held = list(values)
    return {
        "n": len(held),
        "mean": math.fsum(held) / len(held) if held else None,
        "median": quantile(held, 0.5),
        "p90": quantile(held, 0.9),
        "p95": quantile(held, 0.95),
        "worst": max(held, default=None),
    }


def counted(words: Iterable[str | None]) -> dict[str, int]:
    """How often each word came, by name; nothing is counted as `none`."""
    counts: dict[str, int] = {}
    for word in words:
        name = "none" if word is None else word
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def rounded(value: Any) -> Any:
    """The same document with every decimal number rounded to `DIGITS`; tuples become lists."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, Mapping):
        return {str(name): rounded(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return value
