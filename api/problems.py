"""From a kind of problem to a status and a problem document (RFC 9457). The only place that knows both.

`code` is stable and for programs, `detail` is for people. `errors` names each broken rule with a JSON pointer.
Nothing here repeats what was sent: the framework's own handlers echo the input, so they are replaced.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import islice, takewhile
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from models import errors
from models.codec import canonical

log = structlog.get_logger("problems")

MEDIA_TYPE = "application/problem+json"

MOST_FAULTS = 100
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""Could be the name of a field."""

STATUS: Mapping[type[errors.Problem], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.Missing: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.AppTooOld: 426,
    errors.PreconditionRequired: 428,
    errors.TooMany: 429,
    errors.Busy: 503,
}

_HTTP_CODES: Mapping[int, tuple[str, str]] = {
    400: ("bad_request", "The request cannot be read."),
    404: ("not_found", "There is nothing here."),
    405: ("method_not_allowed", "This address does not answer that method."),
    413: ("body_too_large", "The body is larger than this address takes."),
    415: ("unsupported_media_type", "Send JSON with Content-Type: application/json."),
}


class ProblemFault(BaseModel):
    model_config = ConfigDict(extra="forbid")
    pointer: str
    rule: str
    detail: str


class SafetyReading(BaseModel):
    """Whether a human reads this now, and by when."""

    model_config = ConfigDict(extra="forbid")
    somebody: bool
    by: AwareDatetime | None
    text: str


class SafetyFirst(BaseModel):
    """The page that the phone shows first, from the protocol that it holds: crisis, help or none."""

    model_config = ConfigDict(extra="forbid")
    screen: str
    reading: SafetyReading | None


class ProblemDocument(BaseModel):
    """RFC 9457 problem details. `code` never changes its meaning; `detail` may change its words."""

    model_config = ConfigDict(extra="forbid")
    type: str
    title: str
    status: int
    code: str
    detail: str
    instance: str
    errors: list[ProblemFault] = []
    safety: SafetyFirst | None = None
    """Where what was refused disclosed something: shown before the refusal."""


def status_of(problem: errors.Problem) -> int:
    return next((STATUS[kind] for kind in type(problem).__mro__ if kind in STATUS), 500)


def document(request_id: str, status: int, code: str, detail: str, faults: Sequence[errors.Fault] = ()) -> dict[str, Any]:
    """The body of a refusal."""
    body: dict[str, Any] = {
        "type": f"urn:breakwater:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
        "instance": f"urn:breakwater:request:{request_id}",
    }
    if faults:
        body["errors"] = [{"pointer": fault.pointer, "rule": fault.rule, "detail": fault.message} for fault in faults]
    return body


def reply(
    request: Request, status: int, code: str, detail: str, faults: Sequence[errors.Fault] = (), headers: Mapping[str, str] | None = None
) -> Response:
    request_id = request.scope.get("request_id", "-")
    return Response(canonical(document(request_id, status, code, detail, faults)), status, headers, media_type=MEDIA_TYPE)


