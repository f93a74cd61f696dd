"""Responses: the hot path, the batch of a phone that was offline, and the decision beside each receipt."""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any
from uuid import UUID

import msgspec
import structlog
from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from pydantic import Field

from api.actions.reply import decision_document, refusal_document, response_reply
from api.actions.submission import ResponseIn, Submission, read_submission
from api.actions.submit_response import known_versions
from api.actions.submitted import Refused, Result, Submitted
from api.actions.write import written
from api.auth.participant import OwnViewer, ParticipantViewer, viewer_of
from api.deps import House, TheHouse
from api.problems import NAMED_SCHEMAS, document, problem_reply, responses, status_of
from api.router import Router
from api.settings import ApiSettings
from api.shapes import Moment, Shape
from models.access import Viewer
from models.codec import canonical, parse
from models.definition.disclose import disclosures
from models.definition.protocol import Protocol as ProtocolDocument
from models.errors import Fault, Invalid, Malformed, Problem, TooLarge, Unauthenticated
from models.ids import derived_uid
from models.kinds import DecisionStatus
from models.queries.decision import own_decision
from models.queries.response import own_person, own_response
from models.writer import Lane

log = structlog.get_logger("responses")

router = Router(prefix="/v1/participant/responses", tags=["participant"])

CHUNK = 64


class Receipt(Shape):
    """That a response is stored. Never changes; a retry gets the same bytes."""

    id: UUID
    revision: int
    received_at: Moment
    timing: str
    """early (begun before the prompt was due), on_time, late, after_expiry or unprompted."""
    clock_suspect: bool
    content: str
    """sha256 of what was stored, without `sent_at`."""
    answers: int
    prompt_id: UUID | None


class StepOut(Shape):
    text: str
    seconds: int


class PlayedScene(Shape):
    id: UUID
    horizon: str
    language: str
    text: str


class ContentOut(Shape):
    code: str
    version: int
    kind: str
    title: str
    steps: list[StepOut]
    scene: PlayedScene | None


class ReadingOut(Shape):
    """Whether a human reads this now."""

    somebody: bool
    by: Moment | None
    text: str


class DecisionOut(Shape):
    """What was decided for this response; `pending` where the estimator owes it. Never a number of the model."""

    status: DecisionStatus
    id: UUID | None
    reason: str | None
    sentence: str | None
    content: ContentOut | None


class ReplyDecision(DecisionOut):
    screen: str
    """What to show first: crisis, help or none."""
    reading: ReadingOut | None


class ResponseReply(Shape):
    decision: ReplyDecision
    receipt: Receipt


class StoredResponse(Shape):
    """One's own response as stored."""

    receipt: Receipt
    instrument: str
    language: str | None
    """The language version that was shown."""
    item_order: list[str] | None
    """All items in the order in which they were asked; null: as the protocol writes them."""
    answers: dict[str, Any]
    missing: dict[str, str]
    decision_status: DecisionStatus


class BatchResult(Shape):
    """The fate of one item, in the order in which they were sent."""

    id: str
    status: int
    reply: ResponseReply | None = None
    problem: dict[str, Any] | None = None


class BatchReply(Shape):
    results: list[BatchResult]


class BatchItem(ResponseIn):
    id: UUID


class BatchIn(Shape):
    items: list[BatchItem] = Field(max_length=500)


def _body_of(model: type[Shape]) -> dict[str, Any]:
    """The request body is read from bytes, so its schema and those that it names are declared by hand."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    named = {model.__name__: schema, **schema.pop("$defs", {})}
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
    return {"requestBody": {"required": True, "content": content}, NAMED_SCHEMAS: named}


_REFUSALS = responses(401, 404, 409, 410, 413, 422)


class _Direct(APIRoute):
    """Documented like any route, and served without the dependency machinery; `shortcut` spares it the rest of the framework too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        return put_directly


async def put_directly(request: Request) -> Response:
    """Answers from the bare request. Raises whatever the problem handlers turn into a refusal."""
    viewer = await viewer_of(request)
    try:
        response_id = UUID(request.path_params["response_id"])
    except ValueError:
        fault = Fault("/path/response_id", "uuid_parsing", "The id of a response is a UUID.")
        raise Invalid("invalid", "The request breaks the rules named in errors.", (fault,)) from None
    return await _put(response_id, request, request.app.state.house, viewer)


