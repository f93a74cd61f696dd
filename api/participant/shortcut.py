"""The way past the framework for what phones ask all day: answers, prompts and what a person does with one, events, tokens, the own data.

Documented, matched and refused as ever: the same functions answer, the same handlers turn what they raise into problem documents. Left
out are layers that do nothing for them (matching, dependencies, exit stacks, three exception middlewares), half of the loop's time.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, cast

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.participant import devices, events, me, prompts, responses

Handler = Callable[[Request, Exception], Response | Awaitable[Response]]
Answer = Callable[[Request], Awaitable[Response | None]]


_ANSWERS: Final[dict[str, Answer]] = {
    "put_response": responses.put_directly,
    "list_prompts": prompts.list_directly,
    "open_prompt": prompts.act_directly,
    "snooze_prompt": prompts.act_directly,
    "decline_prompt": prompts.act_directly,
    "put_event": events.put_directly,
    "refresh_tokens": devices.post_token_directly,
    "get_me": me.get_directly,
    "list_my_access": me.list_access_directly,
}
"""By the name of the documented route. None instead of a response: the request goes the framework's way, as if nobody had looked."""

_ROUTERS: Final = (responses.direct, prompts.router, events.router, devices.router, me.router)
_WAYS: Final[Mapping[str, Sequence[tuple[Route, Answer]]]] = {
    method: [
        (one, _ANSWERS[one.name])
        for router in _ROUTERS
        for one in router.routes
        if isinstance(one, Route) and one.name in _ANSWERS and method in (one.methods or ())
    ]
    for method in ("GET", "POST", "PUT")
}


class Shortcut:
    """Takes the requests of these routes itself and hands everything else on. Bodies are limited to `body_limit` bytes."""

    def __init__(self, house_app: FastAPI, rest: ASGIApp, body_limit: int) -> None:
        self.handlers = cast("dict[Any, Handler]", house_app.exception_handlers)
        self.rest = rest
        self.body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope.get("root_path"):
            for route, answer in _WAYS.get(scope["method"], ()):
                if (found := route.path_regex.match(scope["path"])) is not None:
                    scope["route"], scope["path_params"] = route, found.groupdict()
                    await self._along(answer, scope, receive, send)
                    return
        await self.rest(scope, receive, send)

    async def _along(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        read: list[Message] = []
        request = Request(scope, self._limited(scope, receive, read))
        response: Response | None
        try:
            response = await answer(request)
        except Exception as error:  # noqa: BLE001  # what the framework would do with it
            response = await self._refusal(request, error)
        await (response(scope, receive, send) if response is not None else self.rest(scope, _again(read, receive), send))

    def _limited(self, scope: Scope, receive: Receive, read: list[Message]) -> Receive:
        """The body as it comes, up to the limit, kept in `read`; a length that is declared too large is refused before it is read."""
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        total = int(declared) if declared.isdigit() and int(declared) > self.body_limit else 0

        async def limited() -> Message:
            nonlocal total
            message = await receive() if total <= self.body_limit else {"type": "http.request"}
            total += len(message.get("body", b""))
            if total > self.body_limit:
                raise HTTPException(413)
            read.append(message)
            return message

        return limited

    async def _refusal(self, request: Request, error: Exception) -> Response:
        handler = next(self.handlers[kind] for kind in type(error).__mro__ if kind in self.handlers)
        made = handler(request, error)
        return await made if inspect.isawaitable(made) else made


def _again(read: list[Message], receive: Receive) -> Receive:
    """What was read once more, and then what is still to come."""
    waiting = iter(read)

    async def again() -> Message:
        message = next(waiting, None)
        return message if message is not None else await receive()

    return again
