"""Pages for people: what this is and how it is doing, and a reference of the API. Our own files only, nothing from elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FunctionLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError

from api.actions.watch_duties import Pulse, watch_duties
from api.deps import House, TheHouse
from api.problems import responses
from api.router import Router
from api.settings import VERSION
from models.access import SYSTEM
from models.errors import Missing
from models.queries.study import studies_of
from risk.estimate import FORM

router = Router(tags=["system"])

_FILES = {"description": "The file.", "content": {kind: {"schema": {"type": "string"}} for kind in ("text/css", "image/svg+xml")}}
_METHODS = ("get", "post", "put", "patch", "delete")


@cache
def _environment() -> Environment:
    def load(name: str) -> str:
        return (files("api.system") / "templates" / name).read_text(encoding="utf-8")

    environment = Environment(loader=FunctionLoader(load), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["ago"] = _ago
    return environment


@dataclass(frozen=True, slots=True)
class Operation:
    """One line of the reference."""

    method: str
    path: str
    sentence: str
    rest: str
    parameters: tuple[tuple[str, str, bool], ...]
    replies: tuple[tuple[str, str], ...]
    signed_in: str


@router.get("/", response_class=HTMLResponse, response_model=None)
def read_landing_page(house: TheHouse) -> HTMLResponse:
    """What this is, what is running, and where to go. Counts of studies only; nothing about anyone in them."""
    pulses, studies = _standing(house)
    page = (
        _environment()
        .get_template("landing.html")
        .render(
            version=VERSION,
            estimator=FORM,
            database="SQLite, embedded" if house.sessions.embedded else "PostgreSQL",
            studies=studies,
            pulses=pulses,
            late=[one for one in pulses if one.late],
            now=house.clock.system(),
            started_at=house.started_at,
            rehearsal=house.rehearsal,
            study_now=house.clock.study(),
            docs=not house.settings.production,
        )
    )
    return HTMLResponse(page)


def _standing(house: House) -> tuple[tuple[Pulse, ...], int | None]:
    """The duties and the number of studies; None where the database does not answer: the page says so and stays up."""
    try:
        with house.sessions.reading() as session:
            return watch_duties(session, now=house.clock.system()), len(studies_of(session, SYSTEM))
    except SQLAlchemyError:
        return (), None


@router.get("/docs", response_class=HTMLResponse, response_model=None, responses=responses(404))
def read_api_reference(house: TheHouse, request: Request) -> HTMLResponse:
    """Every operation of the API, read from its own description. Off in production."""
    if house.settings.production:
        raise Missing("not_found", "There is nothing here.")
    groups: dict[str, list[Operation]] = {}
    for path, operations in request.app.openapi()["paths"].items():
        for method in _METHODS:
            if method in operations:
                groups.setdefault(operations[method].get("tags", ["other"])[0], []).append(_operation(method, path, operations[method]))
    return HTMLResponse(_environment().get_template("reference.html").render(version=VERSION, groups=groups))


def _operation(method: str, path: str, said: Mapping[str, Any]) -> Operation:
    words = " ".join(said.get("description", said.get("summary", "")).split())
    sentence, _, rest = words.partition(". ")
    return Operation(
        method=method.upper(),
        path=path,
        sentence=sentence.rstrip("."),
        rest=rest,
        parameters=tuple((one["name"], one["in"], bool(one.get("required"))) for one in said.get("parameters", ())),
        replies=tuple((status, reply["description"]) for status, reply in sorted(said["responses"].items())),
        signed_in=", ".join(sorted({name for one in said.get("security", ()) for name in one})),
    )


@router.get("/static/{name}", response_class=Response, response_model=None, responses={200: _FILES, **responses(422)})
def read_static_file(name: Literal["pages.css", "mark.svg"]) -> Response:
    """The style and the mark of these pages."""
    kind = "text/css" if name.endswith(".css") else "image/svg+xml"
    return Response((files("api.system") / "static" / name).read_bytes(), media_type=kind)


def _ago(then: datetime | None, now: datetime) -> str:
    """A length of time in words.

    >>> from datetime import UTC
    >>> _ago(datetime(2026, 3, 4, 12, 0, tzinfo=UTC), datetime(2026, 3, 4, 15, 20, tzinfo=UTC))
    '3 h ago'
    >>> _ago(None, datetime(2026, 3, 4, tzinfo=UTC))
    'never'
    """
    if then is None:
        return "never"
    seconds = max(0, int((now - then).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and unit == "min"):
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