direct = Router(prefix="/v1/participant/responses", tags=["participant"], route_class=_Direct)


@direct.put(
    "/{response_id}",
    name="put_response",
    response_model=ResponseReply,
    status_code=200,
    responses={201: {"model": ResponseReply, "description": "Stored now."}, **_REFUSALS},
    openapi_extra=_body_of(ResponseIn),
)
async def put_response(response_id: UUID, request: Request, house: TheHouse, viewer: OwnViewer) -> Response:
    """Stores a response once. The same id and content again: 200 and the first receipt. Leaves after the commit, never before.

    Someone who stopped collection is refused, after a look for what must reach a human.
    """
    return await _put(response_id, request, house, viewer)


async def _put(response_id: UUID, request: Request, house: House, viewer: Viewer) -> Response:
    body = await request.body()
    submission = read_submission(viewer, request.scope["token_digest"], response_id, body)
    result = await _submit(house, submission, _lane(house, submission, Lane.NORMAL))
    if isinstance(result, Refused):
        return problem_reply(request, result.problem, safety=await _safety(house, result))
    if isinstance(result, Exception):
        raise result
    reply = await _reply(house, result)
    return Response(reply, 201 if result.created else 200, media_type="application/json")


@router.post(
    "/batch",
    name="post_response_batch",
    response_model=BatchReply,
    responses=responses(401, 413, 422),
    openapi_extra=_body_of(BatchIn),
    max_body_size=ApiSettings().batch_body_limit,
)
async def post_response_batch(request: Request, house: TheHouse, viewer: OwnViewer) -> Response:
    """Up to 500 responses of a phone that was offline: one bad item is refused alone. Results stand in the order sent.

    Where the access token ends on the way, what came after is refused with 401, item by item or as a whole: refresh, and send that again.
    """
    items = _items(await request.body(), house.settings.batch_items)
    submissions = [_item(viewer, request.scope["token_digest"], one) for one in items]
    ordered = sorted(submissions, key=_place)
    outcomes: dict[int, Result | BaseException] = {}
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        results = await asyncio.gather(*[_submit(house, one, _lane(house, one, Lane.LOW)) for one in chunk], return_exceptions=True)
        outcomes.update({id(one): result for one, result in zip(chunk, results, strict=True)})
    ended = next((one for one in outcomes.values() if isinstance(one, Unauthenticated)), None)
    if ended is not None and all(isinstance(one, Unauthenticated) for one in outcomes.values()):
        raise ended
    results_out = [await _batch_result(house, one, outcomes[id(one)], request) for one in submissions]
    return Response(b'{"results":[' + b",".join(results_out) + b"]}", media_type="application/json")


def _items(body: bytes, limit: int) -> list[Any]:
    try:
        read = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Malformed("broken_json", "The body is not JSON, or is nested too deeply.") from None
    given = read.get("items") if isinstance(read, dict) else None
    if not isinstance(given, list):
        raise Invalid("invalid", "A batch is an object with a list `items`.")
    if len(given) > limit:
        raise TooLarge("batch_too_large", f"A batch holds at most {limit} responses.")
    return given


def _item(viewer: Viewer, digest: bytes, one: Any) -> Submission:
    """One item as a submission. Without a readable id it is refused, after the same look for what must reach a human."""
    key = _key(one.get("id")) if isinstance(one, dict) else None
    body = {name: value for name, value in one.items() if name != "id"} if isinstance(one, dict) else one
    if key is not None:
        return read_submission(viewer, digest, key, msgspec.json.encode(body))
    whole = msgspec.json.encode(one)
    stand_in = derived_uid("response_without_id", str(viewer.enrollment_id), hashlib.sha256(whole).hexdigest())
    message = "An item needs an id that is a UUID."
    problem = Invalid("invalid", message, (Fault("/id", "uuid", message),))
    return replace(read_submission(viewer, digest, stand_in, msgspec.json.encode(body)), body=whole, problem=problem)


def _place(one: Submission) -> tuple[int, float]:
    """In order of time, edits after what they edit."""
    return (one.given.base_revision or 0, one.given.answered_at.timestamp()) if one.given else (0, 0.0)


