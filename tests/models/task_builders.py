"""Answers to timed tasks, as a phone sends them."""

from collections.abc import Sequence
from typing import Any

from models.definition.tasks.delay_discounting import ladder
from models.definition.tasks.parameters import CueStroop, Word


def press(kind: str, rt_ms: float | None) -> dict[str, Any]:
    """A go/no-go trial; no time: not pressed."""
    return {"type": kind, "pressed": rt_ms is not None, "rt_ms": rt_ms}


def chose(choices: Sequence[str], rt_ms: float = 1500) -> dict[str, Any]:
    """The answer that follows the ladder."""
    return {"trials": [{"delay": rung, "choice": one, "rt_ms": rt_ms} for rung, one in zip(ladder(choices), choices, strict=False)]}


def words(kind: str, count: int = 4) -> tuple[Word, ...]:
    return tuple(Word(code=f"{kind}_{number}", text={"en": f"{kind} {number}"}) for number in range(count))


def stroop(**settings: Any) -> CueStroop:
    return CueStroop(cue=words("cue"), neutral=words("plain"), **settings)


def named(word: str, rt_ms: float | None, *, right: bool = True) -> dict[str, Any]:
    """A Stroop trial on a red word; no time: no answer."""
    return {"word": word, "color": "red", "answer": None if rt_ms is None else "red" if right else "blue", "rt_ms": rt_ms}
