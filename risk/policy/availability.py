"""Whether content may be shown at all. Every predicate is evaluated, before any draw and knowing nothing of it."""

from datetime import timedelta
from typing import Final

from models.definition.decision import Availability
from models.kinds import DecisionPointKind, Timing, UnavailableReason
from risk.terms import PointContext

SAFETY_TIER: Final = 3
"""From this tier on people come first: nothing is drawn and nothing is shown by the policy."""


def asked(context: PointContext) -> bool:
    """True where the person came by themselves: a report they started, or a request for help."""
    return context.started_by_person or context.point is DecisionPointKind.HELP_REQUEST


def unavailable(context: PointContext, limits: Availability, *, requested: bool = False) -> tuple[UnavailableReason, ...]:
    """Every reason that holds, the weightiest first; empty means available.

    Who came by themselves meets no daily cap, no gap and no quiet hours. `requested` says that the rule at this point
    answers a request for content: like a help request it also works while prompts are paused, since a pause silences
    what was not asked for. Consent, phase, a safety tier and staleness hold for everyone.
    """
    free = requested or asked(context)
    invited = requested or context.point is DecisionPointKind.HELP_REQUEST
    holds: tuple[tuple[UnavailableReason, bool], ...] = (
        (UnavailableReason.SAFETY_TIER, context.safety_tier >= SAFETY_TIER),
        (UnavailableReason.NO_CONSENT, not context.consented),
        (UnavailableReason.NOT_ACTIVE, not context.active),
        (UnavailableReason.CONTENT_OFF, context.content_off),
        (UnavailableReason.PAUSED, context.paused and not invited),
        (UnavailableReason.STALE, _stale(context, limits)),
        (UnavailableReason.QUIET_HOURS, limits.quiet_hours and not context.in_wake_window and not free),
        (UnavailableReason.DAILY_CAP, context.content_today >= limits.per_day and not free),
        (UnavailableReason.RECENT_CONTENT, _recent(context, limits) and not free),
    )
    return tuple(reason for reason, does in holds if does)


def _stale(context: PointContext, limits: Availability) -> bool:
    if context.timing in {Timing.LATE, Timing.AFTER_EXPIRY}:
        return True
    return context.now - context.event_time > timedelta(minutes=limits.stale_minutes)


def _recent(context: PointContext, limits: Availability) -> bool:
    return context.last_content_at is not None and context.now - context.last_content_at < timedelta(minutes=limits.gap_minutes)
