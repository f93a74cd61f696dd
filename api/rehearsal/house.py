"""One house of a rehearsal: a database and a server of its own, staff at work, and those people of the group who live in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from time import perf_counter

from api.rehearsal import finish
from api.rehearsal.desk import Desk
from api.rehearsal.drive import Drive, StudyClock, Tell, Wanted
from api.rehearsal.finish import Ended
from api.rehearsal.office import open_office
from api.rehearsal.process import prepare, running
from api.rehearsal.recorder import Recorder
from api.rehearsal.wire import Wire
from models.settings import DatabaseSettings


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be lived, and in which directory, which holds everything of the house."""

    directory: Path
    wanted: Wanted
    start: datetime
    document: bytes
    database_url: str | None = None
    """An empty PostgreSQL database; None: SQLite in the directory."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A house whose server runs and whose staff is at work; nobody has joined yet."""

    url: str
    login: str
    password: str
    drive: Drive
    database: str


@contextmanager
def opened(order: Order, *, port: int | None = None) -> Iterator[Opened]:
    """The house until the block ends. Raises what `prepare` and `running` raise."""
    given = {"BREAKWATER_DATABASE_URL": order.database_url} if order.database_url else {}
    # Nobody is harmed where a power cut takes a rehearsal, and waiting for the disk is a sixth of its time.
    settings = replace(DatabaseSettings.read({**given, "BREAKWATER_DIRECTORY": str(order.directory)}), durable=False)
    first = prepare(settings, start=order.start, document=order.document)
    clock, record = StudyClock(order.start), Recorder()
    with running(settings, port=port) as server:
        wire = Wire(server.url, record, clock.read)
        try:
            lead = Desk(wire, first.login, first.one_time_password)
            lead.sign_in()
            password = lead.replace_password()
            office = open_office(lead, order.wanted.staff, spare_code=first.code)
            drive = Drive(wire, clock, office, order.wanted)
            yield Opened(server.url, first.login, password, drive, "sqlite" if settings.embedded else "postgresql")
        finally:
            wire.close()


def live(order: Order, tell: Tell) -> Ended:
    """Everything from the empty directory to the dataset, on a server that has ended then."""
    started = perf_counter()
    with opened(order) as one:
        one.drive.run(tell)
        return finish.ended(one.drive, order.directory, started=started, database=one.database)