def _key(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None


async def _batch_result(house: House, submission: Submission, result: Result | BaseException, request: Request) -> bytes:
    if isinstance(result, Refused):
        return _refused(str(submission.client_id), result.problem, request, await _safety(house, result))
    if isinstance(result, Submitted):
        reply = await _reply(house, result)
        head = canonical({"id": str(submission.client_id), "status": 201 if result.created else 200})
        return head[:-1] + b',"reply":' + reply + b"}"
    return _refused(str(submission.client_id), result, request)


def _refused(client_id: str, error: BaseException, request: Request, safety: dict[str, Any] | None = None) -> bytes:
    if not isinstance(error, Problem):
        log.error("batch.item_failed", kind=type(error).__name__, request_id=request.scope["request_id"])
        error = Problem("not_stored", "Nothing was stored; send the same item again.")
    status = status_of(error)
    refusal = document(request.scope["request_id"], status, error.code, error.detail, error.faults)
    return canonical({"id": client_id, "status": status, "problem": refusal | ({"safety": safety} if safety else {})})


async def _safety(house: House, refused: Refused) -> dict[str, Any]:
    """What stands beside the refusal of something that disclosed."""
    protocol = house.protocols.cached(refused.version_id)
    if protocol is None:
        protocol = await run_in_threadpool(_protocol, house, refused.version_id)
    return refusal_document(house, refused, protocol)


def _protocol(house: House, version_id: int) -> ProtocolDocument:
    with house.sessions.reading() as session:
        return house.protocols.get(session, version_id)


async def _submit(house: House, submission: Submission, lane: Lane) -> Result:
    """Queues and waits for the commit. Busy raises at once: nothing was stored."""
    result: Result = await written(house, submission, lane)
    return result


def _lane(house: House, submission: Submission, lane: Lane) -> Lane:
    """The safety lane for anything that may disclose: a full queue never sheds it. What cannot be judged here counts as such."""
    revision = submission.given.protocol_revision if submission.given else submission.loose.get("protocol_revision")
    study_id = submission.viewer.study_id
    version_id = known_versions(house).get((study_id, revision)) if study_id is not None and isinstance(revision, int) else None
    protocol = house.protocols.cached(version_id) if version_id is not None else None
    if protocol is None or submission.instrument is None:
        return Lane.SAFETY if submission.raw_answers else lane
    answers = {name: one.get("value") for name, one in submission.raw_answers.items() if isinstance(one, dict)}
    return Lane.SAFETY if disclosures(protocol, submission.instrument, answers) else lane


async def _reply(house: House, submitted: Submitted) -> bytes:
    protocol = house.protocols.cached(submitted.version_id)
    if protocol is None or (submitted.decision is not None and submitted.decision.scene_id is not None):
        return await run_in_threadpool(_slow_reply, house, submitted)
    return response_reply(house, submitted, protocol)


def _slow_reply(house: House, submitted: Submitted) -> bytes:
    return response_reply(house, submitted, _protocol(house, submitted.version_id))


@router.get("/{response_id}", name="get_response", response_model=StoredResponse, responses=responses(401, 404))
def get_response(response_id: UUID, house: TheHouse, viewer: ParticipantViewer) -> StoredResponse:
    """One's own response as stored, without free text."""
    with house.sessions.reading() as session:
        row = own_response(session, viewer, response_id)
    return StoredResponse(
        receipt=Receipt.model_validate(parse(row.receipt)),
        instrument=row.instrument,
        language=row.language,
        item_order=row.item_order,
        answers=row.answers,
        missing=row.missing,
        decision_status=row.decision_status,
    )


@router.get("/{response_id}/decision", name="get_decision", response_model=DecisionOut, responses=responses(401, 404))
def get_decision(response_id: UUID, house: TheHouse, viewer: ParticipantViewer) -> DecisionOut:
    """What was decided for a response; ask again while it is pending."""
    with house.sessions.reading() as session:
        row = own_response(session, viewer, response_id)
        decision = own_decision(session, viewer, response_id)
        protocol = house.protocols.get(session, decision.protocol_version_id if decision is not None else row.protocol_version_id)
        enrollment = own_person(session, viewer)
    status = DecisionStatus.DECIDED if decision is not None else DecisionStatus.PENDING
    return DecisionOut.model_validate(decision_document(house, protocol, decision, enrollment, status, language=row.language))
