"""Staff over HTTP: the first account, a coordinator who works alerts, and whoever moves study time."""

from datetime import datetime, timedelta
from random import Random
from threading import Event, Thread
from typing import Any

from tests.faults.handset import RETRY, GaveUp
from tests.faults.ledger import Ledger
from tests.faults.wire import Lost, Reply, Wire

LOGIN, PASSWORD = "admin", "nine plain herons over the bay"
UNRESOLVED = "state=pending&state=open&state=acknowledged&state=in_progress&state=snoozed&state=suppressed"


class Desk:
    """One signed-in member of staff; signs in again where the session has ended."""

    def __init__(self, wire: Wire, ledger: Ledger, password: str = PASSWORD) -> None:
        self._wire, self._ledger, self._password, self._token = wire, ledger, password, ""
        self.ended = Event()

    def sign_in(self) -> None:
        reply = self.ask("POST", "/v1/staff/session", {"login": LOGIN, "password": self._password}, signed=False)
        if reply.status != 201:
            raise AssertionError(f"signing in: {reply.status} {reply.body[:200]!r}")
        self._token = reply.json()["token"]

    def first_time(self, word: str) -> str:
        """Replaces the one-time password and gives the study."""
        self._password = word
        self.sign_in()
        self.must("PUT", "/v1/staff/password", {"old": word, "new": PASSWORD}, 204)
        self._password = PASSWORD
        return str(self.must("GET", "/v1/staff/me").json()["grants"][0]["study_id"])

    def ask(self, method: str, path: str, body: Any = None, *, signed: bool = True, **headers: str) -> Reply:
        """The first reply that is no "try again". Raises GaveUp where the run ends before."""
        while not self.ended.is_set():
            try:
                sent = {name.replace("_", "-"): value for name, value in headers.items()}
                reply = self._wire.ask(method, path, body, token=self._token if signed else None, headers=sent)
            except Lost:
                self._ledger.lose()
            else:
                self._ledger.count(f"{reply.status} {reply.code}".strip())
                if reply.status == 401 and signed:
                    self.sign_in()
                elif reply.status not in RETRY:
                    return reply
            self.ended.wait(0.2)
        raise GaveUp(path)

    def must(self, method: str, path: str, body: Any = None, status: int = 200) -> Reply:
        reply = self.ask(method, path, body)
        if reply.status != status:
            raise AssertionError(f"{method} {path}: {reply.status} {reply.body[:400]!r}")
        return reply


class Coordinator(Thread):
    """Acknowledges, works and resolves what is open, and notes it; says again what was perhaps not heard."""

    def __init__(self, wire: Wire, ledger: Ledger, *, seed: str, pace: float) -> None:
        super().__init__(name="coordinator", daemon=True)
        self.desk, self._ledger, self._pace = Desk(wire, ledger), ledger, pace
        self._chance = Random(f"{seed}:coordinator")
        self.resting = Event()

    def run(self) -> None:
        while not self.resting.wait(self._chance.uniform(0.3, 1.2) * self._pace):
            try:
                self._work()
            except GaveUp:
                continue

    def _work(self) -> None:
        reply = self.desk.ask("GET", f"/v1/care/alerts?{UNRESOLVED}&limit=50")
        if reply.status != 200:
            self._ledger.surprise(f"alerts: {reply.status} {reply.code}")
            return
        rows = reply.json()["items"]
        for row in self._chance.sample(rows, min(3, len(rows))):
            self._handle(row)

    def clear(self, *, but: int) -> None:
        """Works off what is open, the most urgent first, until `but` alerts are left: those go on climbing their ladders."""
        for _ in range(12):
            rows = self.desk.must("GET", f"/v1/care/alerts?{UNRESOLVED}&limit=100").json()["items"]
            if len(rows) <= but:
                return
            for row in sorted(rows, key=lambda one: (-one["tier"], one["id"]))[: len(rows) - but]:
                for deed in ("acknowledge", "resolve"):
                    self._do(self.desk.must("GET", f"/v1/care/alerts/{row['id']}").json()["alert"], deed)

    def _handle(self, row: dict[str, Any]) -> None:
        claimed = row["state"] in {"acknowledged", "in_progress"}
        # One in five is left alone, so that ladders are climbed and some stay open to the end.
        deed = self._chance.choices(["leave", "note", "acknowledge", "progress", "resolve"], [2, 1, 3, 2 * claimed, 3 * claimed])[0]
        if deed != "leave" and row["state"] not in {"pending", "suppressed"}:
            self._do(row, deed)

    def _do(self, row: dict[str, Any], deed: str) -> None:
        body: dict[str, Any] = {"note": "Called, no details."} if deed == "note" else {}
        if deed == "resolve":
            body = {"disposition": self._chance.choice(["reached_safe", "no_answer"]), "minutes_spent": 5}
        path = f"/v1/care/alerts/{row['id']}/{'notes' if deed == 'note' else deed}"
        reply = self.desk.ask("POST", path, body, if_match=f'"{row["version"]}"')
        if reply.status in {200, 201}:
            self._ledger.act(f"alert_{deed}", row["enrollment_id"], row["id"], version=reply.json()["alert"]["version"])
        elif reply.status not in {409, 412}:  # it moved on meanwhile
            self._ledger.surprise(f"{deed}: {reply.status} {reply.code}")


class Mover(Thread):
    """Moves the study time of a rehearsal on, a little at a time, and now and then by days."""

    def __init__(self, wire: Wire, ledger: Ledger, *, seed: str, minutes: tuple[float, float], pause: float) -> None:
        super().__init__(name="mover", daemon=True)
        self.desk, self._ledger, self._minutes, self._pause = Desk(wire, ledger), ledger, minutes, pause
        self._chance = Random(f"{seed}:mover")
        self.resting = Event()
        self.moves = 0
        self.days_ahead = 0.0
        """Given: the next move goes this far."""

    def run(self) -> None:
        while not self.resting.wait(self._pause):
            far, self.days_ahead = self.days_ahead, 0.0
            try:
                self.move(timedelta(days=far) if far else timedelta(minutes=self._chance.uniform(*self._minutes)))
            except GaveUp:
                continue

    def move(self, by: timedelta) -> None:
        now = datetime.fromisoformat(self.desk.must("GET", "/v1/system/clock").json()["study_now"])
        reply = self.desk.ask("POST", "/v1/system/clock", {"study_now": (now + by).isoformat()})
        self.moves += reply.status == 200
        if reply.status not in {200, 409}:  # another try of the same move was heard after all
            self._ledger.surprise(f"clock: {reply.status} {reply.code}")
