"""Everything that a protocol may get wrong beyond its schema, found before it is published."""

from collections.abc import Callable, Iterable
from typing import Final

from models.definition.checks import (
    branches,
    designs,
    expressions,
    items,
    languages,
    names,
    order,
    piping,
    policy,
    safety,
    scores,
    signals,
    tasks,
    texts,
)
from models.definition.protocol import Protocol
from models.errors import Fault

_SUBJECTS: Final[tuple[Callable[[Protocol], Iterable[Fault]], ...]] = (
    names.faults,
    items.faults,
    expressions.faults,
    order.faults,
    branches.faults,
    scores.faults,
    designs.faults,
    policy.faults,
    safety.faults,
    tasks.faults,
    signals.faults,
    texts.faults,
    languages.faults,
    piping.faults,
)


def check(protocol: Protocol) -> tuple[Fault, ...]:
    """All faults of a protocol, in order of pointer, rule and message; none if it may be published.

    Pointers lead into the document as `parse` read it. Messages give the numbers that do not fit and never raise for what
    another rule reports: a reference to something unknown is one fault, not a crash.
    """
    found = {fault for subject in _SUBJECTS for fault in subject(protocol)}
    return tuple(sorted(found, key=lambda fault: (_natural(fault.pointer), fault.rule, fault.message)))


def _natural(place: str) -> tuple[tuple[int, int, str], ...]:
    """Element 10 comes after element 9."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in place.split("/"))
