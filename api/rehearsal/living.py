"""One simulated person living through a study with a phone: prompts, answers, what they start, and the network in between.

What they do besides answering (travel, pauses, leaving, lists) is in `api.rehearsal.choices`.
"""

import base64
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from api.rehearsal import asked as prompts
from api.rehearsal.asked import Asked
from api.rehearsal.choices import Choices
from api.rehearsal.handset import Handset
from api.rehearsal.held import Held
from api.rehearsal.line import PATIENT
from api.rehearsal.mailbox import Mailbox
from api.rehearsal.people.filling import fill
from api.rehearsal.people.inner import InnerLife
from api.rehearsal.people.meaning import meant
from api.rehearsal.people.reporting import instrument_for, reports
from api.rehearsal.people.terms import Meant, MeantKind, Person, Report, ReportKind
from api.rehearsal.pocket import Pocket
from api.rehearsal.recorder import Recorder
from api.rehearsal.uploads import Upload, response_id
from models.definition.order import item_order, report_slot
from models.definition.tasks.draws import TrialDraws
from models.kinds import DesignKind

DAY: Final = timedelta(days=1)
SYNC_DAYS: Final = 5
"""How far ahead the phone asks: longer than the longest time without a network."""
SOON: Final = timedelta(minutes=2)

SYNC_PATIENCE: Final = timedelta(minutes=10)
SUSPECT: Final = timedelta(minutes=5)
"""A phone that is farther off counts as one with a wrong clock."""
CONFLICT: Final = 409


