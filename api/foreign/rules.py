"""Branching of a field: read, carried, type-checked; or kept as text, with the field shown to everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.foreign.fields import Field
from api.foreign.logic.carry import carry
from api.foreign.logic.grammar import parse
from api.foreign.logic.scope import NotCarried, Scope
from api.foreign.logic.tokens import NotParsed
from api.foreign.notes import Kind, Notes
from models.definition.checks.types import Scope as Types
from models.definition.checks.types import Type, Typing


@dataclass(slots=True)
class Tally:
    """Rules of a file: how many stood there, were read by the grammar, and became rules of ours."""

    found: int = 0
    parsed: int = 0
    carried: int = 0

    def add(self, other: "Tally") -> None:
        self.found += other.found
        self.parsed += other.parsed
        self.carried += other.carried


def branch(field: Field, scope: Scope, types: Mapping[str, Type], notes: Notes, tally: Tally) -> Any:
    """Our condition, or None where everybody is asked. The text counts; RADAR's second column counts where the first is empty."""
    text, second = field.cell("branching_logic").strip(), field.evaluated.strip()
    written = text or second
    if not written:
        return None
    tally.found += 1
    try:
        tree = parse(written)
    except NotParsed as refused:
        notes.add(Kind.LOGIC_NOT_PARSED, field.place, field.name, f"At character {refused.at + 1}: {refused.message}.", written)
        return None
    tally.parsed += 1
    try:
        found = _typed(carry(tree, scope), types)
    except NotCarried as refused:
        notes.add(Kind.LOGIC_NOT_CARRIED, field.place, field.name, f"{refused.rule}: {refused.message}", written)
        return None
    tally.carried += 1
    if text and second and not _agrees(second, scope, found):
        notes.add(Kind.LOGIC_OUT_OF_STEP, field.place, field.name, "The two branching columns differ; the first counts.", second)
    return found


def _typed(found: Any, types: Mapping[str, Type]) -> Any:
    typing = Typing(Types(types, None))
    typing.condition(found)
    if typing.faults:
        raise NotCarried(typing.faults[0].rule, typing.faults[0].message)
    return found


def _agrees(second: str, scope: Scope, found: Any) -> bool:
    try:
        return bool(carry(parse(second), scope) == found)
    except (NotParsed, NotCarried):
        return False
