"""A rehearsal lived in several houses side by side: who lives where, a process for each, and one end for all of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Final

from api.rehearsal.drive import Reached, Tell, Wanted
from api.rehearsal.finish import Ended
from api.rehearsal.house import Order
from models.errors import Busy

LOG: Final = "driver.log"
STOP: Final = "stop"
END_SECONDS: Final = 60.0
"""For a house that is ended: its phones get their replies, and its server stops as it always does."""
_LISTEN_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Failed:
    """A house that could not go on, and why."""

    code: str
    detail: str


@dataclass(slots=True)
class _Housed:
    """A house in its process, as seen from here."""

    number: int
    directory: Path
    way: Connection
    process: "subprocess.Popen[bytes]"
    reached: Reached
    ended: Ended | None = None


def divided(wanted: Wanted, houses: int) -> tuple[Wanted, ...]:
    """Neighbors by number live together, in shares as even as can be; so are coordinators dealt, at least one to each house.

    >>> [(one.numbers, one.staff) for one in divided(Wanted(people=5, staff=3), 2)]
    [(range(0, 3), 2), (range(3, 5), 1)]
    """
    people, staff = _even(wanted.people, houses), _even(max(wanted.staff, houses), houses)
    ends = [sum(people[: house + 1]) for house in range(houses)]
    return tuple(
        replace(wanted, house=house, numbers=range(ends[house] - people[house], ends[house]), staff=staff[house]) for house in range(houses)
    )


def _even(number: int, shares: int) -> list[int]:
    least, more = divmod(number, shares)
    return [least + (share < more) for share in range(shares)]


def live_in(orders: Sequence[Order], tell: Tell) -> list[Ended]:
    """Lives each order in a house of its own, all at the same time. Raises Busy where one fails; the others are ended then.

    Ctrl-C stops all of them where they are, and each still gives what was reached; a second one ends them at once.
    """
    with _started(orders) as houses, _ctrl_c() as pressed:
        living, stopped = {one.way: one for one in houses}, False
        while living:
            if pressed.is_set() and not stopped:
                stopped = True
                for one in living.values():
                    with suppress(OSError):  # it has just ended: its last word is still to be read
                        one.way.send(STOP)
            for way in wait(list(living), _LISTEN_SECONDS):
                assert isinstance(way, Connection)
                _hear(living[way])
                if living[way].ended is not None:
                    del living[way]
            tell(_together([one.reached for one in houses]))
    return [one.ended for one in houses if one.ended is not None]


def _hear(one: _Housed) -> None:
    try:
        said = one.way.recv()
    except (EOFError, OSError):
        raise _failure(one, "its process ended before the rehearsal did.") from None
    if isinstance(said, Failed):
        raise _failure(one, f"({said.code}) {said.detail}")
    if isinstance(said, Ended):
        one.ended = said
    else:
        one.reached = said


def _failure(one: _Housed, why: str) -> Busy:
    return Busy("house_failed", f"House {one.number} failed, and the others were ended with it: {why} Its log is {one.directory / LOG}.")


def _together(houses: Sequence[Reached]) -> Reached:
    """As far as the last one."""
    return Reached(
        now=min(one.now for one in houses),
        day=min(one.day for one in houses),
        days=max(one.days for one in houses),
        prompts=sum(one.prompts for one in houses),
        answers=sum(one.answers for one in houses),
        alerts=sum(one.alerts for one in houses),
        requests=sum(one.requests for one in houses),
    )


@contextmanager
def _started(orders: Sequence[Order]) -> Iterator[list[_Housed]]:
    """A process for each, none of which is left when the block ends."""
    houses: list[_Housed] = []
    try:
        for number, order in enumerate(orders, start=1):
            houses.append(_start(number, order, len(orders)))
        yield houses
    finally:
        for one in houses:
            if one.ended is None:
                one.process.terminate()
        for one in houses:
            _wait(one)


def _start(number: int, order: Order, houses: int) -> _Housed:
    ours, theirs = Pipe()
    with theirs, (order.directory / LOG).open("ab") as out:
        process = subprocess.Popen(  # noqa: S603  # this interpreter, this package, and a number of our own
            [sys.executable, "-m", "api.rehearsal.housed", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=_environment(os.environ),
            pass_fds=(theirs.fileno(),),
            # Ctrl-C is for whoever started the houses, which are then told to stop.
            start_new_session=True,
        )
    _keep_to_one_core(process.pid, number - 1, houses)
    one = _Housed(number, order.directory, ours, process, Reached(order.start, 0.0, float(order.wanted.days), 0, 0, 0, 0))
    with suppress(OSError):  # it has ended already, which the next look shows
        ours.send(order)
    return one


def _keep_to_one_core(process: int, house: int, houses: int) -> None:
    """Phones and server of a house take turns: a core of its own is all it needs, and what the one leaves in its cache the other finds.

    Where the system has no say in it, or there are more houses than cores, the system deals.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if 1 < houses <= len(cores):
        with suppress(OSError):  # it has ended already, which the next look shows
            os.sched_setaffinity(process, {cores[house]})


def _environment(given: Mapping[str, str]) -> dict[str, str]:
    """It is told everything else by its order."""
    return {"BREAKWATER_LOG_LEVEL": "WARNING", **given}


def _wait(one: _Housed) -> None:
    try:
        one.process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        # Its server hears of it by its leash.
        one.process.kill()
        one.process.wait()
    finally:
        one.way.close()


@contextmanager
def _ctrl_c() -> Iterator[Event]:
    """Set by the first Ctrl-C of the block; the second one interrupts. What is half read from a house stays whole that way."""
    pressed = Event()

    def press(_signal: int, _frame: FrameType | None) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
