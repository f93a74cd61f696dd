"""Columns by their kind, with the units in the name. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from models.dataset.schema import Column, FieldType


def words(kind: type[StrEnum]) -> tuple[str, ...]:
    return tuple(word.value for word in kind)


def flag(name: str, about: str) -> Column:
    return Column(name, "boolean", about)


def text(name: str, about: str, enum: tuple[str, ...] = (), *, required: bool = False) -> Column:
    return Column(name, "string", about, enum=enum, required=required)


def labeled(name: str, about: str, labels: Mapping[str, str]) -> Column:
    """A required word of a closed list whose meanings stand in the descriptor."""
    return Column(name, "string", about, enum=tuple(labels), labels=labels, required=True)


def number(name: str, about: str, kind: FieldType = "number", minimum: float | None = None, maximum: float | None = None) -> Column:
    return Column(name, kind, about, minimum=minimum, maximum=maximum)


def count(name: str, about: str, minimum: float | None = 0) -> Column:
    return Column(name, "integer", about, minimum=minimum)


def document(name: str, about: str) -> Column:
    return Column(name, "object", about)


def day(name: str, about: str) -> Column:
    return Column(name, "date", about)


def utc(name: str, about: str) -> Column:
    return Column(f"{name}_utc", "datetime", f"{about} UTC.")


def both(name: str, about: str) -> tuple[Column, Column]:
    """The same instant twice: `<name>_local` with its offset, and `<name>_utc`."""
    return (Column(f"{name}_local", "string", f"{about} Wall clock of the zone, with its UTC offset then, ISO 8601."), utc(name, about))


PERSON = text("participant_id", "Random id of the person, another one in each release.", required=True)
SYNTHETIC = flag("synthetic", "Made by a simulated person: not evidence about anyone.")
TO_PERSON = ("participant_id", "participants", "participant_id")
