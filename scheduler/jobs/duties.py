"""What the duties need. Made once a process by the composition root."""

from dataclasses import dataclass, field

from models.clock import Clock
from models.protocols import Protocols
from models.sealed import Keys
from models.session import Sessions
from risk.mind import Mind
from risk.serving import Shelf
from scheduler.delivery.port import Channels
from scheduler.delivery.send import Sender
from scheduler.settings import SchedulerSettings


@dataclass(frozen=True, slots=True)
class Duties:
    """The context of every `run`. `clock` tells both times; duties take study time as `now` and never ask it here."""

    sessions: Sessions
    keys: Keys
    protocols: Protocols
    mind: Mind
    clock: Clock
    channels: Channels
    settings: SchedulerSettings = field(default_factory=SchedulerSettings)
    shelf: Shelf = field(default_factory=Shelf)
    """The population models that this process has read."""

    @property
    def sender(self) -> Sender:
        return Sender(self.sessions, self.keys, self.channels, self.clock, self.settings)