class Living:
    """Its acts run in order on one thread at a time; everything it does goes over HTTP.

    `invite` gives the enrollment code; `ring` is called where a human must hear of it.
    """

    def __init__(
        self,
        person: Person,
        phone: Handset,
        record: Recorder,
        held: Held,
        pairs: Executor,
        invite: Callable[[Person], str],
        ring: Callable[[], None],
    ) -> None:
        self.person = person
        self.pocket = Pocket(person, phone, record, InnerLife(person))
        self.line = self.pocket.line
        self._held, self._invite, self._ring = held, invite, ring
        self.mailbox = Mailbox(self.pocket, pairs, self._told)
        self.choices = Choices(self.pocket, self.sync, ring)
        self.enrollment_id: str | None = None
        self._plan_key = b""
        self.last_expiry: datetime | None = None
        """Of the prompts that the phone has seen come due."""
        self.noticed = self.ignored = 0
        self._plan: dict[str, Asked] = {}
        self._due: dict[str, tuple[int, datetime]] = {}
        self._seen: set[str] = set()
        self._slots: dict[tuple[str, str], int] = {}
        self._openings: dict[str, str] = {}
        """Kept ones by prompt, as the phone's clock showed them; an answer that goes out drops its own."""
        self.line.put(person.joins_at, self._join)

    # Joining, and each day

    def _join(self, at: datetime, now: datetime) -> None:
        told = self.pocket.phone.enroll(self._invite(self.person), self.person.zone_at(at))
        self.enrollment_id, self._plan_key = told["enrollment_id"], base64.b64decode(told["plan_key"])
        self.pocket.act("enroll")
        self._held.hold(self.pocket.phone)
        self.choices.settle_in(at, now, self._held.protocol(self.pocket.phone).wake)
        for spell in self.person.habits.offline:
            if spell.end > at:
                self.pocket.act("offline_spell")
                self.line.put(spell.end, self._reconnect, patience=SYNC_PATIENCE)
        if abs(self.person.ahead_at(at)) > SUSPECT:
            self.pocket.act("wrong_clock")
        if self._held.protocol(self.pocket.phone).length_days > (self.person.ends_at - self.person.joins_at) // DAY:
            self.line.put(self.person.ends_at, lambda _at, later: self.choices.close(later))
        self._day(at, now)

    def _day(self, at: datetime, now: datetime) -> None:
        """Once in 24 hours: what the person will start until tomorrow, and a look at the plan."""
        if self.pocket.ended or at >= self.person.ends_at:
            return
        until = min(at + DAY, self.person.ends_at)
        for one in reports(self.person, self.pocket.life, at, until):
            self.line.put(one.at, partial(self._report, one))
        self.choices.daily(at, until)
        self.sync(at, now)
        self.line.put(at + DAY, self._day, patience=PATIENT)

    def _reconnect(self, at: datetime, now: datetime) -> None:
        """Back in the network: what waited goes out, and the plan is read again."""
        if self.pocket.offline(at):
            return
        self.mailbox.flush(now)
        self.sync(at, now)

    # Prompts

    def sync(self, at: datetime, _now: datetime) -> None:
        """Reads what is open and what is planned, where there is a network."""
        if self.pocket.ended or self.pocket.offline(at):
            return
        reply = self.pocket.phone.call("GET", f"/prompts?days={SYNC_DAYS}")
        if not reply.ok:
            return
        listed = reply.json()
        found = [prompts.read(one) for one in (*listed["open"], *listed["upcoming"])]
        self._plan = {one.id: one for one in found}
        for one in found:
            if one.id not in self._seen and self._due.get(one.id) != one.version:
                self._due[one.id] = one.version
                self.line.put(max(one.due_at, at), partial(self._notice, one.id, one.version), silent=True)

    def _notice(self, prompt_id: str, version: tuple[int, datetime], at: datetime, now: datetime) -> None:
        """The phone rings by its own plan, also without a network."""
        asked = self._plan.get(prompt_id)
        if asked is None or asked.version != version or prompt_id in self._seen or self.pocket.ended or self.pocket.paused(at):
            return
        self._seen.add(prompt_id)
        self.noticed += 1
        slot = (asked.design, asked.local_day)
        self._slots[slot] = self._slots.get(slot, 0) + 1
        if self.last_expiry is None or asked.expires_at > self.last_expiry:
            self.last_expiry = asked.expires_at
        self._consider(asked, f"{asked.design}/{asked.local_day}/{self._slots[slot]}", 0, at, now)

    def _consider(self, asked: Asked, label: str, snoozed: int, at: datetime, _now: datetime) -> None:
        """What the person does about it, decided when it rings."""
        feelings = self.pocket.life.feelings(at)
        name = f"{label}/{snoozed}" if snoozed else label
        will = meant(
            self.person,
            feelings,
            label=name,
            due_at=at,
            expires_at=asked.expires_at,
            trigger=DesignKind(asked.kind),
            study_day=asked.study_day,
        )
        if will.opens_after is None or will.kind is MeantKind.IGNORE:
            self.ignored += 1
            return
        self.line.put(at + will.opens_after, partial(self._open, asked, label, snoozed, will))

    def _open(self, asked: Asked, label: str, snoozed: int, will: Meant, at: datetime, now: datetime) -> None:
        if self.pocket.ended:
            return
        online = not self.pocket.offline(at)
        if will.kind is MeantKind.SNOOZE:
            back = now + timedelta(minutes=asked.snooze_minutes)
            free = asked.snoozes_left > snoozed and back < asked.expires_at
            if online and free and self._tell("snooze", asked, {"number": snoozed + 1}, now):
                self.line.put(back, partial(self._consider, asked, label, snoozed + 1), silent=True)
        elif will.kind is MeantKind.DECLINE:
            if online:
                self._tell("decline", asked, {"reason": will.reason or "not_now", "at": self.pocket.shown(at)}, now)
        else:
            self._opened(asked, at, now)
            self._answer(asked, label, will, at)

    def _opened(self, asked: Asked, at: datetime, now: datetime) -> None:
        """The phone tells it at once, or keeps it for a while, since the answer says it too."""
        waits = self.person.habits.tells_opening_after
        if waits is None:
            return
        if waits:
            self._openings[asked.id] = self.pocket.shown(at)
            self.line.put(at + waits, partial(self._still_open, asked), silent=True)
        elif not self.pocket.offline(at):
            self._tell("open", asked, {"at": self.pocket.shown(at)}, now)

    def _still_open(self, asked: Asked, at: datetime, _now: datetime) -> None:
        """No answer has gone out: the opening is told, when there is a network."""
        if asked.id in self._openings:
            self.line.put(self.person.offline_until(at) or at, partial(self._tell_opening, asked), patience=SYNC_PATIENCE)

    def _tell_opening(self, asked: Asked, at: datetime, now: datetime) -> None:
        if self.pocket.offline(at):
            self._still_open(asked, at, now)
            return
        opened = self._openings.pop(asked.id, None)
        if opened is not None and not self.pocket.ended:
            self._tell("open", asked, {"at": opened}, now)

    def _tell(self, what: str, asked: Asked, body: dict[str, Any], now: datetime) -> bool:
        """Whether the server took it; a prompt that has ended by now is refused, as it must be, and so is a deferral into the night."""
        late = asked.expires_at <= now
        may = (200, CONFLICT) if late or what == "snooze" else (200,)
        reply = self.pocket.phone.call("POST", f"/prompts/{{id}}/{what}", ids={"id": asked.id}, body=body, expect=may)
        self.pocket.act(what if reply.ok else f"{what}_refused")
        if not reply.ok:
            meant = reply.status == CONFLICT and (late or reply.code == "snooze_in_quiet_hours")
            self.pocket.record.refused(reply.status, reply.code or "", expected=meant)
        return reply.ok

    def _answer(self, asked: Asked, label: str, will: Meant, at: datetime) -> None:
        protocol = self._held.protocol(self.pocket.phone, asked.revision)
        instrument = protocol.instrument(asked.instrument)
        assert instrument is not None  # the server asks what its own protocol has
        filled = fill(
            self.person,
            protocol,
            instrument,
            self.pocket.life.feelings(at),
            drawn=asked.drawn,
            lists=self.choices.lists,
            language=self.person.language,
            label=label,
            started_at=at,
            order=asked.order,
            reach=will.reach,
            says=will.says,
            draws=partial(TrialDraws, self._plan_key, of=asked.id),
        )
        upload = Upload(
            response_id=response_id(self.person, label),
            label=label,
            instrument=instrument,
            revision=asked.revision,
            prompt_id=asked.id,
            started_at=at,
            filled=filled,
            twice=will.twice,
            slip=will.slip,
            edit_after=will.edit_after,
            discloses=will.says is not None,
            expires_at=asked.expires_at,
        )
        self.line.put(filled.finished_at + will.upload_after, partial(self._upload, upload))

    # What the person starts

    def _report(self, report: Report, at: datetime, now: datetime) -> None:
        if self.pocket.ended:
            return
        if report.what is ReportKind.HELP:
            self.choices.ask_for_help(report.says, at, now)
            return
        protocol = self._held.protocol(self.pocket.phone, None)
        instrument = instrument_for(protocol, report)
        if instrument is None:
            return
        named = response_id(self.person, report.label)
        filled = fill(
            self.person,
            protocol,
            instrument,
            self.pocket.life.feelings(at),
            drawn=None,
            lists=self.choices.lists,
            language=self.person.language,
            label=report.label,
            started_at=at,
            order=item_order(instrument, self._plan_key, report_slot(named)) if instrument.shuffles else None,
            says=report.says,
            draws=partial(TrialDraws, self._plan_key, of=named),
        )
        self.pocket.act("self_report")
        upload = Upload(
            response_id=named,
            label=report.label,
            instrument=instrument,
            revision=self._held.revision,
            prompt_id=None,
            started_at=at,
            filled=filled,
            discloses=report.says is not None,
        )
        self.line.put(filled.finished_at, partial(self._upload, upload))

    # Sending

    def _upload(self, upload: Upload, at: datetime, now: datetime) -> None:
        if self.pocket.offline(at):
            self.mailbox.keep(upload)
        else:
            self.mailbox.send(upload, now)

    def _told(self, upload: Upload, reply: dict[str, Any], now: datetime) -> None:
        """The receipt came, and with it what was decided."""
        timing = reply["receipt"]["timing"]
        self._openings.pop(upload.prompt_id or "", None)
        self.pocket.act("answer" if upload.prompt_id is not None else "report_sent")
        if timing in {"late", "after_expiry"}:
            self.pocket.act("late_answer")
        if upload.discloses:
            self.pocket.act("disclosure")
        if reply["decision"]["reading"] is not None:
            self._ring()
        if reply["receipt"]["clock_suspect"]:
            self.pocket.act("clock_suspect")
        self.choices.content.decided(upload, reply["decision"], now)
        if upload.edit_after is not None:
            self.line.put(now + upload.edit_after, lambda _at, later: self.mailbox.edit(upload, later), patience=PATIENT)
        if self._held.follows(upload.instrument.id):
            self.line.put(now + SOON, self.sync, patience=SYNC_PATIENCE)
