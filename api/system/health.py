"""Is the process alive, and may it be given work?"""

from typing import Literal

from fastapi import Request, Response
from sqlalchemy.exc import SQLAlchemyError

from api.actions.watch_duties import late_duties
from api.deps import House, TheHouse
from api.problems import reply, responses
from api.router import Router
from api.settings import VERSION
from api.shapes import Shape
from models.errors import Fault
from models.migrate import newest
from models.queries.reports import stored_revision
from models.writer import Lane

router = Router(tags=["system"])


class Alive(Shape):
    alive: Literal[True]
    version: str


class Ready(Shape):
    ready: Literal[True]
    parts: list[str]
    """What was looked at: database, tables, writer, duties."""


@router.get("/healthz", response_model=Alive)
def read_health() -> Alive:
    """The process answers. Says nothing about the database: a restart would not mend that."""
    return Alive(alive=True, version=VERSION)


@router.get("/readyz", response_model=Ready, responses=responses(503))
def read_readiness(house: TheHouse, request: Request) -> Response | Ready:
    """Ready for work: the database answers, its tables are the newest, the writer lives and no duty is late. 503 names what is not so."""
    faults = _faults(house)
    if faults:
        return reply(request, 503, "not_ready", "Not ready: " + "; ".join(one.message for one in faults), faults, {"Retry-After": "5"})
    return Ready(ready=True, parts=["database", "tables", "writer", "duties"])


def _faults(house: House) -> list[Fault]:
    faults = []
    if not house.writer.alive:
        faults.append(Fault("/writer", "not_alive", "the writer has stopped"))
    elif house.writer.waiting(Lane.SAFETY) > 1000:
        faults.append(Fault("/writer", "behind", "the writer is far behind"))
    try:
        with house.sessions.reading() as session:
            tables = stored_revision(session)
            late = late_duties(session, now=house.clock.system())
    except SQLAlchemyError as error:
        return [*faults, Fault("/database", "no_answer", f"the database does not answer ({type(error).__name__})")]
    if tables != _newest(house):
        faults.append(Fault("/tables", "not_newest", "the tables are not those of this version; run breakwater migrate"))
    faults.extend(Fault(f"/duties/{one.duty}", "late", f"the duty {one.duty} is late") for one in late)
    return faults


def _newest(house: House) -> str:
    """The newest revision does not change while the process lives."""
    if "health" not in house.notes:
        house.notes["health"] = newest(house.sessions.settings)
    revision: str = house.notes["health"]
    return revision
