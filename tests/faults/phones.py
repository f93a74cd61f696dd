"""Phones that keep the phone's promise: the same id with the same content again, until it is acknowledged.

Each is a thread with a seeded order of deeds. What comes back decides nothing but whether to try again.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from threading import Thread
from typing import Any

from tests.faults.handset import RETRY, GaveUp, Handset
from tests.faults.ledger import Answer, Ledger
from tests.faults.wire import Wire

SCENE = {"text": "We walk to the lake and nobody is in a hurry.", "language": "en", "horizon": "week", "goal_area": "family"}


class Phone(Handset):
    """`items` maps instruments to their sliders with their ranges; `pace` stretches the waits between two deeds."""

    def __init__(
        self,
        name: str,
        wire: Wire,
        ledger: Ledger,
        items: Mapping[str, Mapping[str, tuple[int, int]]],
        *,
        seed: str,
        zone: str,
        pace: float,
    ) -> None:
        super().__init__(name, wire, ledger, seed=seed, zone=zone)
        self._items, self._pace = items, pace
        self.lying = False
        """Clocks of the house are set wrong on purpose."""
        self._sent: list[Answer] = []
        self._shown: list[tuple[str, str]] = []

    def run(self) -> None:
        deeds: list[tuple[int, Callable[[], None]]] = [
            (30, self._look),
            (16, self._report),
            (4, self._disclose),
            (2, self._disclose_badly),
            (5, self._batch),
            (4, self._twice_at_once),
            (8, self._again),
            (3, self._help),
            (4, self._event),
            (4, self._engage),
            (1, self._scene),
            (2, self._rotate),
        ]
        weights = [weight for weight, _ in deeds]
        while not self.resting.wait(self._chance.uniform(0.2, 1.8) * self._pace):
            try:
                self._chance.choices([deed for _, deed in deeds], weights)[0]()
                if self._chance.random() < 0.05:
                    self._wire.turn()
            except GaveUp:
                continue
        self._wire.close()

    def ask_again(self, most: int) -> None:
        """Once all is quiet: what was acknowledged is sent again, and the receipts are compared."""
        stored = [one for one in self._sent if one.receipt is not None]
        for answer in self._chance.sample(stored, min(most, len(stored))):
            with suppress(GaveUp):
                self._answer(answer)

    # Answers

    def _made(self, instrument: str, values: dict[str, Any], *, prompt: str | None = None, ago_minutes: float = 0.0, **more: Any) -> Answer:
        body = {
            "protocol_revision": self.revision,
            "instrument": instrument,
            "prompt_id": prompt,
            "answered_at": (self._now() - timedelta(minutes=ago_minutes)).isoformat(),
            "zone": self._zone,
            "answers": {item: {"value": value} for item, value in values.items()},
        }
        answer = Answer(self.enrollment, self._uid(), instrument, values, prompt, more.get("discloses"), more.get("refusable", False), body)
        self._ledger.begin(answer)
        self._sent.append(answer)
        return answer

    def _sliders(self, instrument: str, most: int = 4, among: list[str] | None = None) -> dict[str, Any]:
        known = self._items[instrument]
        names = [one for one in (among or sorted(known)) if one in known]
        return {name: self._chance.randint(*known[name]) for name in self._chance.sample(names, min(most, len(names)))}

    def _answer(self, answer: Answer, *, wire: Wire | None = None) -> None:
        """Sends it until it is acknowledged. What is said of when it left is true at each try; the content never changes."""

        def body() -> dict[str, Any]:
            answer.tries += 1
            return {**answer.body, "sent_at": max(self._now().isoformat(), answer.body["answered_at"])}

        reply = self._until("PUT", f"/responses/{answer.id}", body, wire=wire)
        if reply.status in {200, 201}:
            decision = self._ledger.acknowledge(answer, reply.body)
            if decision.get("content") and decision.get("id"):
                self._shown.append((decision["id"], decision["content"]["code"]))
        else:
            self._ledger.refuse(answer, reply.code)
            if not (answer.refusable and reply.status == 422 and "safety" in reply.json()):
                self._ledger.surprise(f"{answer.instrument}: {reply.status} {reply.body[:300].decode()}")

    def _look(self) -> None:
        """Reads what is open and does something with it."""
        reply = self._until("GET", "/prompts?days=1", None)
        if reply.status != 200:
            self._ledger.surprise(f"prompts: {reply.status} {reply.code}")
            return
        said = reply.json()
        self._hear(said["server_time"])
        for prompt in said["open"]:
            deed = self._chance.random()
            if deed < 0.55:
                self._answer_prompt(prompt)
            elif deed < 0.75:
                self._move(prompt, "open", {"at": self._now().isoformat()})
            elif deed < 0.83 and prompt["snoozes_left"]:
                self._move(prompt, "snooze", {"number": 1})
            elif deed < 0.9:
                self._move(prompt, "decline", {"reason": "busy", "at": self._now().isoformat()})

    def _answer_prompt(self, prompt: Mapping[str, Any]) -> None:
        fixed = {"m_crave_now", "m_stress", "m_valence", "m_withdraw", "m_pain", "m_choice"}
        among = sorted(self._items[prompt["instrument"]])
        if prompt["drawn_items"] is not None:
            among = [one for one in among if one in fixed or one in prompt["drawn_items"]]
        values = self._sliders(prompt["instrument"], 6, among)
        self._answer(self._made(prompt["instrument"], values, prompt=prompt["id"], ago_minutes=self._chance.uniform(0, 0.5)))

    def _move(self, prompt: Mapping[str, Any], how: str, body: dict[str, Any]) -> None:
        reply = self._until("POST", f"/prompts/{prompt['id']}/{how}", body)
        if reply.status == 200:
            self._ledger.act(f"prompt_{how}", self.enrollment, prompt["id"])
        elif reply.status != 409:  # it ended meanwhile
            self._ledger.surprise(f"{how}: {reply.status} {reply.code}")

    def _report(self) -> None:
        instrument = self._chance.choice(["craving", "craving", "stressor", "reminder", "good"])
        self._answer(self._made(instrument, self._sliders(instrument)))

    def _disclose(self) -> None:
        said, family = self._chance.choice([("no", "not_safe"), ("not_sure", "unsure_safe")])
        self._answer(self._made("use", {"safe_now": said}, discloses=family))

    def _disclose_badly(self) -> None:
        self._answer(self._made("use", {"safe_now": "no", "u_before_crave": 99}, discloses="not_safe", refusable=True))

    def _twice_at_once(self) -> None:
        """A phone whose two halves both think that they must send: two requests at the same moment."""
        answer = self._made("craving", self._sliders("craving"))
        other = self._wire.another(self._chance.randrange(9))

        def second() -> None:
            with suppress(GaveUp):
                self._answer(answer, wire=other)

        twin = Thread(target=second, daemon=True)
        twin.start()
        try:
            self._answer(answer)
        finally:
            twin.join(60)
            other.close()

    def _again(self) -> None:
        """The acknowledgement got lost on the phone's side, so it sends again."""
        stored = [one for one in self._sent if one.receipt is not None]
        if stored:
            self._answer(self._chance.choice(stored[-30:]))

    def _batch(self) -> None:
        """A phone that was offline: old answers, one of them twice, perhaps one that is there already."""
        made = []
        for _ in range(self._chance.randint(2, 9)):
            instrument = self._chance.choice(["craving", "stressor", "good", "momentary"])
            among = ["m_crave_now", "m_stress"] if instrument == "momentary" else None
            made.append(self._made(instrument, self._sliders(instrument, 3, among), ago_minutes=self._chance.uniform(1, 900)))
        if self._chance.random() < 0.3:
            made.append(self._made("use", {"safe_now": "not_sure"}, discloses="unsure_safe", ago_minutes=30))
        known = {one.id: one for one in made}
        owed = [*made, made[0]]
        while owed:
            sent = (self._now() + timedelta(seconds=1)).isoformat()
            body = {"items": [{"id": one.id, **one.body, "sent_at": sent} for one in owed]}
            reply = self._until("POST", "/responses/batch", body)
            if reply.status != 200:
                self._ledger.surprise(f"batch: {reply.status} {reply.body[:300].decode()}")
                return
            owed, used = [], self._token
            for answer, status, code in self._ledger.results(known, reply.body):
                answer.tries += 1
                if (status, code) == (401, "token_ended"):  # on the way, or between two parts of the batch
                    self._rotate(used)
                    owed.append(answer)
                elif status in RETRY:
                    owed.append(answer)
                elif status not in {200, 201}:
                    self._ledger.refuse(answer, code)
                    self._ledger.surprise(f"in a batch: {status} {code}")
            if owed and self.ended.wait(0.2):
                raise GaveUp("batch")

    # Everything else

    def _help(self) -> None:
        kind = self._chance.choice(["contact", "unsafe", "overdose"])
        body = {"client_id": self._uid(), "kind": kind, "at": self._now().isoformat()}
        reply = self._until("POST", "/help-requests", body)
        if reply.status == 201:
            self._ledger.act("help", self.enrollment, body["client_id"], family=f"help_{kind}")
        else:
            self._ledger.surprise(f"help: {reply.status} {reply.code}")

    def _event(self) -> None:
        kind = self._chance.choice(["dose", "missed_dose", "visit", "overdose", "use"])
        uid, happened = self._uid(), self._now() - timedelta(minutes=self._chance.uniform(0, 300))
        reply = self._until("PUT", f"/events/{uid}", {"kind": kind, "happened_at": happened.isoformat()})
        if reply.status in {200, 201}:
            self._ledger.act("event", self.enrollment, uid, kind=kind)
        elif not (self.lying and reply.status == 422):  # by a clock that went back it lies in the future
            self._ledger.surprise(f"event: {reply.status} {reply.code}")

    def _engage(self) -> None:
        if not self._shown:
            return
        decision, code = self._chance.choice(self._shown)
        uid, at = self._uid(), self._now().isoformat()
        body = {"decision_id": decision, "content_code": code, "what": "helpful", "value": self._chance.randint(0, 4), "at": at}
        reply = self._until("PUT", f"/engagements/{uid}", body)
        if reply.status in {200, 201}:
            self._ledger.act("engagement", self.enrollment, uid, content=code)
        else:
            self._ledger.surprise(f"engagement: {reply.status} {reply.code}")

    def _scene(self) -> None:
        uid = self._uid()
        reply = self._until("PUT", f"/scenes/{uid}", SCENE)
        if reply.status in {200, 201}:
            self._ledger.act("scene", self.enrollment, uid)
        elif reply.code != "too_many_scenes":
            self._ledger.surprise(f"scene: {reply.status} {reply.code}")
