"""Counts what the driver sees, from several threads, and gives it as `Happened`'s parts."""

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import ceil
from threading import Lock
from typing import Final, Self

from api.rehearsal.happened import Refusal, Replies, Unexpected

UNEXPECTED_KEPT: Final = 200
"""Enough to see what is wrong; a rehearsal with more of them is broken anyway."""

_STEPS: Final = 8
"""Bounds of the histogram: eight to each doubling, from a quarter of a millisecond on."""


@dataclass(slots=True)
class Seen:
    """What was counted, as plain values that may go to another process."""

    latencies: dict[tuple[str, str], "array[float]"] = field(default_factory=dict)
    statuses: dict[tuple[str, str], Counter[int]] = field(default_factory=dict)
    acts: Counter[str] = field(default_factory=Counter)
    persons: dict[int, Counter[str]] = field(default_factory=dict)
    acknowledged: dict[int, set[str]] = field(default_factory=dict)
    refusals: Counter[tuple[int, str, bool]] = field(default_factory=Counter)
    content: Counter[str] = field(default_factory=Counter)
    unexpected: list[Unexpected] = field(default_factory=list)

    def add(self, other: "Seen") -> None:
        """What another driver saw, of other people, comes to this."""
        for key, values in other.latencies.items():
            self.latencies.setdefault(key, array("f")).extend(values)
            self.statuses.setdefault(key, Counter()).update(other.statuses[key])
        self.acts.update(other.acts)
        self.persons.update(other.persons)
        self.acknowledged.update(other.acknowledged)
        self.refusals.update(other.refusals)
        self.content.update(other.content)
        self.unexpected = sorted((*self.unexpected, *other.unexpected), key=lambda one: one.at)[:UNEXPECTED_KEPT]


class Recorder:
    """Grows by one small entry for each request and never reads anything back from the server."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.seen = Seen()

    @classmethod
    def of(cls, parts: Iterable[Seen]) -> Self:
        """What several drivers saw together, of other people each: quantiles are those of all values, not means of quantiles."""
        whole = cls()
        for one in parts:
            whole.seen.add(one)
        return whole

    def replied(self, method: str, route: str, status: int, milliseconds: float) -> None:
        """One reply, or `0` for none, after that many milliseconds of the wall clock."""
        with self._lock:
            key = (method, route)
            self.seen.latencies.setdefault(key, array("f")).append(milliseconds)
            self.seen.statuses.setdefault(key, Counter())[status] += 1

    def act(self, kind: str, person: int | None = None, number: int = 1) -> None:
        with self._lock:
            self.seen.acts[kind] += number
            if person is not None:
                self.seen.persons.setdefault(person, Counter())[kind] += number

    def acknowledge(self, person: int, response_id: str) -> None:
        """A receipt came; the same one again changes nothing."""
        with self._lock:
            self.seen.acknowledged.setdefault(person, set()).add(response_id)

    def refused(self, status: int, code: str, *, expected: bool) -> None:
        with self._lock:
            self.seen.refusals[status, code, expected] += 1

    def received(self, kind: str) -> None:
        """Content by its kind, or `none`."""
        with self._lock:
            self.seen.content[kind] += 1

    def surprise(self, one: Unexpected) -> None:
        with self._lock:
            self.seen.acts["unexpected"] += 1
            if len(self.seen.unexpected) < UNEXPECTED_KEPT:
                self.seen.unexpected.append(one)

    def count(self, kind: str) -> int:
        """How often an act was done so far."""
        with self._lock:
            return self.seen.acts[kind]

    def requests(self) -> int:
        with self._lock:
            return sum(len(one) for one in self.seen.latencies.values())

    def routes(self) -> tuple[Replies, ...]:
        with self._lock:
            return tuple(_replies(*key, self.seen.latencies[key], self.seen.statuses[key]) for key in sorted(self.seen.latencies))

    def refusals(self) -> tuple[Refusal, ...]:
        with self._lock:
            return tuple(Refusal(*key, number) for key, number in sorted(self.seen.refusals.items()))

    def unexpected(self) -> tuple[Unexpected, ...]:
        with self._lock:
            return tuple(self.seen.unexpected)

    def content(self) -> Mapping[str, int]:
        with self._lock:
            return dict(sorted(self.seen.content.items()))

    def acts(self, person: int | None = None) -> Mapping[str, int]:
        """Acts by kind: of everyone, or of one person."""
        with self._lock:
            return dict(sorted((self.seen.acts if person is None else self.seen.persons.get(person, Counter())).items()))

    def acknowledged(self, person: int | None = None) -> int:
        """Distinct response ids with a receipt: of everyone, or of one person."""
        with self._lock:
            if person is not None:
                return len(self.seen.acknowledged.get(person, ()))
            return sum(len(ids) for ids in self.seen.acknowledged.values())

    def acknowledged_ids(self) -> Mapping[int, frozenset[str]]:
        with self._lock:
            return {person: frozenset(ids) for person, ids in self.seen.acknowledged.items()}

    def acknowledged_digest(self) -> str:
        """sha256 over the sorted lines `number response-id`."""
        lines = sorted(f"{person} {one}" for person, ids in self.acknowledged_ids().items() for one in ids)
        return sha256("\n".join(lines).encode()).hexdigest()


def _replies(method: str, route: str, latencies: "array[float]", statuses: Counter[int]) -> Replies:
    ordered = sorted(latencies)
    return Replies(
        method,
        route,
        {str(status): number for status, number in sorted(statuses.items())},
        len(ordered),
        round(_quantile(ordered, 0.50), 3),
        round(_quantile(ordered, 0.99), 3),
        round(ordered[-1], 3),
        _histogram(ordered),
    )


def _quantile(ordered: list[float], share: float) -> float:
    """The smallest value that at least `share` of them do not exceed (nearest rank)."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def _histogram(ordered: list[float]) -> tuple[tuple[float, int], ...]:
    counts: Counter[int] = Counter()
    bound, step = 0.25, 0
    for value in ordered:
        while value > bound:
            step += 1
            bound = 0.25 * 2 ** (step / _STEPS)
        counts[step] += 1
    return tuple((round(0.25 * 2 ** (one / _STEPS), 4), number) for one, number in sorted(counts.items()))
