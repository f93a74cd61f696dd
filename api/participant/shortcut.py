"""The way of an answer past the framework: the route that everyone uses at the same minute costs as little as it can.

Documented, matched and refused as ever: the same function answers, the same handlers turn what it raises into problem documents. Left
out are layers that do nothing for it (matching, exit stacks, three exception middlewares), half of the loop's time.
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.participant.responses import direct, put_directly

_PREFIX: Final = f"{direct.prefix}/"
_ROUTE: Final = next(one for one in direct.routes if isinstance(one, Route))

Handler = Callable[[Request, Exception], Response | Awaitable[Response]]


class Shortcut:
    """Takes `PUT /v1/participant/responses/{id}` itself and hands everything else on. Bodies are limited to `body_limit` bytes."""

    def __init__(self, house_app: FastAPI, rest: ASGIApp, body_limit: int) -> None:
        self.handlers = cast("dict[Any, Handler]", house_app.exception_handlers)
        self.rest = rest
        self.body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT" or scope.get("root_path") or not scope["path"].startswith(_PREFIX):
            await self.rest(scope, receive, send)
            return
        response_id = scope["path"][len(_PREFIX) :]
        if not response_id or "/" in response_id:
            await self.rest(scope, receive, send)
            return
        scope["route"], scope["path_params"] = _ROUTE, {"response_id": response_id}
        request = Request(scope, self._limited(scope, receive))
        try:
            response = await put_directly(request)
        except Exception as error:  # noqa: BLE001  # what the framework would do with it
            response = await self._refusal(request, error)
        await response(scope, receive, send)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """The body as it comes, up to the limit; a length that is declared too large is refused before it is read."""
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        total = int(declared) if declared.isdigit() and int(declared) > self.body_limit else 0

        async def limited() -> Message:
            nonlocal total
            message = await receive() if total <= self.body_limit else {"type": "http.request"}
            total += len(message.get("body", b""))
            if total > self.body_limit:
                raise HTTPException(413)
            return message

        return limited

    async def _refusal(self, request: Request, error: Exception) -> Response:
        handler = next(self.handlers[kind] for kind in type(error).__mro__ if kind in self.handlers)
        made = handler(request, error)
        return await made if inspect.isawaitable(made) else made
