"""What a simulated person does with the content that comes back, and how own scenes feel."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from api.rehearsal.line import PATIENT
from api.rehearsal.people.chance import chosen, fraction
from api.rehearsal.pocket import Pocket
from api.rehearsal.uploads import Upload

SOON: Final = timedelta(minutes=2)
WHAT_CAME: Final = (("completed", 5.0), ("stopped", 3.0), ("helpful", 3.0), ("nothing", 2.0), ("hurts", 0.15))
"""What is told about content after it was shown, by weight (assumption)."""


class Content:
    """One person's."""

    def __init__(self, pocket: Pocket) -> None:
        self._pocket = pocket

    def decided(self, upload: Upload, decision: Mapping[str, Any], now: datetime) -> None:
        """What came back with a receipt."""
        pocket = self._pocket
        if decision["status"] == "pending":
            pocket.line.put(now + SOON, partial(self._ask_decision, upload), patience=PATIENT)
            return
        content = decision["content"]
        pocket.record.received("none" if content is None else str(content["kind"]))
        if content is None:
            return
        pocket.life.after_content(now)
        seconds = sum(step["seconds"] for step in content["steps"])
        pocket.line.put(now, partial(self._use, decision, upload.label, 0))
        pocket.line.put(now + timedelta(seconds=seconds or 60), partial(self._use, decision, upload.label, 1), patience=PATIENT)

    def _ask_decision(self, upload: Upload, at: datetime, now: datetime) -> None:
        if self._pocket.ended or self._pocket.offline(at):
            return
        reply = self._pocket.phone.call("GET", "/responses/{id}/decision", ids={"id": upload.response_id}, expect=(200,))
        if reply.ok and reply.json()["status"] != "pending":
            self.decided(upload, reply.json(), now)

    def _use(self, decision: Mapping[str, Any], label: str, number: int, at: datetime, now: datetime) -> None:
        """Started, and later what came of it."""
        pocket, key = self._pocket, self._pocket.person.key
        if pocket.ended or pocket.offline(at):
            return
        what = "started" if number == 0 else chosen(fraction(key, "content", label), WHAT_CAME)
        if what == "nothing":
            return
        value = {"helpful": float(int(5 * fraction(key, "helpful", label))), "stopped": 20.0}.get(what)
        body = {
            "decision_id": decision["id"],
            "content_code": decision["content"]["code"],
            "what": what,
            "value": value,
            "at": pocket.shown(at),
        }
        pocket.phone.call("PUT", "/engagements/{id}", ids={"id": self._pocket.own_id("engagement", f"{label}/{number}")}, body=body)
        pocket.act("engagement")
        if number and decision["content"]["scene"] is not None:
            self.rate(int(3 * fraction(key, "scene", label)), "vividness", int(11 * fraction(key, "vivid", label)), now)

    def rate(self, number: int, scale: str, value: int, at: datetime) -> None:
        """Of the scene of that number; 0 to 10."""
        body = {"scale": scale, "value": min(10, value), "at": self._pocket.shown(at)}
        self._pocket.phone.call("POST", "/scenes/{id}/ratings", ids={"id": self._pocket.own_id("scene", number)}, body=body, expect=(201,))
        self._pocket.act("rating")
