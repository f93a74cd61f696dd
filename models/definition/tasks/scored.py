"""What a task comes to: its measures and what speaks against them, and its trials as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import Any, Final

from models.kinds import TaskFlag

INFORMING: Final = frozenset({TaskFlag.OTHER_ORDER, TaskFlag.END_OF_LADDER})
"""Flags that leave the scores valid."""

Trial = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Scored:
    """`measures` by name, None where the trials do not give one; `trials` that were not practice, `used` those that were scored."""

    measures: Mapping[str, float | None]
    flags: tuple[TaskFlag, ...]
    trials: int
    used: int

    @property
    def valid(self) -> bool:
        return INFORMING.issuperset(self.flags)


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One trial, whatever the task. `correct` and `error` None where the task knows no such thing, `rt_ms` where nothing was pressed."""

    type: str
    stimulus: str
    answer: str | None
    rt_ms: float | None
    correct: bool | None
    error: float | None
    practice: bool
    scored: bool


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a measure is, for codebooks, and the least and the greatest that it can be."""

    about: str
    low: float | None = None
    high: float | None = None


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def mean_of(numbers: Sequence[float]) -> float | None:
    return fmean(numbers) if numbers else None


def median_of(numbers: Sequence[float]) -> float | None:
    return float(median(numbers)) if numbers else None


def deviation_of(numbers: Sequence[float]) -> float | None:
    """With n - 1; None below two numbers."""
    return stdev(numbers) if len(numbers) > 1 else None


def raised(**flags: bool) -> tuple[TaskFlag, ...]:
    """The flags that hold, in the order of the vocabulary."""
    return tuple(flag for flag in TaskFlag if flags.get(flag.value, False))
