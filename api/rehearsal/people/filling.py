"""A person fills in an instrument: every item that branching and rotation show, in order, with the time of each answer."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from api.rehearsal.people.chance import numbers
from api.rehearsal.people.telling import candidates, in_scope, unwanted, words_for
from api.rehearsal.people.terms import Feelings, Filled, Person, Says
from api.rehearsal.people.values import DRAWS, Moment, read, value
from models.definition.disclose import disclosures
from models.definition.expression import holds, items_read
from models.definition.instrument import Instrument, Item
from models.definition.protocol import Protocol
from models.definition.tasks.draws import TrialDraws
from models.kinds import ItemKind

_EACH: Final = 3 + DRAWS
_DECLINES: Final = 0.2
"""Of what is skipped, the share that is declined in words (assumption)."""


def fill(
    person: Person,
    protocol: Protocol,
    instrument: Instrument,
    feelings: Feelings,
    *,
    drawn: Collection[str] | None,
    lists: Mapping[str, Collection[str]],
    language: str,
    label: str,
    started_at: datetime,
    order: Sequence[str] | None = None,
    reach: float = 1.0,
    says: Says | None = None,
    draws: Callable[[str], TrialDraws] | None = None,
) -> Filled:
    """The answers to any instrument of any checked protocol, by a person who feels so.

    `drawn`: the items that the prompt's rotation chose; None: all of the rotating sets. `lists`: the person's own entries by list.
    `order`: that in which the items are asked, all of them; None: as written.
    `reach` below 1: the person stops after this share of the items (a partial submission). `says`: what is to be disclosed; said
    where the instrument can say it and reaches it. Nothing else is disclosed, except a missed dose on a day that has one.
    `draws` gives those of a task by its item, as this phone makes them for this response.
    The answers pass `models.definition.answers.validate` without faults.
    """
    straight, where = numbers(person.key, 2, "straight", label)
    moment = Moment(person, feelings, label, lists, language, where if straight < person.style.straight_lines else None, draws)
    asked = [item for item in _ordered(instrument, order) if _drawn(instrument, item, drawn)]
    last = max(1, round(reach * len(asked))) if reach < 1 else len(asked)
    words = words_for(protocol, instrument, says, shown={item.id for item in asked[:last]}) if says is not None else None
    scope = in_scope(protocol, instrument)
    test = unwanted(protocol, instrument, wanted=words[0].id if words else None, missed_dose=feelings.missed_dose)
    sheet = _Sheet(moment, instrument, words[1] if words else {}, scope.reads, test, started_at, asked[:last])
    sheet.write()
    if last == len(asked):
        sheet.mend()
    held = disclosures(protocol, instrument.id, sheet.values)
    return Filled(sheet.answers, last == len(asked), sheet.at, tuple(one.disclosure for one in held), scope.bound)


def _ordered(instrument: Instrument, order: Sequence[str] | None) -> Sequence[Item]:
    if order is None:
        return instrument.items
    items = {item.id: item for item in instrument.items}
    return [items[name] for name in order]


def _drawn(instrument: Instrument, item: Item, drawn: Collection[str] | None) -> bool:
    rotates = any(item.id in rotation.items for rotation in instrument.rotations)
    return drawn is None or not rotates or item.id in drawn


@dataclass(slots=True)
class _Sheet:
    """The growing response."""

    moment: Moment
    instrument: Instrument
    words: Mapping[str, Any]
    reads: frozenset[str]
    """Items that decide a disclosure."""
    unwanted: Callable[[Mapping[str, Any]], bool]
    at: datetime
    asked: list[Item]
    values: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)

    def write(self) -> None:
        """Each item's draws are those of its place in the instrument, whatever else is asked."""
        person, places = self.moment.person, {item.id: place for place, item in enumerate(self.instrument.items)}
        chances = numbers(person.key, _EACH * len(places), "sheet", self.moment.label)
        for item in self.asked:
            if not holds(item.show_if, self.values, {}):
                continue
            place = places[item.id]
            pace, skips, declines, *draws = chances[_EACH * place : _EACH * (place + 1)]
            doing = 0.0 if item.task is None else item.task.seconds
            self.at += timedelta(seconds=round(doing + person.style.seconds_per_item * (0.4 + 1.2 * pace), 3))
            if item.kind is not ItemKind.INFORMATION:
                self._answer(item, draws, skips=skips < person.style.skips, declines=declines < _DECLINES)

    def _answer(self, item: Item, draws: Sequence[float], *, skips: bool, declines: bool) -> None:
        if item.id in self.words:
            self._put(item, self.words[item.id], read(item, self.words[item.id], self.moment.lists))
            return
        raw, stored = (None, None) if skips else value(self.moment, item, draws)
        if raw is not None and not self._safe(item, stored):
            raw, stored = self._other(item)
        if raw is not None:
            self._put(item, raw, stored)
        else:
            self.answers[item.id] = {"declined" if declines else "skipped": True, "at": self.at.isoformat()}

    def _safe(self, item: Item, stored: Any) -> bool:
        return item.id not in self.reads or not self.unwanted({**self.values, item.id: stored})

    def _other(self, item: Item) -> tuple[Any, Any]:
        """Another value that discloses nothing: the first option or end of the scale that does not; else better skipped."""
        several = ((raw, read(item, raw, self.moment.lists)) for raw in candidates(item, item.show_if))
        return next((pair for pair in several if self._safe(item, pair[1])), (None, None))

    def _put(self, item: Item, raw: Any, stored: Any) -> None:
        self.values[item.id] = stored
        self.answers[item.id] = {"value": raw, "at": self.at.isoformat()}

    def mend(self) -> None:
        """Where leaving something out discloses, or an early answer did before a later one: answer it otherwise, if that helps."""
        for item in self.asked:
            if not self.unwanted(self.values):
                return
            if item.id in self.reads and item.id not in self.words and item.id in self.answers:
                raw, stored = self._other(item)
                if raw is not None and self._same_branches(item, stored):
                    self._put(item, raw, stored)

    def _same_branches(self, item: Item, stored: Any) -> bool:
        changed = {**self.values, item.id: stored}
        return all(
            holds(one.show_if, self.values, {}) == holds(one.show_if, changed, {})
            for one in self.asked
            if item.id in items_read(one.show_if)
        )
