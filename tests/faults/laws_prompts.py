"""Laws of prompts: one for a slot, a life that its history tells, nothing left behind."""

from collections import Counter, defaultdict
from datetime import datetime

from sqlalchemy import select

from models.kinds import PromptState
from models.tables import Prompt, PromptEvent
from scheduler.lifecycle import TERMINAL, TRANSITIONS, Event
from scheduler.prompt_moves import PAST_TENSE
from tests.faults.law import GRACE_SECONDS, Facts, Looked, law

_BY_NAME = {name: event for event, name in PAST_TENSE.items()}
_STILL = {"reminded", "not_reminded", "answered_again"}
"""Rows of a history that move nothing."""


@law("no prompt twice for a slot, nor twice at a moment of one design")
def one_a_slot(facts: Facts) -> Looked:
    rows = [row for row in facts.rows(Prompt) if row.state not in {PromptState.SUPERSEDED, PromptState.BLOCKED}]
    slots = Counter((row.enrollment_id, row.design, row.slot) for row in rows)
    moments = Counter((row.enrollment_id, row.design, row.due_at) for row in rows if row.kind != "follow_up")
    for counts in (slots, moments):
        for place, number in counts.items():
            yield None if number == 1 else f"{place}: {number} prompts"


@law("a prompt's history leads step by step to its state")
def history(facts: Facts) -> Looked:
    told: dict[int, list[str | None]] = defaultdict(list)
    wrong: dict[int, str] = {}
    for row in facts.session.rows(select(PromptEvent).order_by(PromptEvent.id)):
        before = told[row.prompt_id][-1] if told[row.prompt_id] else None
        if row.from_state != before:
            wrong.setdefault(row.prompt_id, f"{row.name} from {row.from_state}, was {before}")
        elif not _legal(row.name, row.from_state, row.to_state):
            wrong.setdefault(row.prompt_id, f"{row.name} leads from {row.from_state} to {row.to_state}")
        told[row.prompt_id].append(row.to_state)
    for row in facts.rows(Prompt.id, Prompt.state):
        states = told.pop(row.id, [])
        if not states or states[-1] != row.state:
            yield f"prompt {row.id}: is {row.state}, its history ends at {states[-1] if states else 'nothing'}"
        else:
            yield f"prompt {row.id}: {wrong[row.id]}" if row.id in wrong else None
    yield from (f"a history without its prompt {key}" for key in told)


def _legal(name: str, before: str | None, after: str) -> bool:
    if before is None:
        return (name, after) in {("planned", "planned"), ("blocked", "blocked")}
    if name in _STILL:
        return before == after
    if name == "answered_after_expiry":
        return after == PromptState.EXPIRED
    event = _BY_NAME.get(name)
    if event is None:
        return False
    if before == PromptState.EXPIRED and event in {Event.COMPLETE, Event.PARTIAL, Event.DECLINE}:
        return after in {PromptState.EXPIRED, PromptState.COMPLETED, PromptState.PARTIAL, PromptState.DECLINED}
    if event is Event.DECLINE and after == PromptState.EXPIRED:
        return True  # said after its expiry, before the house had looked
    return TRANSITIONS.get((PromptState(before), event)) == after


@law("a prompt is queued once, but where it was planned anew")
def queued_once(facts: Facts) -> Looked:
    names: dict[int, Counter[str]] = defaultdict(Counter)
    for row in facts.rows(PromptEvent.prompt_id, PromptEvent.name):
        names[row.prompt_id][row.name] += 1
    for key, counts in names.items():
        yield None if counts["queued"] <= 1 + counts["replanned"] else f"prompt {key}: queued {counts['queued']} times"


@law("a prompt that has ended has no next moment, and every other one has")
def moments(facts: Facts) -> Looked:
    for row in facts.rows(Prompt.id, Prompt.state, Prompt.next_at):
        yield None if (row.state in TERMINAL) == (row.next_at is None) else f"prompt {row.id}: {row.state}, next {row.next_at}"


@law("no prompt waits past its moment once all is quiet")
def none_overdue(facts: Facts) -> Looked:
    for row in facts.rows(Prompt.id, Prompt.state, Prompt.next_at):
        late = row.next_at is not None and (facts.study_now - row.next_at).total_seconds() > GRACE_SECONDS
        yield f"prompt {row.id}: {row.state}, due {row.next_at}" if late else None


@law("what a person did with a prompt, and was told is done, is in its history")
def acts_kept(facts: Facts) -> Looked:
    names: dict[tuple[int, str], set[str]] = defaultdict(set)
    joined = select(Prompt.enrollment_id, Prompt.uid, PromptEvent.name).join(PromptEvent, PromptEvent.prompt_id == Prompt.id)
    for row in facts.session.rows(joined):
        names[row.enrollment_id, str(row.uid)].add(row.name)
    wanted = {"prompt_open": "opened", "prompt_snooze": "snoozed", "prompt_decline": "declined"}
    for one in facts.ledger.acts:
        if one.what in wanted and one.enrollment is not None:
            found = names[facts.keys_of[one.enrollment], one.about]
            yield None if wanted[one.what] in found else f"{one.what} {one.about}: not in its history"


@law("an answered prompt says so")
def answered(facts: Facts) -> Looked:
    states = {(row.enrollment_id, str(row.uid)): row.state for row in facts.rows(Prompt.enrollment_id, Prompt.uid, Prompt.state)}
    ended = {PromptState.COMPLETED, PromptState.DECLINED, PromptState.EXPIRED, PromptState.CANCELLED}
    for one in facts.ledger.stored():
        if one.prompt is not None:
            state = states.get((facts.keys_of[one.enrollment], one.prompt))
            yield None if state in ended else f"prompt {one.prompt}: answered, and {state}"


@law("a prompt is looked at in the order of its life: due before sent, sent before expired")
def in_order(facts: Facts) -> Looked:
    if facts.lying:
        return
    for row in facts.rows(Prompt.id, Prompt.due_at, Prompt.sent_at, Prompt.expires_at):
        sent: datetime | None = row.sent_at
        wrong = sent is not None and not row.due_at <= sent < row.expires_at
        yield f"prompt {row.id}: due {row.due_at}, sent {sent}, expires {row.expires_at}" if wrong else None
