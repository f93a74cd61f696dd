"""Follow-ups: one prompt after an answer, at most one for each response."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from models.definition.expression import holds
from models.definition.operations import Value
from models.definition.prompting import FollowUp
from scheduler.plan.calendar import study_date
from scheduler.plan.inputs import PlanInput
from scheduler.plan.occasion import Occasion
from scheduler.plan.placing import placed_after
from scheduler.plan.seconds import to_instant, to_seconds
from scheduler.plan.when import opens_at

Reason = Literal["planned", "other_instrument", "condition", "inactive_day", "already_planned", "stale", "budget", "cooldown"]
"""Why a follow-up was planned or was not; the first that applies, in the order in which they are checked."""


@dataclass(frozen=True, slots=True)
class Source:
    """A response that may start a follow-up. `answered_at` is corrected for clock skew; `items` are its answers by item id.

    `variables` are the tailoring variables once it was decided on; None before that, and then only rules on answers look at it.
    """

    response_uid: UUID
    instrument: str
    answered_at: datetime
    items: Mapping[str, Value]
    variables: Mapping[str, Value] | None = None

    def asks(self, design: FollowUp) -> bool:
        """Whether this response, as far as it is known, meets the rule of the design."""
        if (design.basis == "estimate") != (self.variables is not None) or self.instrument not in design.after:
            return False
        return holds(design.condition, self.items, self.variables or {})


@dataclass(frozen=True, slots=True)
class Prior:
    """A follow-up of the same design that was planned before and was not cancelled or superseded."""

    source: UUID
    local_date: date
    due_at: datetime


@dataclass(frozen=True, slots=True)
class FollowUpPlan:
    """The occasion, or None, and why."""

    occasion: Occasion | None
    reason: Reason


def follow_up(inputs: PlanInput, design: FollowUp, source: Source, prior: Sequence[Prior], *, now: datetime) -> FollowUpPlan:
    """The prompt that `design` plans after this response, due `delay_minutes` after the answer.

    The slot is the source's, so a retry finds the same id. It counts to the study date of the answer; the budget is per that date,
    the cool-down holds between due instants in either direction, since answers may arrive out of order. `stale`: it would
    have expired by `now`. A pause or quiet hours block the occasion; it is a row all the same.
    """
    due_at = to_instant(to_seconds(source.answered_at + timedelta(minutes=design.delay_minutes)))
    day = study_date(source.answered_at, inputs.zones, inputs.wake)
    refusal = _refusal(inputs, design, source, prior, day=day, due_at=due_at, now=now)
    if refusal is not None:
        return FollowUpPlan(None, refusal)
    return FollowUpPlan(placed_after(inputs, design, source.response_uid, day, to_seconds(due_at)), "planned")


def _refusal(
    inputs: PlanInput, design: FollowUp, source: Source, prior: Sequence[Prior], *, day: date, due_at: datetime, now: datetime
) -> Reason | None:
    if source.instrument not in design.after:
        return "other_instrument"
    if not source.asks(design):
        return "condition"
    if any(one.source == source.response_uid for one in prior):
        return "already_planned"
    opens = opens_at(inputs, design, day)
    if opens is None or to_seconds(source.answered_at) < opens:
        return "inactive_day"
    if due_at + timedelta(minutes=design.expiry.minutes) <= now:
        return "stale"
    if sum(one.local_date == day for one in prior) >= design.per_day:
        return "budget"
    cooldown = timedelta(minutes=design.cooldown_minutes)
    return "cooldown" if any(abs(one.due_at - due_at) < cooldown for one in prior) else None
