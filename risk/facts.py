"""What a person told of themselves once and what later decisions and texts need."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from risk.step import Reading

MOURNING = timedelta(days=365)
"""How long a loss that was told keeps scenes from playing by themselves (safety.md rule 9)."""


def bereaved(person: Row[Any], at: datetime) -> bool:
    """Whether the person said within a year before `at` that someone close died. `person` has the column `bereaved_at`."""
    return person.bereaved_at is not None and timedelta() <= at - person.bereaved_at <= MOURNING


def told_facts(reading: Reading, person: Row[Any], instrument: str, values: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The columns of the enrollment that these answers change; empty for nearly all of them.

    A loss stands from when it was told; an edit of the same answer takes it back. A later "no" does not: it asks about another time.
    """
    facts: dict[str, Any] = {}
    word = reading.word_items.get(instrument)
    if word is not None and values.get(word.id) not in {None, person.own_word}:
        facts["own_word"] = values[word.id]
    loss = reading.loss_items.get(instrument)
    if loss is not None and values.get(loss.id) is True and (person.bereaved_at is None or person.bereaved_at < at):
        facts["bereaved_at"] = at
    elif loss is not None and values.get(loss.id) is False and person.bereaved_at == at:
        facts["bereaved_at"] = None
    return facts
