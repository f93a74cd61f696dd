"""What was told of one person, on its way into a history: the meaning of answers, events, prompts and estimates. Pure.

One meaning for training, which reads an export, and for serving, which reads rows. Times are days as `risk.population.history` has them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import floor
from typing import Any, Final

from models.definition.instrument import Item
from models.definition.itemmap import indicator
from models.definition.protocol import Protocol
from models.kinds import Node
from risk.population.features import Event, Sources, Variable
from risk.population.history import History, Prompts, series, told
from risk.terms import USED

ASKS_THE_DAY: Final = "opioid_use"
"""The one that follows a whole day."""
EVENT_VARIABLES: Final = {"other_use": ("other_use", {"1"}), "medicine": ("missed_dose", {"missed"})}
"""Variable -> what an answer tells of, and the answers that do."""
EVENTS: Final = (Event("missed_dose", 1), Event("dose", -1), Event("other_use", 1))
CONFIDENCE: Final = frozenset({"control", "confidence_today", "week_confidence"})
NETWORK: Final = ("level", "rise", "cusum_innovation", "cusum_baseline", "drive")
SHARES: Final = ("lag", "R", "S", "W", "E", "RS", "Ri", "context", "content", "hour")
STATES: Final = (*NETWORK, *(f"share:{name}" for name in SHARES))
NOON: Final = 0.5
NODES: Final = frozenset({Node.C, Node.R, Node.S, Node.W, Node.E})

Pairs = list[tuple[float, float]]


@dataclass(slots=True)
class Record:
    """Pairs are (at, known) or (known, value). Things may be told in any order."""

    uses: Pairs = field(default_factory=list)
    followed: set[int] = field(default_factory=set)
    answers: dict[str, Pairs] = field(default_factory=dict)
    events: dict[str, Pairs] = field(default_factory=dict)
    prompts: list[tuple[float, bool, float]] = field(default_factory=list)
    states: dict[str, Pairs] = field(default_factory=dict)
    covered: Pairs = field(default_factory=list)

    def answer(
        self, item: Item | None, variable: str, said: str, value: Any, *, happened: float, known: float, study_day: int | None
    ) -> bool:
        """One answer. `said` is the text of `value`; `study_day` that of the prompt, None where the person began.

        Whether it is one of the numbers that the models read: an item that everyone is asked, and that speaks for a node.
        """
        asked = float(_asked_about(happened, study_day))
        if variable in USED:
            yes, no = USED[variable]
            if said == yes:
                self.uses.append((asked, known))
            if variable == ASKS_THE_DAY and said in {yes, no}:
                self.followed.add(int(asked))
        if variable in EVENT_VARIABLES and said in EVENT_VARIABLES[variable][1]:
            self.events.setdefault(EVENT_VARIABLES[variable][0], []).append((asked, known))
        found = indicator(item, value) if item is not None and is_read(item) else None
        if found is not None:
            self.answers.setdefault(variable, []).append((known, found))
        return found is not None

    def event(self, kind: str, at: float, reported: float) -> None:
        """A timed event that was not taken back."""
        pair = (float(floor(at)), max(at, reported))
        (self.uses if kind == "use" else self.events.setdefault(kind, [])).append(pair)

    def estimate(self, known: float, detail: Mapping[str, Any]) -> None:
        """The first revision of an estimate: what was known then. `detail` as it is stored."""
        flat = {name: detail["features"].get(name) for name in NETWORK} | {
            f"share:{name}": detail["contributions"].get(name) for name in SHARES
        }
        for name, value in flat.items():
            if value is not None:
                self.states.setdefault(name, []).append((known, float(value)))
        _, low, high = detail.get("nowcast") or (None, None, None)
        if detail["features"].get("age_hours") == 0.0 and low is not None and detail.get("craving") is not None:
            self.covered.append((known, float(low <= detail["craving"] <= high)))

    def history(
        self, person: str, *, first: int, last: int, began: date, site: str = "", groups: Mapping[str, str] | None = None
    ) -> History:
        """Use is known from the beginning of study day 1."""
        ended, answered, latencies = zip(*sorted(self.prompts), strict=True) if self.prompts else ((), (), ())
        return History(
            person=person,
            first=first,
            last=last,
            since=0,
            uses=told(self.uses),
            followed=frozenset(self.followed),
            series={name: series(pairs) for name, pairs in self.answers.items()},
            events={name: told(pairs) for name, pairs in self.events.items()},
            prompts=Prompts(ended, answered, latencies),
            states={name: series(pairs) for name, pairs in self.states.items()},
            site=site,
            began=began,
            groups=groups or {},
            covered=series(self.covered),
        )


def is_read(item: Item) -> bool:
    """Whether the models read an item. One behind a gate speaks of those who came there only."""
    return item.node in NODES and item.show_if is None


def variable_of(item: Item) -> Variable:
    """More craving, and less confidence, may never lower the risk."""
    return Variable(item.variable, item.node.value, item.node is Node.C or item.variable in CONFIDENCE)


def sources_of(protocols: Iterable[Protocol]) -> Sources:
    """All that a study can tell the models, by its protocols."""
    found = {item.variable: variable_of(item) for one in protocols for _, item in one.items() if is_read(item)}
    return Sources(tuple(found[name] for name in sorted(found)), EVENTS, prompts=True, states=STATES)


def said_of(value: Any) -> str:
    """The text of a stored answer, as an export writes it.

    >>> said_of(True), said_of(["a", "b"]), said_of("missed")
    ('1', 'a;b', 'missed')
    """
    if isinstance(value, bool):
        return str(int(value))
    return ";".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _asked_about(happened: float, study_day: int | None) -> int:
    """The day that a question since the last time is about: that of its prompt, or the one before where it was put before noon."""
    day = floor(happened) if study_day is None else study_day - 1
    return day - 1 if floor(happened) == day and happened - day < NOON else day
