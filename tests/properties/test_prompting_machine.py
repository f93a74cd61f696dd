"""Random lives of a study: enroll, travel, revise, pause, snooze, answer, crash and plan again, in any order.

No prompt is lost or doubled, the past never changes, gaps hold in absolute time, and what cannot be asked is a row with its reason.
`MACHINE_EXAMPLES=500` makes it longer, and every run another one.
"""

import asyncio
import os
import shutil
import tempfile
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from api.actions.change_zone import change_zone
from api.actions.move_enrollment import move_enrollment
from api.actions.move_study import Asked, move_study, withdraw_revision
from api.actions.pause import pause, resume
from api.actions.record_event import NewEvent, record_event, retract_event
from api.participant.prompts import DeclineIn, OpenIn, SnoozeIn, list_prompts, post_decline, post_open, post_snooze
from api.participant.settings import put_wake_windows
from models.definition.check import check
from models.definition.prompting import Stratified, Uniform, WakeWindows
from models.ids import new_uid
from models.kinds import PromptState, TimedEventKind, Timing
from models.queries import enrollment_phone
from models.settings import DatabaseSettings
from models.tables import Delivery, Prompt, PromptEvent, Response
from scheduler.horizon import Counts
from scheduler.lifecycle import TERMINAL
from scheduler.plan.calendar import DAY, local
from scheduler.plan.reconcile import CALENDAR_KINDS
from scheduler.plan_inputs import unmovable
from scheduler.plan_turn import wanted_of
from tests.conftest import Drawn, draw_from
from tests.properties.prompting_life import PROTOCOLS, REQUEST, Life, Somebody, hours, local_days

ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "Asia/Kolkata",
    "Europe/London",
    "Australia/Lord_Howe",
)
"""Far apart, with the date line between Honolulu (-10) and Kiritimati (+14); New York springs forward on the fifth day."""

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "0"))
SET_ASIDE = frozenset({PromptState.BLOCKED, PromptState.SUPERSEDED, PromptState.CANCELLED})
REASONS = frozenset({"travel", "window", "paused", "quiet_hours", "passed", "not_active", "no_consent"})
PLANNED_FACTS = (
    "uid", "design", "instrument", "slot", "slot_date", "protocol_version_id", "due_at", "window_start", "window_end", "expires_at",
    "zone", "local_due", "offset_minutes", "study_day", "density", "day_probability", "drawn", "plan_revision",
)  # fmt: skip
"""What never changes of a prompt that was asked."""

who = st.integers(0, 1)
whens = st.sampled_from((timedelta(), timedelta(minutes=7), timedelta(hours=3), timedelta(hours=13), timedelta(hours=30)))
zones = st.sampled_from(ZONES)


