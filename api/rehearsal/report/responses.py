"""Answers one by one, in one pass over the long table: duplicates, what arrived, the four kinds of nothing, items asked. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from api.rehearsal.happened import Happened, PersonSaw
from api.rehearsal.report.promises import Faults
from models.definition.protocol import Protocol
from models.kinds import ItemKind, Leaving, Missing

ANSWER_COLUMNS: Final = ("participant_id", "response_id", "revision", "newest", "instrument", "item", "missing")

SHOWN: Final = frozenset({None, Missing.SKIPPED.value, Missing.DECLINED.value})
"""An item with one of these, or with an answer, stood on the screen."""

Rekey = Callable[..., str]
"""`models.dataset.deidentify.Rekey` of the export's release: kind and parts -> the id in the dataset."""


@dataclass(slots=True)
class Answers:
    """What the long table holds."""

    stored: dict[str, set[str]] = field(default_factory=dict)
    """Response ids by person."""
    nothing: dict[str, int] = field(default_factory=lambda: dict.fromkeys((one.value for one in Missing), 0))
    items: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """(instrument, item) -> shown, answered."""
    _blocks: set[tuple[str, int]] = field(default_factory=set)
    _block: tuple[str, int] = ("", 0)
    _told: set[str] = field(default_factory=set)

    def read(self, rows: Iterable[tuple[Any, ...]], faults: Faults) -> None:
        """`rows` hold `ANSWER_COLUMNS`, response by response, as the export writes them."""
        for person, response, revision, newest, instrument, item, missing in rows:
            self._watch(response, revision, item, faults)
            self.stored.setdefault(person, set()).add(response)
            if not newest:
                continue
            if missing is not None:
                self.nothing[missing] += 1
            counts = self.items.setdefault((instrument, item), [0, 0])
            counts[0] += missing in SHOWN
            counts[1] += missing is None

    def _watch(self, response: str, revision: int, item: str, faults: Faults) -> None:
        """One revision of one response is one run of its items, a task and its measures among them; another run is a second stored copy."""
        block = (response, revision)
        if block != self._block:
            if block in self._blocks:
                faults.add("stored_twice", response)
            self._blocks.add(block)
            self._block = block
            self._told.clear()
        elif item in self._told:
            faults.add("stored_twice", response)
            self._told.clear()
        self._told.add(item)

    def asked(self, protocol: Protocol) -> list[dict[str, Any]]:
        """Every question of the newest protocol with how often it was shown and answered, in the protocol's order."""
        return [
            {"instrument": instrument.id, "item": item.id, "shown": shown, "answered": answered}
            for instrument, item in protocol.items()
            if item.kind is not ItemKind.INFORMATION and not item.identifying
            for shown, answered in [self.items.get((instrument.id, item.id), [0, 0])]
        ]


def arrivals(
    happened: Happened,
    answers: Answers,
    people: Collection[str],
    faults: Faults,
    *,
    rekey: Rekey | None,
    acknowledged: Collection[tuple[str, str]] | None,
) -> dict[str, Any]:
    """What the driver had a receipt for against what the server listed and what the dataset holds.

    The driver has compared every id with what the server lists (`listed`). In the dataset, ids are others: with `rekey` and
    `acknowledged` (pairs of enrollment id and response id) each is looked for by its id, with `rekey` alone by the counts of each
    person, without either by the counts of everyone. Who withdrew the use of their data is in neither.
    """
    stored = sum(map(len, answers.stored.values()))
    enrolled = [one for one in happened.persons if one.enrollment_id]
    if rekey is None:
        lost, unknown, how = _in_sum(enrolled, stored, len(people))
    else:
        inside = {person: one for person, one in ((rekey("participant", one.enrollment_id), one) for one in enrolled) if person in people}
        if acknowledged is None:
            apart = [one.acknowledged - len(answers.stored.get(person, ())) for person, one in inside.items()]
            lost, unknown, how = sum(max(one, 0) for one in apart), sum(max(-one, 0) for one in apart), "counts of each person"
        else:
            lost, unknown, how = *_compared(acknowledged, answers.stored, inside, rekey, faults), "every id"
    if how != "every id":
        faults.add_many("lost", lost)
    faults.add_many("lost", max((happened.lost or 0) - lost, 0))
    faults.add_many("stored_twice", max((happened.doubled or 0) - faults.counts["stored_twice"], 0))
    faults.add_many("unclaimed", happened.unclaimed or 0)
    return {
        "acknowledged": happened.acknowledged,
        "stored": stored,
        "lost": lost,
        "stored_without_receipt": unknown,
        "people_left_out": len(enrolled) - len(people),
        "compared": how,
        "listed": {name: getattr(happened, name) for name in ("stored", "lost", "doubled", "unclaimed")},
    }


def _in_sum(enrolled: Sequence[PersonSaw], stored: int, people: int) -> tuple[int, int, str]:
    """Lost, unknown and how that was compared. Nobody is left out of a dataset but who withdrew its use."""
    inside = [one for one in enrolled if one.left != Leaving.STOP_USE]
    if len(inside) != people:
        return 0, 0, "nothing: the dataset holds other people than the driver knows"
    acknowledged = sum(one.acknowledged for one in inside)
    return max(acknowledged - stored, 0), max(stored - acknowledged, 0), "counts of everyone in the dataset"


def _compared(
    acknowledged: Collection[tuple[str, str]], stored: Mapping[str, set[str]], inside: Mapping[str, Any], rekey: Rekey, faults: Faults
) -> tuple[int, int]:
    seen: dict[str, set[str]] = {}
    for enrollment_id, response_id in acknowledged:
        person = rekey("participant", enrollment_id)
        if person in inside:
            seen.setdefault(person, set()).add(rekey("source", enrollment_id, response_id))
    lost = sorted(one for person, ids in seen.items() for one in ids - stored.get(person, set()))
    for one in lost:
        faults.add("lost", one)
    unknown = sum(len(ids - seen.get(person, set())) for person, ids in stored.items() if person in inside)
    return len(lost), unknown