def problem_reply(request: Request, problem: errors.Problem, *, safety: Mapping[str, Any] | None = None) -> Response:
    status = status_of(problem)
    headers: dict[str, str] = {}
    if isinstance(problem, errors.TooMany | errors.Busy):
        headers["Retry-After"] = str(problem.retry_after_seconds)
    if isinstance(problem, errors.Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if status == 426:
        headers["Upgrade"] = "breakwater-app"
    said = document(request.scope.get("request_id", "-"), status, problem.code, problem.detail, problem.faults)
    return Response(canonical(said | ({"safety": safety} if safety else {})), status, headers, media_type=MEDIA_TYPE)


def pointer(location: Sequence[Any]) -> str:
    """RFC 6901 pointer of a validation location."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def faults_of(error: ValidationError | RequestValidationError, *, skip: int = 0) -> list[errors.Fault]:
    """The broken rules of a shape, without what was sent; at most 100, so that a refusal stays short."""
    found = islice(error.errors(), MOST_FAULTS)
    return [errors.Fault(_plain_pointer(one["loc"][skip:]), str(one["type"]), _plain(str(one["type"]), str(one["msg"]))) for one in found]


def _plain_pointer(location: Sequence[Any]) -> str:
    """The place up to a member that we have not named: what a client calls its members may be what a person said."""
    plain = takewhile(lambda part: isinstance(part, int) or _NAME.fullmatch(part) is not None, location)
    return pointer(list(plain))


def _plain(kind: str, message: str) -> str:
    # Some messages quote the value itself; those get a sentence of ours.
    quoting = {
        "json_invalid": "This is not JSON.",
        "value_error": "The value breaks a rule of this field.",
        "enum": "Not one of the words allowed here.",
        "uuid_parsing": "This is not a UUID.",
    }
    return quoting.get(kind, message)


def install(app: FastAPI) -> None:
    """Makes every error of the app, the framework's included, a problem document."""

    @app.exception_handler(errors.Problem)
    async def _problem(request: Request, problem: errors.Problem) -> Response:
        return problem_reply(request, problem)

    @app.exception_handler(RequestValidationError)
    async def _shape(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        if found and found[0]["type"] == "json_invalid":
            return reply(request, 400, "broken_json", "The body is not JSON.")
        where = {str(one["loc"][0]) for one in found if one["loc"]}
        skip = 1 if where == {"body"} else 0
        return reply(request, 422, "invalid", "The request breaks the rules named in errors.", faults_of(error, skip=skip))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        code, detail = _HTTP_CODES.get(error.status_code, ("http_error", "The request was refused."))
        return reply(request, error.status_code, code, detail, headers=_allowing(request) if error.status_code == 405 else error.headers)

    @app.exception_handler(OperationalError)
    @app.exception_handler(PoolTimeout)
    async def _database(request: Request, error: Exception) -> Response:
        log.error("database.unavailable", kind=type(error).__name__, request_id=request.scope.get("request_id"))
        return reply(
            request, 503, "database_unavailable", "The database does not answer; nothing was stored.", headers={"Retry-After": "5"}
        )

    @app.exception_handler(Exception)
    async def _bug(request: Request, error: Exception) -> Response:
        # The exception's text may hold data: its kind and place are logged, its words are not.
        log.error("request.failed", kind=type(error).__name__, place=_place(error), request_id=request.scope.get("request_id"))
        return reply(request, 500, "internal_error", "Something broke on our side; the request id finds it in the log.")


def _allowing(request: Request) -> Mapping[str, str]:
    """Every method of the address; the framework names those of the first route only (RFC 9110, 15.5.6)."""
    template = getattr(request.scope.get("route"), "path", "")
    operations: Mapping[str, Any] = request.app.openapi()["paths"].get(template, {})
    return {"Allow": ", ".join(sorted(method.upper() for method in operations))}


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}" if trace else "-"


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDocument, "description": words, "content": {MEDIA_TYPE: {}}}
    for status, words in {
        400: "The request cannot be read.",
        401: "No valid credential.",
        403: "Your role does not allow this.",
        404: "There is no such thing, or it is not yours to see.",
        409: "It is there already with other content, or was changed first.",
        410: "It was there and has ended.",
        412: "If-Match named another version.",
        413: "Too large.",
        422: "The content breaks the rules named in errors.",
        426: "The app is too old for this study.",
        428: "If-Match is needed.",
        429: "Too many tries; see Retry-After.",
        503: "Busy; nothing was stored; see Retry-After.",
    }.items()
}


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The documented refusals of a route."""
    return {status: RESPONSES[status] for status in sorted({400, 422, 503, *statuses})}


NAMED_SCHEMAS: Final = "x-named-schemas"
"""Where a route that reads its own bytes leaves the schemas of its body, which the framework does not see."""

_PROBLEM: Mapping[str, Any] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}


def described(document: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document with every refusal under its own media type; the framework files them under plain JSON.

    What an operation keeps under `NAMED_SCHEMAS` goes to the schemas that the document names.
    """
    for operations in document["paths"].values():
        for operation in operations.values():
            for name, schema in operation.pop(NAMED_SCHEMAS, {}).items():
                document["components"]["schemas"].setdefault(name, schema)
            if "requestBody" in operation:
                operation["responses"].setdefault("413", {"description": "Too large.", "content": _PROBLEM})
            for answer in operation["responses"].values():
                if MEDIA_TYPE in answer.get("content", {}):
                    answer["content"] = dict(_PROBLEM)
    return document
