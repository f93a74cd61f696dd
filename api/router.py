"""The router of every noun."""

from typing import Any

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class Router(APIRouter):
    """Knows by the first letters of an address that none of its routes is meant, without asking each.

    The framework asks every route of every router in order, and those that are asked most stand behind many others.
    """

    def __init__(self, *, prefix: str = "", **facts: Any) -> None:
        super().__init__(prefix=prefix, **facts)
        self._begins = prefix.partition("{")[0]

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if not scope.get("root_path") and not scope["path"].startswith(self._begins):
            return Match.NONE, {}
        return super().matches(scope)
