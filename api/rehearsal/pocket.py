"""What belongs to one simulated person during a rehearsal: who they are, their phone, their plans and how things stand."""

from dataclasses import dataclass, field
from datetime import datetime

from api.rehearsal.handset import Handset
from api.rehearsal.line import Line
from api.rehearsal.people.inner import InnerLife
from api.rehearsal.people.terms import Person
from api.rehearsal.recorder import Recorder
from models.ids import derived_uid


@dataclass(slots=True)
class Pocket:
    """Used by one thread at a time."""

    person: Person
    phone: Handset
    record: Recorder
    life: InnerLife
    line: Line = field(default_factory=Line)
    ended: bool = False
    """Left so that nothing is collected any more."""
    paused_until: datetime | None = None

    def act(self, kind: str, number: int = 1) -> None:
        self.record.act(kind, self.person.number, number)

    def offline(self, at: datetime) -> bool:
        return self.person.offline_until(at) is not None

    def paused(self, at: datetime) -> bool:
        return self.paused_until is not None and at < self.paused_until

    def shown(self, at: datetime) -> str:
        """What the phone's clock shows then, as it goes over the wire."""
        return (at + self.person.ahead_at(at)).isoformat()

    def own_id(self, what: str, one: str | int) -> str:
        """The id that the phone makes for something of its own: the same seed gives the same ones."""
        return str(derived_uid("rehearsal", str(self.person.seed), str(self.person.number), what, str(one)))
