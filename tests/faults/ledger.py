"""What the clients know: everything they sent, and every acknowledgement with its bytes. The other side of the comparison."""

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import msgspec


class _Said(msgspec.Struct):
    decision: dict[str, Any]
    receipt: msgspec.Raw


class _Result(msgspec.Struct):
    id: str
    status: int
    reply: _Said | None = None
    problem: dict[str, Any] | None = None


class _Results(msgspec.Struct):
    results: list[_Result]


@dataclass(slots=True)
class Answer:
    """One response of one person. `receipt` is what the first acknowledgement held, byte for byte."""

    enrollment: str
    id: str
    instrument: str
    values: dict[str, Any]
    prompt: str | None
    discloses: str | None
    """Id of the disclosure that must have an alert."""
    refusable: bool
    """One item breaks a rule on purpose: it is to be refused, and its disclosure is to reach a human all the same."""
    body: dict[str, Any]
    tries: int = 0
    acknowledged: int = 0
    receipt: bytes | None = None
    refused: str | None = None
    decisions: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Acted:
    """Something else that was acknowledged: `what` names the kind, `about` the thing, `detail` what is to be found of it."""

    what: str
    enrollment: str | None
    about: str
    detail: tuple[tuple[str, Any], ...] = ()

    def get(self, name: str) -> Any:
        return dict(self.detail).get(name)


class Ledger:
    """Thread-safe. Nothing is ever taken out of it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.answers: dict[str, Answer] = {}
        self.acts: list[Acted] = []
        self.people: dict[str, str] = {}
        """Enrollment -> its zone."""
        self.other_receipts: list[str] = []
        self.surprises: list[str] = []
        """Refusals that a correct client should never see."""
        self.statuses: Counter[str] = Counter()
        self.lost = 0

    def begin(self, answer: Answer) -> None:
        with self._lock:
            self.answers[answer.id] = answer

    def count(self, what: str) -> None:
        with self._lock:
            self.statuses[what] += 1

    def lose(self) -> None:
        with self._lock:
            self.lost += 1

    def surprise(self, words: str) -> None:
        with self._lock:
            self.surprises.append(words)

    def act(self, what: str, enrollment: str | None, about: str, **detail: Any) -> None:
        with self._lock:
            self.acts.append(Acted(what, enrollment, about, tuple(detail.items())))

    def acknowledge(self, answer: Answer, body: bytes) -> dict[str, Any]:
        """Keeps the receipt of a reply with 200 or 201; another one than before is a broken promise. Gives the decision."""
        return self._keep(answer, msgspec.json.decode(body, type=_Said))

    def refuse(self, answer: Answer, code: str) -> None:
        with self._lock:
            answer.refused = code

    def results(self, answers: dict[str, Answer], body: bytes) -> list[tuple[Answer, int, str]]:
        """The same for a batch: (answer, status, code) of each item."""
        found = []
        for one in msgspec.json.decode(body, type=_Results).results:
            answer = answers[one.id]
            if one.reply is not None:
                self._keep(answer, one.reply)
            found.append((answer, one.status, str((one.problem or {}).get("code", ""))))
        return found

    def _keep(self, answer: Answer, said: _Said) -> dict[str, Any]:
        receipt = bytes(said.receipt)
        with self._lock:
            if answer.receipt is None:
                answer.receipt = receipt
            elif answer.receipt != receipt:
                self.other_receipts.append(answer.id)
            answer.acknowledged += 1
            if said.decision.get("id"):
                answer.decisions.add(str(said.decision["id"]))
        return said.decision

    def stored(self) -> list[Answer]:
        """The answers that were acknowledged as stored."""
        with self._lock:
            return [one for one in self.answers.values() if one.receipt is not None]
