"""The duties of this house: one object for the worker beside the server and for whoever moves study time."""

import os
from threading import Lock
from typing import Final

from api.deps import House
from scheduler.delivery.standard import standard_channels
from scheduler.jobs.duties import Duties
from scheduler.settings import SchedulerSettings

_making: Final = Lock()


def house_duties(house: House, settings: SchedulerSettings | None = None) -> Duties:
    """Made at the first call and kept on the house. `settings` None: from the environment."""
    with _making:
        known = house.notes.get("duties")
        if known is None:
            chosen = settings or SchedulerSettings.read(os.environ)
            known = house.notes["duties"] = Duties(
                sessions=house.sessions,
                keys=house.keys,
                protocols=house.protocols,
                mind=house.mind,
                clock=house.clock,
                channels=standard_channels(chosen),
                settings=chosen,
            )
    duties: Duties = known
    return duties
