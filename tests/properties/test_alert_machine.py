"""Random lives of an alert: whatever happens in whatever order, no alert dies, spins, or is silenced above its tier."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from models.definition.escalation import Ladder, Rung
from models.errors import Conflict, Invalid
from models.kinds import AlertState, Disposition, RungTarget
from risk.alert_terms import Acknowledge, Move, Moved, Note, Progress, Reassign, Reopen, Resolve, Snooze
from risk.alerts import CLAIMED, UNRESOLVED, occurred, opened, perform, release, rung_of, skip_rung, snooze_limit_minutes, suppress, tick

START = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
minutes = st.integers(1, 3000)
rungs = st.builds(Rung, to=st.sampled_from(RungTarget), acknowledge_minutes=minutes, repeat_minutes=minutes)
waits = st.one_of(st.just(timedelta(0)), st.timedeltas(timedelta(0), timedelta(hours=3)), st.timedeltas(timedelta(0), timedelta(days=400)))


def ladders(tier: int) -> st.SearchStrategy[Ladder]:
    return st.builds(
        Ladder,
        tier=st.just(tier),
        group_wait_minutes=st.integers(0, 60),
        rungs=st.lists(rungs, min_size=1, max_size=5).map(tuple),
        acknowledgement_minutes=minutes,
        snooze_limit_minutes=st.integers(0, 100_000),
    )


tiered = st.integers(2, 4).flatmap(lambda tier: st.tuples(st.just(tier), ladders(tier)))


class AlertMachine(RuleBasedStateMachine):
    @initialize(made=tiered, inhibited=st.booleans(), owner=st.none() | st.integers(1, 3))
    def open(self, made, inhibited, owner):
        self.now, self.told = START, 0
        self.take(opened(*made, owner=owner, now=self.now, inhibited=inhibited))
        if self.view.tier >= 3:
            assert self.told == 1

    def take(self, moved: Moved) -> None:
        self.view, self.last = moved.view, moved
        self.told += len(moved.notify)

    def try_move(self, move: Move) -> bool:
        before = self.view
        try:
            moved = perform(before, move, by=1, now=self.now)
        except (Conflict, Invalid):
            return False
        assert [event.from_state for event in moved.events] == [before.state]
        assert [event.to_state for event in moved.events] == [moved.view.state]
        self.take(moved)
        return True

    @rule(wait=waits)
    def time_passes(self, wait):
        self.now += wait

    @rule(inhibited=st.booleans())
    def the_escalator_looks(self, inhibited):
        before, due = self.view, self.view.next_at is not None and self.view.next_at <= self.now
        moved = tick(before, now=self.now, inhibited=inhibited)
        self.take(moved)
        if not due:
            assert moved.view is before
            assert not moved.notify
            return
        assert self.view.next_at > self.now
        assert len(moved.events) <= 1
        assert len(moved.notify) == (self.view.state is AlertState.OPEN)
        if self.view.tier >= 3:
            assert self.view.state is AlertState.OPEN
        assert tick(self.view, now=self.now, inhibited=inhibited).view is self.view

    @rule()
    @precondition(lambda self: self.view.next_at is not None)
    def the_escalator_is_on_time(self):
        self.now = max(self.now, self.view.next_at)
        self.the_escalator_looks(inhibited=False)
        assert self.view.state is AlertState.OPEN
        assert self.view.next_at > self.now

    @rule()
    @precondition(lambda self: self.view.state in UNRESOLVED)
    def it_happens_again(self):
        before = self.view
        self.take(occurred(before, now=self.now))
        assert self.view.occurrences == before.occurrences + 1
        assert bool(self.last.notify) == (self.view.tier >= 3)
        assert not (self.view.tier >= 3 and self.view.state is AlertState.SNOOZED)

    @rule()
    def someone_acknowledges(self):
        if self.try_move(Acknowledge()):
            assert (self.view.owner, self.view.acknowledged_by) == (1, 1)

    @rule()
    def work_goes_on(self):
        self.try_move(Progress())

    @rule(wait=st.timedeltas(timedelta(hours=-1), timedelta(hours=30)), reason=st.sampled_from(["", "call_planned"]))
    def someone_snoozes(self, wait, reason):
        if self.try_move(Snooze(self.now + wait, reason)):
            assert self.view.tier < 4
            assert reason
            assert timedelta(0) < wait <= timedelta(minutes=snooze_limit_minutes(self.view))
            assert wait <= {2: timedelta(hours=24), 3: timedelta(hours=4)}[self.view.tier]

    @rule(owner=st.integers(1, 3))
    def someone_hands_it_on(self, owner):
        before = self.view
        if self.try_move(Reassign(owner)) and before.state is AlertState.OPEN:
            assert self.view.next_at == before.next_at

    @rule(disposition=st.sampled_from(Disposition))
    def someone_resolves(self, disposition):
        stood = self.view.state in UNRESOLVED
        assert self.try_move(Resolve(disposition)) == stood

    @rule(reason=st.sampled_from(["", "new_information"]))
    def someone_reopens(self, reason):
        if self.try_move(Reopen(reason)):
            assert (self.view.state, len(self.last.notify)) == (AlertState.OPEN, 1)

    @rule()
    def someone_notes(self):
        before = self.view
        assert self.try_move(Note())
        assert self.view == before

    @rule()
    def a_parent_opens(self):
        try:
            moved = suppress(self.view, now=self.now)
        except Conflict:
            return
        assert self.view.tier == 2
        self.take(moved)

    @rule()
    @precondition(lambda self: self.view.state is AlertState.SUPPRESSED)
    def the_parent_closes(self):
        self.take(release(self.view, now=self.now))
        assert len(self.last.notify) == 1

    @rule()
    def nobody_is_on_the_rung(self):
        moved = skip_rung(self.view, now=self.now)
        if moved is not None:
            assert moved.view.rung > self.view.rung
            self.take(moved)

    @invariant()
    def an_unresolved_alert_has_a_next_moment_and_a_resolved_one_has_a_disposition(self):
        view = self.view
        assert (view.state is AlertState.RESOLVED) == (view.next_at is None) == (view.disposition is not None)
        assert 0 <= view.rung < len(view.ladder.rungs)
        assert (view.state is AlertState.SNOOZED) == (view.snoozed_until is not None)
        if view.state is not AlertState.RESOLVED:
            assert (view.state in CLAIMED) == (view.acknowledged_at is not None)

    @invariant()
    def tiers_three_and_four_are_never_suppressed_or_kept_waiting(self):
        if self.view.tier >= 3:
            assert self.view.state not in {AlertState.SUPPRESSED, AlertState.PENDING}
        if self.view.tier == 4:
            assert self.view.state is not AlertState.SNOOZED

    @invariant()
    def time_alone_always_brings_it_back_to_a_human(self):
        """However it stands, ticking at each next moment opens it and tells someone within two ticks."""
        view, told = self.view, 0
        for _ in range(2):
            if view.next_at is not None:
                moved = tick(view, now=max(self.now, view.next_at))
                assert moved.view.next_at > max(self.now, view.next_at)
                view, told = moved.view, told + len(moved.notify)
        assert view.next_at is None or told


TestAlertMachine = AlertMachine.TestCase
TestAlertMachine.settings = settings(max_examples=80, stateful_step_count=25, deadline=None)


@given(tiered, st.lists(st.timedeltas(timedelta(0), timedelta(days=30)), max_size=20))
@settings(max_examples=80, deadline=None)
def test_downtime_never_changes_which_rung_an_open_alert_stands_on(made, gaps):
    """Ticked late and rarely or exactly on time, an unanswered alert reaches the same rung since the same instant."""
    lazy = opened(made[0], made[1].model_copy(update={"group_wait_minutes": 0}), owner=None, now=START).view
    now = START + sum(gaps, timedelta(0))
    for instant in [START + sum(gaps[: n + 1], timedelta(0)) for n in range(len(gaps))]:
        lazy = tick(lazy, now=instant).view
    direct = tick(opened(made[0], lazy.ladder, owner=None, now=START).view, now=now).view
    assert (lazy.rung, lazy.rung_since, lazy.next_at) == (direct.rung, direct.rung_since, direct.next_at)
    assert rung_of(lazy) == lazy.ladder.rungs[lazy.rung]
