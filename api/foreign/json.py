"""JSON from outside, with what may go wrong in it as refusals."""

import json
from typing import Any, Final

from api.foreign.notes import Notes
from api.foreign.text import decoded
from models.errors import Invalid, TooLarge

MAX_DIGITS: Final = 30
"""Of a number. Nobody schedules by longer ones."""


def read_json(raw: bytes, notes: Notes) -> Any:
    """The document. Raises Invalid (`foreign_broken`, with the line) or TooLarge where it is nested too deeply."""
    try:
        return json.loads(decoded(raw, notes), parse_int=_whole)
    except json.JSONDecodeError as error:
        raise Invalid("foreign_broken", f"{notes.file} is not JSON: {error.msg} at line {error.lineno}.") from None
    except RecursionError:
        raise TooLarge("foreign_too_large", f"{notes.file} is nested too deeply.") from None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float("inf")


def text_of(value: Any) -> str:
    """A text or a number as text; empty for anything else. Half of a pair, which no file can hold, becomes a question mark."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    return f"{value:.15g}" if isinstance(value, int | float) and not isinstance(value, bool) else ""


def number_of(value: Any) -> float | None:
    """A finite number, also one written as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) <= 1e9 else None
