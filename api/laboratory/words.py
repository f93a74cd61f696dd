"""Figures of a report in words: a value with its interval, a share in percent."""

from collections.abc import Mapping
from typing import Any

NOTHING = "—"


def with_interval(one: Mapping[str, Any] | None, digits: int = 3) -> str:
    """A value with its 95 % interval.

    >>> with_interval({"value": 0.75, "low": 0.7, "high": 0.8})
    '0.750 (0.700 to 0.800)'
    >>> with_interval({"value": -0.1, "low": -0.2, "high": 0.0}, 1)
    '−0.1 (−0.2 to 0.0)'
    """
    if not one or one.get("value") is None:
        return NOTHING
    if one.get("low") is None:
        return f"{one['value']:z.{digits}f}"
    return f"{one['value']:z.{digits}f} ({one['low']:z.{digits}f} to {one['high']:z.{digits}f})".replace("-", "−")


def as_percent(one: Mapping[str, Any] | None, digits: int = 1) -> str:
    """The same for a share.

    >>> as_percent({"value": 0.5, "low": 0.25, "high": 0.75})
    '50.0 % (25.0 to 75.0)'
    """
    if not one or one.get("value") is None:
        return NOTHING
    said = f"{100 * one['value']:z.{digits}f} %"
    return said if one.get("low") is None else f"{said} ({100 * one['low']:z.{digits}f} to {100 * one['high']:z.{digits}f})"


def counted(value: int | None) -> str:
    """A number of people or of their days; where it is kept back, that.

    >>> counted(12345), counted(None)
    ('12,345', 'kept back')
    """
    return "kept back" if value is None else f"{value:,}"


def plain(value: float | None, digits: int = 3) -> str:
    return NOTHING if value is None else f"{value:z.{digits}f}"


def days_in_words(row: Mapping[str, Any]) -> str:
    """
    >>> days_in_words({"from": 4, "to": 5}), days_in_words({"from": 91, "to": None}), days_in_words({"from": 1, "to": 1})
    ('4 to 5', 'over 90', '1')
    """
    if row["to"] is None:
        return f"over {row['from'] - 1}"
    return f"{row['from']}" if row["from"] == row["to"] else f"{row['from']} to {row['to']}"
