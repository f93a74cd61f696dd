"""`python -m api.rehearsal.housed FD`: one house of several, in a process of its own that another one started.

Over the socket of that number it gets an `Order`, tells `Reached` after each move of the clock, and at the end `Ended` or `Failed`.
`STOP` from there is what Ctrl-C is to a rehearsal in one house; the socket's end, or SIGTERM, ends it without a report.
"""

import os
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Event, Thread
from types import FrameType
from typing import NoReturn

from api.logs import set_up_logs
from api.rehearsal.drive import Reached
from api.rehearsal.house import Order, live
from api.rehearsal.houses import Failed
from models.errors import Problem


def main(descriptor: int) -> None:
    """Lives it. What goes wrong is told where it is a `Problem`, and stands in the log (standard error) where it is none."""
    signal.signal(signal.SIGTERM, _end)
    set_up_logs(os.environ.get("BREAKWATER_LOG_LEVEL", "WARNING"))
    starter: Connection = Connection(descriptor)
    order: Order = starter.recv()
    stop = Event()
    Thread(target=_listen, args=(starter, stop), name="starter", daemon=True).start()

    def tell(reached: Reached) -> None:
        with suppress(OSError):  # nobody listens any more: the end is on its way
            starter.send(reached)
        if stop.is_set():
            stop.clear()
            raise KeyboardInterrupt

    try:
        starter.send(live(order, tell))
    except Problem as problem:
        starter.send(Failed(problem.code, problem.detail))


def _listen(starter: Connection, stop: Event) -> None:
    """Until whoever started this is gone, however it went."""
    with suppress(EOFError, OSError):
        while starter.recv():
            stop.set()
    os.kill(os.getpid(), signal.SIGTERM)


def _end(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Unwinds, so that the server is stopped as it always is."""
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    main(int(sys.argv[1]))
