"""A member of staff at work over HTTP: signs in, and again where a session has ended."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from api.rehearsal.wire import Reply, Wire
from models.errors import Forbidden, Unauthenticated
from models.ids import new_password

UNAUTHENTICATED: Final = 401
PAGE: Final = 100


class Desk:
    """One account. Its password stays in memory and is never shown."""

    def __init__(self, wire: Wire, login: str, password: str) -> None:
        self.wire, self.login, self._password = wire, login, password
        self._token, self.staff_id = "", ""
        self.must_change = False

    def sign_in(self) -> None:
        """Raises Unauthenticated where login and password do not fit."""
        body = {"login": self.login, "password": self._password}
        reply = self.wire.call("POST", "/v1/staff/session", body=body, expect=(201, UNAUTHENTICATED, 429))
        if not reply.ok:
            raise Unauthenticated(reply.code or "not_signed_in", "This login and password were not taken.")
        told = reply.json()
        self._token, self.staff_id, self.must_change = told["token"], told["staff_id"], told["must_change"]

    def replace_password(self, new: str | None = None) -> str:
        """Another password, made up where none is given; every role works from then on. Gives the new one."""
        new = new or new_password()
        self.call("PUT", "/v1/staff/password", body={"old": self._password, "new": new}, expect=(204,))
        self._password, self.must_change = new, False
        return new

    def call(
        self,
        method: str,
        route: str,
        *,
        ids: Mapping[str, str] | None = None,
        body: Any = None,
        version: int | None = None,
        expect: Collection[int] = (200, 201, 202, 204),
    ) -> Reply:
        """The reply, after signing in again where the session has ended. `version` goes into If-Match."""
        headers = {"If-Match": f'"{version}"'} if version is not None else None
        first = (*expect, UNAUTHENTICATED)
        reply = self.wire.call(method, route, ids=ids, token=self._token, body=body, headers=headers, expect=first)
        if reply.status == UNAUTHENTICATED:
            self.sign_in()
            reply = self.wire.call(method, route, ids=ids, token=self._token, body=body, headers=headers, expect=expect)
        return reply

    def all_of(self, route: str, *, ids: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page. `route` has its filters already."""
        cursor, mark = "", "&" if "?" in route else "?"
        while True:
            reply = self.call("GET", f"{route}{mark}limit={PAGE}{cursor}", ids=ids, expect=(200,))
            if not reply.ok:
                raise Forbidden(reply.code or "refused", f"{self.login} may not read {route}.")
            page = reply.json()
            yield from page["items"]
            if not page["next"]:
                return
            cursor = f"&cursor={page['next']}"