class PromptingMachine(RuleBasedStateMachine):
    template: Path
    """A migrated, empty database."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="life"))
        shutil.copy(self.template, self.directory / "breakwater.db")
        self.frozen: dict[int, tuple[Any, ...]] = {}
        self.held: dict[tuple[int, date], int | None] = {}
        self.decided: list[date] = []
        """Days of moves that the horizon has not carried out yet."""
        self.mixed: set[date] = set()
        """Days that had begun when another version was put on them, and those after: one plan alone does not explain them."""
        self.responses: dict[int, list[tuple[Any, ...]]] = {}
        self.events: dict[int, list[UUID]] = {}

    def teardown(self) -> None:
        if hasattr(self, "life"):
            self.settle()
            self.life.close()
        shutil.rmtree(self.directory)

    # what happens

    @initialize(gateway=st.booleans(), zone=zones, keys=st.integers(0, 999))
    def a_study_begins(self, gateway: bool, zone: str, keys: int) -> None:
        draw_from(Drawn(f"life {keys}"))  # the same life has the same prompts when it is lived again
        self.life = Life(DatabaseSettings(url=f"sqlite:///{self.directory / 'breakwater.db'}", directory=self.directory), gateway=gateway)
        self.life.begin(self.life.invite(zone, "a"))
        for number in range(1, len(PROTOCOLS)):
            self.life.publish(number)

    @rule(zone=zones)
    @precondition(lambda self: len(self.life.people) < 2)
    def somebody_is_invited(self, zone: str) -> None:
        self.life.attempt(lambda: self.life.invite(zone, "b"))

    @rule()
    @precondition(lambda self: any(not one.begun for one in self.life.people))
    def the_phone_of_somebody_is_enrolled(self) -> None:
        one = next(one for one in self.life.people if not one.begun)
        self.life.attempt(lambda: self.life.begin(one))

    @rule(number=who, zone=zones)
    def somebody_travels(self, number: int, zone: str) -> None:
        one, life = self.begun(number), self.life
        life.attempt(lambda: change_zone(life.house, REQUEST, one.viewer, zone, life.now))
        one.zone = life.person(one).enrollment.zone
        # On a journey west a date comes again: it is not past while it lasts, and a withdrawal may begin on it.
        today = local(life.now, one.zone).date
        self.held = {(who, day): version for (who, day), version in self.held.items() if who != one.enrollment_id or day < today}

    @rule(number=who, start=st.integers(0, 23), length=st.integers(10, 20))
    def somebody_wakes_at_other_hours(self, number: int, start: int, length: int) -> None:
        one, life, window = self.begun(number), self.life, hours(start, length)
        life.attempt(lambda: put_wake_windows(WakeWindows(weekday=window, weekend=window), REQUEST, life.house, one.viewer))

    @rule(number=who, lasts=st.sampled_from((None, 2, 30)))
    def somebody_pauses(self, number: int, lasts: int | None) -> None:
        one, life = self.begun(number), self.life
        until = None if lasts is None else life.now + timedelta(hours=lasts)
        life.attempt(lambda: pause(life.house, REQUEST, one.viewer, until=until, reason=None))

    @rule(number=who)
    def somebody_resumes(self, number: int) -> None:
        self.life.attempt(lambda: resume(self.life.house, REQUEST, self.begun(number).viewer))

    @rule(number=who, ago=whens)
    def somebody_tells_of_a_visit(self, number: int, ago: timedelta) -> None:
        one, life, uid = self.begun(number), self.life, new_uid()

        def act() -> None:
            with life.sessions.transaction() as session:
                person = enrollment_phone.lock_own(session, one.viewer)
                event = NewEvent(uid, TimedEventKind.VISIT, life.now - ago)
                record_event(session, life.house.mind, person, event, source="participant", now=life.now)

        life.attempt(act)
        self.events.setdefault(one.enrollment_id, []).append(uid)

    @rule(number=who)
    def somebody_takes_a_visit_back(self, number: int) -> None:
        one, life = self.begun(number), self.life
        for uid in self.events.get(one.enrollment_id, [])[-1:]:

            def act(uid: UUID = uid) -> None:
                with life.sessions.transaction() as session:
                    retract_event(session, life.house.mind, enrollment_phone.lock_own(session, one.viewer), uid, now=life.now)

            life.attempt(act)

    @rule(number=who, place=st.integers(0, 5), what=st.sampled_from(("read", "open", "snooze", "decline")))
    def somebody_looks_at_a_prompt(self, number: int, place: int, what: str) -> None:
        one, life = self.begun(number), self.life
        near = [row for row in life.prompts(one) if life.now - timedelta(hours=3) <= row.due_at <= life.now + timedelta(hours=1)]
        if what == "read":
            life.attempt(lambda: asyncio.run(list_prompts(life.house, one.viewer, 7)))
        elif near:
            row = near[place % len(near)]
            acts = {
                "open": lambda: post_open(row.uid, OpenIn(), life.house, one.viewer),
                "snooze": lambda: post_snooze(row.uid, SnoozeIn(number=row.snoozes + 1), life.house, one.viewer),
                "decline": lambda: post_decline(row.uid, DeclineIn(reason="busy"), life.house, one.viewer),
            }
            life.attempt(lambda: asyncio.run(acts[what]()))

    @rule(number=who, place=st.integers(0, 9), ago=whens, report=st.booleans())
    def somebody_answers(self, number: int, place: int, ago: timedelta, report: bool) -> None:
        """In time, late, after days offline, or before we have sent anything."""
        one, life = self.begun(number), self.life
        due = [row for row in life.prompts(one) if row.due_at <= life.now + timedelta(hours=1) and row.state not in SET_ASIDE]
        at = max(life.now - ago, life.person(one).enrollment.started_at)
        revision = life.revisions()[life.person(one).enrollment.protocol_version_id]
        sent: tuple[Any, ...] = (one, new_uid(), "report", revision, at, None)
        if due and not report:
            row = due[-1 - place % len(due)]
            sent = (one, new_uid(), row.instrument, life.revisions()[row.protocol_version_id], at, row.uid)
        life.attempt(lambda: life.send(*sent))
        self.responses.setdefault(one.enrollment_id, []).append(sent)

    @rule(number=who)
    def a_phone_sends_the_same_again(self, number: int) -> None:
        for sent in self.responses.get(self.begun(number).enrollment_id, [])[-1:]:
            self.life.attempt(lambda sent=sent: self.life.send(*sent))

    @rule(number=st.integers(0, len(PROTOCOLS) - 1))
    @precondition(lambda self: self.life.published < 6)
    def a_revision_is_published(self, number: int) -> None:
        self.life.attempt(lambda: self.life.publish(number))

    @rule(revision=st.integers(1, 6), ahead=st.integers(0, 4), arm=st.sampled_from((None, "a", "b")))
    def the_study_is_moved(self, revision: int, ahead: int, arm: str | None) -> None:
        life = self.life
        day = life.now.date() + ahead * DAY
        asked = Asked(new_uid(), self.revision(revision), day, arm=arm)
        self.decided.append(day - DAY)
        for _ in range(2):  # the second time nobody is moved twice, also where the first died
            life.attempt(lambda: move_study(life.house, REQUEST, life.staff, life.row, asked))
        self.look()

    @rule(number=who, revision=st.integers(1, 6), ahead=st.integers(0, 3))
    def somebody_is_moved(self, number: int, revision: int, ahead: int) -> None:
        one, life = self.life.people[number % len(self.life.people)], self.life
        day, revision = life.now.date() + ahead * DAY, self.revision(revision)
        self.decided.append(day - DAY)
        life.attempt(
            lambda: move_enrollment(life.house, REQUEST, life.staff, one.enrollment_uid, revision=revision, valid_from=day, version=None)
        )

    @rule(revision=st.integers(1, 6), to=st.none() | st.integers(1, 6), ahead=st.none() | st.integers(0, 3))
    def a_revision_is_withdrawn(self, revision: int, to: int | None, ahead: int | None) -> None:
        life, revision = self.life, self.revision(revision)
        asked = Asked(new_uid(), to and self.revision(to), None if ahead is None else life.now.date() + ahead * DAY)
        self.decided.append(life.now.date() - DAY)
        done = life.attempt(lambda: withdraw_revision(life.house, REQUEST, life.staff, life.row, revision, asked, note=None))
        if done is None:
            return
        gone = next(version for version, number in life.revisions().items() if number == revision)
        for one in self.everybody():
            person = life.person(one)
            day = max(done.valid_from, person.today(now=life.now) + DAY)
            assert gone not in person.versions.among(day, day + 60 * DAY), "it asks nobody after its last day"

    @rule(lasts=st.sampled_from((timedelta(minutes=25), timedelta(hours=2), timedelta(hours=9), timedelta(hours=26))), asleep=st.booleans())
    def time_passes(self, lasts: timedelta, asleep: bool) -> None:
        """With the duties at work, or with nobody there until the end of it."""
        instant = self.life.now + lasts
        if asleep:
            self.life.clock.move(instant)
        self.life.attempt(lambda: self.life.live_until(instant))
        self.settle()

    @rule(nights=st.integers(1, 3))
    def days_pass(self, nights: int) -> None:
        self.time_passes(lasts=nights * timedelta(hours=19), asleep=False)

    @rule(transactions=st.integers(0, 4), after_commit=st.booleans())
    def the_process_will_die(self, transactions: int, after_commit: bool) -> None:
        """At a transaction of what comes next."""
        self.life.sessions.fuse, self.life.sessions.after_commit = transactions, after_commit

    # what must hold

    def everybody(self) -> list[Somebody]:
        return [one for one in self.life.people if one.begun]

    def begun(self, number: int) -> Somebody:
        return self.everybody()[number % len(self.everybody())]

    def revision(self, number: int) -> int:
        """One that was published."""
        return 1 + number % self.life.published

    def settle(self) -> None:
        """Everything that is owed now is done; then the laws are looked at."""
        self.life.sessions.fuse = None
        self.life.live_until(self.life.now)
        for first in self.decided:
            self.mixed.update(local_days(first, self.life.now.date() + 2 * DAY))
        self.decided.clear()
        self.look()
        texts = self.life.texts()
        for one in self.everybody():
            again = self.life.replan(one)
            assert again == Counts(inserted=again.inserted), "planning twice changes nothing that is there"
            self.nothing_is_lost(one, texts)
            self.gaps_hold(one, texts)
        self.nothing_is_told_twice()
        self.answers_are_what_they_are_called()

    def look(self) -> None:
        """What was asked stays as it was, and so does which version a past day was on."""
        for one in self.everybody():
            person = self.life.person(one)
            today = person.today(now=self.life.now)
            for day in local_days(person.enrollment.start_date, today - DAY):
                version = person.versions.on(day)
                assert self.held.setdefault((one.enrollment_id, day), version) == version
            for row in self.life.prompts(one):
                facts = tuple(getattr(row, name) for name in PLANNED_FACTS)
                assert self.frozen.get(row.id, facts) == facts, (row.design, row.slot, row.state)
                asked = row.sent_at is not None or row.opened_at is not None or row.first_answer_at is not None
                if asked or (row.due_at <= self.life.now and row.state not in SET_ASIDE):
                    self.frozen[row.id] = facts

    def nothing_is_lost(self, one: Somebody, texts: Any) -> None:
        """Each slot of the plan is a row; one that will not be asked says why; and each that waits has its moment before it."""
        life, person = self.life, self.life.person(one)
        rows = {row.uid: row for row in life.prompts(one)}
        today, now = person.today(now=life.now), life.now
        calendar = [row for row in rows.values() if row.kind in CALENDAR_KINDS]
        wanted = {
            occasion.uid: occasion
            for occasion in wanted_of(
                person, person.versions, texts, unmovable(calendar, now=now), person.enrollment.start_date, today + 9 * DAY
            )
        }
        for uid, occasion in wanted.items():
            if uid not in rows:
                assert occasion.due_at > now + 5 * DAY, f"{occasion.design} of {occasion.slot.local_date} is lost"
                continue
            row = rows[uid]
            if row.state is PromptState.PLANNED:
                assert (occasion.due_at, occasion.blocked) == (row.due_at, None)
        for row in rows.values():
            assert (row.state in TERMINAL) == (row.next_at is None)
            assert row.next_at is None or row.next_at > now, "everything due was looked at"
            assert row.state is not PromptState.BLOCKED or row.reason in REASONS
            assert row.state is not PromptState.PLANNED or row.uid in wanted or row.kind not in CALENDAR_KINDS
        self.counts_hold(person, texts, calendar, today)
        self.past_days_can_be_planned_again(person, texts, calendar, today)

    def past_days_can_be_planned_again(self, person: Any, texts: Any, rows: list[Any], today: date) -> None:
        """From the histories alone, without what was sent: the same moments."""
        first = person.enrollment.start_date
        again = {one.uid: one.due_at for one in wanted_of(person, person.versions, texts, {}, first, today)}
        for row in rows:
            if row.sent_at is not None and row.slot_date < today and row.slot_date not in self.mixed and row.design != "visit":
                assert again.get(row.uid) == row.due_at, (row.design, row.slot)

    def counts_hold(self, person: Any, texts: Any, rows: list[Any], today: date) -> None:
        """Each past day has as many rows as its design says: what a shortened day cannot hold is blocked, not squeezed."""
        counts = Counter((row.design, row.slot_date) for row in rows if row.state is not PromptState.SUPERSEDED)
        for day in local_days(person.enrollment.start_date + DAY, today - DAY):
            version = person.versions.on(day)
            assert version is not None
            for design in texts[version].designs:
                study_day = (day - person.enrollment.start_date).days + 1
                if isinstance(design, Stratified) and design.when.anchor == "enrollment" and study_day <= texts[version].length_days:
                    assert counts[design.id, day] >= design.prompts, (design.id, day)

    def gaps_hold(self, one: Somebody, texts: Any) -> None:
        """Between what was asked or will be, in absolute time."""
        by_design: dict[str, list[Any]] = {}
        for row in self.life.prompts(one):
            if row.state not in SET_ASIDE:
                by_design.setdefault(row.design, []).append(row)
        for design, rows in by_design.items():
            for earlier, later in pairwise(rows):
                found = [texts[row.protocol_version_id].design(design) for row in (earlier, later)]
                gaps = [each.gap_minutes for each in found if isinstance(each, Stratified | Uniform)]
                if gaps:
                    assert later.due_at - earlier.due_at >= timedelta(minutes=min(gaps)), (design, earlier.slot, later.slot)

    def answers_are_what_they_are_called(self) -> None:
        """By the prompt's own times, which no longer move; and after an answer nobody is told of the prompt or reminded of it."""
        with self.life.sessions.reading() as session:
            columns = (Response.timing, Response.event_time, Prompt.due_at, Prompt.expires_at)
            given = session.rows(
                select(*columns).join(Prompt, Prompt.id == Response.prompt_id).where(Prompt.state.not_in(sorted(SET_ASIDE)))
            )
            events = session.rows(select(PromptEvent.prompt_id, PromptEvent.name).order_by(PromptEvent.id))
        for row in given:
            early = row.event_time < row.due_at - timedelta(minutes=5)
            meant = Timing.EARLY if early else Timing.ON_TIME if row.event_time <= row.expires_at else Timing.AFTER_EXPIRY
            assert row.timing is meant, "the machine's phones do not say when an answer was begun"
        answered = set()
        for row in events:
            assert row.prompt_id not in answered or row.name not in {"queued", "reminded"}
            answered |= {row.prompt_id} if row.name in {"completed", "partial", "declined"} else set()

    def nothing_is_told_twice(self) -> None:
        life = self.life
        with life.sessions.reading() as session:
            queued = Counter(row.prompt_id for row in session.rows(select(PromptEvent.prompt_id).where(PromptEvent.name == "queued")))
            told = Counter(
                (row.enrollment_id, row.subject)
                for row in session.rows(select(Delivery.enrollment_id, Delivery.subject).where(Delivery.kind == "prompt"))
            )
        assert set(queued.values()) <= {1}
        assert set(told.values()) <= {1}
        sent = Counter(one.uid for one in life.memory.envelopes)
        assert set(sent.values()) <= {1}


def test_the_designs_of_the_machine_can_be_met() -> None:
    faults = [fault for one in PROTOCOLS for fault in check(one)]
    assert [fault for fault in faults if fault.pointer.startswith("/designs")] == []


def test_whatever_happens_in_whatever_order_no_prompt_is_lost_or_doubled_and_the_past_stands(sqlite_template: Path) -> None:
    PromptingMachine.template = sqlite_template
    longer = {"max_examples": EXAMPLES, "stateful_step_count": 50} if EXAMPLES else {"max_examples": 8, "stateful_step_count": 25}
    run_state_machine_as_test(
        PromptingMachine,
        settings=settings(
            **longer,
            deadline=None,
            derandomize=not EXAMPLES,
            database=None,
            phases=(Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
