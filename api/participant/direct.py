"""Requests read without the framework, where they are exactly as the API describes them. None: anything else, which goes its way.

What is wrong with a request is said in one place only, the framework's; here it is only seen that something is.
"""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from api.shapes import Shape

T = TypeVar("T", bound=Shape)


def id_of(request: Request, name: str) -> UUID | None:
    """An id in the path."""
    try:
        return UUID(request.path_params[name])
    except ValueError:
        return None


async def body_of(request: Request, shape: type[T]) -> T | None:
    """The body, where it is called JSON and no query stands beside it."""
    if request.headers.get("content-type") != "application/json" or request.scope["query_string"]:
        return None
    try:
        return shape.model_validate_json(await request.body())
    except ValueError:
        return None


async def said(answer: Callable[[Response], Shape]) -> Response:
    """What a route says, worked out in a thread; the route may set the status on the response that it is handed."""
    told = Response()
    shown = await run_in_threadpool(answer, told)
    return Response(shown.__pydantic_serializer__.to_json(shown), told.status_code, media_type="application/json")
