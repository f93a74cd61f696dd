"""Alerts as work: how many, when, how long until someone took them and until they ended. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from api.rehearsal.report.cover import Cover
from api.rehearsal.report.numbers import counted, share, spread
from api.rehearsal.report.promises import Faults
from api.rehearsal.report.records import Alerted, Records
from models.definition.escalation import Ladder
from models.definition.protocol import Protocol
from risk.staffing import answered, ladder_for
from scheduler.plan.calendar import DAY, zone_info

OVER: Final = frozenset({"resolved", "suppressed"})


def alerts(
    records: Records,
    protocol: Protocol,
    cover: Cover,
    *,
    touched: Mapping[str, datetime],
    staff: int,
    start: datetime,
    person_weeks: float,
    faults: Faults,
) -> dict[str, Any]:
    """`touched` is the newest event of each alert; `staff` works every day. Minutes run on the wall clock, nights included;
    `in_time` counts staffed minutes only, as the ladder promises."""
    rows, zone = records.alerts, zone_info(protocol.staffing.zone)
    inside = {one.alert_id: cover.covered(one.tier, one.opened_utc) for one in rows}
    for one in rows:
        rested = records.known_until(one.participant_id) - touched.get(one.alert_id, one.opened_utc)
        if one.state not in OVER and rested > _patience(ladder_for(protocol, one.tier)):
            faults.add("alert_stalled", one.alert_id)
    days = _per_day(rows, zone, start, records.as_of)
    loads = [sum(one["tiers"].values()) / max(staff, 1) for one in days]
    return {
        "opened": len(rows),
        "by_tier": counted(str(one.tier) for one in rows),
        "by_state": counted(one.state for one in rows),
        "by_disposition": counted(one.disposition for one in rows if one.state == "resolved"),
        "by_family": [_family(list(group), protocol, records) for _, group in groupby(sorted(rows, key=_family_of), key=_family_of)],
        "times": [_times(name, [one for one in rows if holds(one, inside[one.alert_id])]) for name, holds in _GROUPS],
        "outside_cover": sum(not one for one in inside.values()),
        "share_outside_cover": share(sum(not one for one in inside.values()), len(rows)),
        "urgent_outside_cover": sum(one.tier >= 3 and not inside[one.alert_id] for one in rows),
        "staff": staff,
        "per_coordinator_day": spread(loads),
        "per_person_week": share(len(rows), person_weeks),
        "minutes_of_work": sum(one.minutes_spent or 0 for one in rows),
        "highest_rung": max((one.highest_rung or 0 for one in rows), default=None),
        "days": days,
        "hours": _hours(rows, zone),
        "staffed": _staffed(cover, zone, start),
        "acknowledged_minutes": [
            {
                "tier": tier,
                "minutes": sorted(
                    _minutes(one.opened_utc, one.acknowledged_utc) for one in rows if one.tier == tier and one.acknowledged_utc
                ),
            }
            for tier in sorted({one.tier for one in rows})
        ],
        "never": [
            *(f"disclosure {one.id}" for one in protocol.disclosures if all(row.family != one.id for row in rows)),
            *(f"rule {one.id}" for one in protocol.alert_rules if all(row.family != one.id for row in rows)),
        ],
    }


def _family_of(one: Alerted) -> tuple[int, str]:
    return -one.tier, one.family


_GROUPS: Final[tuple[tuple[str, Callable[[Alerted, bool], bool]], ...]] = (
    ("tier 4, staffed hours", lambda one, staffed: one.tier == 4 and staffed),
    ("tier 4, other hours", lambda one, staffed: one.tier == 4 and not staffed),
    ("tier 3, staffed hours", lambda one, staffed: one.tier == 3 and staffed),
    ("tier 3, other hours", lambda one, staffed: one.tier == 3 and not staffed),
    ("tier 2, staffed hours", lambda one, staffed: one.tier == 2 and staffed),
    ("tier 2, other hours", lambda one, staffed: one.tier == 2 and not staffed),
)


def _times(name: str, rows: Sequence[Alerted]) -> dict[str, Any]:
    return {
        "group": name,
        "opened": len(rows),
        "to_acknowledge": spread(_minutes(one.opened_utc, one.acknowledged_utc) for one in rows if one.acknowledged_utc),
        "to_resolve": spread(_minutes(one.opened_utc, one.resolved_utc) for one in rows if one.resolved_utc),
    }


def _family(rows: Sequence[Alerted], protocol: Protocol, records: Records) -> dict[str, Any]:
    """`due`: alerts whose time to be acknowledged has run out or that were acknowledged; `in_time`: of these, acknowledged in it."""
    first = rows[0]
    due = in_time = 0
    for one in rows:
        by = answered(protocol, one.tier, one.opened_utc).by
        if one.acknowledged_utc is not None or (by is not None and by < records.known_until(one.participant_id)):
            due += 1
            in_time += one.acknowledged_utc is not None and by is not None and one.acknowledged_utc <= by
    unresolved = sum(one.state not in OVER for one in rows)
    return {
        "tier": first.tier,
        "family": first.family,
        "opened": len(rows),
        "due": due,
        "in_time": in_time,
        "share_in_time": share(in_time, due),
        "unresolved": unresolved,
        "to_acknowledge": spread(_minutes(one.opened_utc, one.acknowledged_utc) for one in rows if one.acknowledged_utc),
        "to_resolve": spread(_minutes(one.opened_utc, one.resolved_utc) for one in rows if one.resolved_utc),
    }


def _patience(ladder: Ladder) -> timedelta:
    """The longest that a ladder lets an alert rest; a weekend is added where only working days count."""
    longest = max(max(one.acknowledge_minutes, one.repeat_minutes) for one in ladder.rungs)
    minutes = max(longest, ladder.acknowledgement_minutes, ladder.snooze_limit_minutes)
    return timedelta(minutes=minutes, days=3 if ladder.tier == 2 else 1)


def _per_day(rows: Iterable[Alerted], zone: ZoneInfo, start: datetime, as_of: datetime) -> list[dict[str, Any]]:
    """Every calendar day of the office, also the quiet ones."""
    first, last = start.astimezone(zone).date(), as_of.astimezone(zone).date()
    found: dict[date, dict[str, int]] = {first + DAY * number: {"2": 0, "3": 0, "4": 0} for number in range((last - first).days + 1)}
    for one in rows:
        found.setdefault(one.opened_utc.astimezone(zone).date(), {"2": 0, "3": 0, "4": 0})[str(one.tier)] += 1
    return [{"date": day.isoformat(), "weekday": day.isoweekday(), "tiers": tiers} for day, tiers in sorted(found.items())]


def _hours(rows: Iterable[Alerted], zone: ZoneInfo) -> list[dict[str, int]]:
    """Alerts by tier in each of the 24 hours of the office's clock."""
    hours = [{"2": 0, "3": 0, "4": 0} for _ in range(24)]
    for one in rows:
        hours[one.opened_utc.astimezone(zone).hour][str(one.tier)] += 1
    return hours


def _staffed(cover: Cover, zone: ZoneInfo, start: datetime) -> dict[str, list[float]]:
    """By tier, for each hour of the office's clock, on how many days of the first week (0 to 7) someone is at work at its middle."""
    first = start.astimezone(zone).date()
    hours: dict[str, list[float]] = {str(tier): [0.0] * 24 for tier in (2, 3, 4)}
    for tier in (2, 3, 4):
        for hour in range(24):
            middles = [datetime.combine(first + DAY * number, time(hour, 30), zone) for number in range(7)]
            hours[str(tier)][hour] = float(sum(cover.covered(tier, one) for one in middles))
    return hours


def _minutes(start: datetime, end: datetime) -> float:
    return (end - start) / timedelta(minutes=1)
