"""What a study asks of people: minutes, prompts, hours of the day, days of silence; and whether someone reads what they say. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from api.rehearsal.report.cover import Cover, disclosing
from api.rehearsal.report.numbers import counted, share, spread
from api.rehearsal.report.records import ASIDE, Prompted, Records
from models.definition.protocol import Protocol

ASLEEP: Final = range(6)
"""Local hours 0:00 to 5:59, in which surveys of how people use their time find most adults asleep. Called night here."""

LONGEST_MINUTES: Final = 60.0
"""One sitting counts at most so long: whoever comes back to an open questionnaire hours later did not spend them answering."""

LATE_UPLOAD: Final = timedelta(hours=1)
"""An answer that reached the server longer after it was given was kept on the phone."""

BIN_MINUTES: Final = 1
"""Width of the bins of minutes per person-day."""


def burden(records: Records, days: Mapping[str, int]) -> dict[str, Any]:
    """Per person-day of participation: prompts sent, reports started, minutes by the instruments' stated seconds and as simulated."""
    seconds = {one.id: one.seconds for protocol in records.protocols.values() for one in protocol.instruments}
    asked, stated, took = Counter[tuple[str, int]](), Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    prompts, reports = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for row in records.prompts:
        if row.study_day is None or not 1 <= row.study_day <= days.get(row.participant_id, 0):
            continue
        key = (row.participant_id, row.study_day)
        entry = row.row_kind == "entry"
        reports[key] += entry
        prompts[key] += _reached(row)
        asked[key] += seconds.get(row.instrument, 0) if entry or _reached(row) else 0
        if row.answered:
            stated[key] += seconds.get(row.instrument, 0)
            took[key] += round(min(row.duration_s or 0.0, LONGEST_MINUTES * 60))
    every = [(person, day) for person, last in days.items() for day in range(1, last + 1)]
    return {
        "person_days": len(every),
        "minutes_asked": _minutes(asked, every),
        "minutes_answered_stated": _minutes(stated, every),
        "minutes_answered_simulated": _minutes(took, every),
        "prompts": spread(float(prompts[key]) for key in every),
        "reports": spread(float(reports[key]) for key in every),
        "histogram": _bins([asked[key] / 60 for key in every]),
        "silent_days": _silent(every, stated),
    }


def _reached(row: Prompted) -> bool:
    """Whether a prompt came to the person: it was sent, or a phone that was offline answered it all the same."""
    return row.row_kind == "prompt" and (row.sent_utc is not None or row.answered)


def _minutes(seconds: Mapping[tuple[str, int], int], every: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """The spread over person-days, and the person whose days are longest on average."""
    persons: dict[str, list[float]] = {}
    for key in every:
        persons.setdefault(key[0], []).append(seconds.get(key, 0) / 60)
    means = [sum(own) / len(own) for own in persons.values()]
    return {**spread(seconds.get(key, 0) / 60 for key in every), "worst_person_mean": max(means, default=None)}


def _bins(minutes: Sequence[float]) -> list[dict[str, Any]]:
    counts = Counter(int(one // BIN_MINUTES) for one in minutes)
    return [
        {"from": place * BIN_MINUTES, "to": (place + 1) * BIN_MINUTES, "days": counts[place]}
        for place in range(max(counts, default=-1) + 1)
    ]


def _silent(every: Sequence[tuple[str, int]], stated: Mapping[tuple[str, int], int]) -> dict[str, Any]:
    """Person-days without one answer, and the longest run of them."""
    silent = {key for key in every if not stated.get(key)}
    longest = run = 0
    for key in every:
        run = run + 1 if key in silent and (run == 0 or key[1] > 1) else int(key in silent)
        longest = max(longest, run)
    return {"days": len(silent), "share": share(len(silent), len(every)), "longest_run": longest}


def clock(records: Records) -> dict[str, Any]:
    """Prompts and answers by local hour and weekday, and how many prompts came at night."""
    sent = [one for one in records.prompts if _reached(one)]
    asked, given = Counter(one.asked_hour for one in sent), Counter(one.answer_hour for one in records.prompts if one.answered)
    at_night = sum(one.asked_hour in ASLEEP for one in sent)
    weekdays = Counter(one.weekday for one in sent)
    return {
        "prompts_by_hour": [asked[hour] for hour in range(24)],
        "answers_by_hour": [given[hour] for hour in range(24)],
        "prompts_by_weekday": [weekdays[day] for day in range(1, 8)],
        "night_hours": [ASLEEP.start, ASLEEP.stop],
        "prompts_at_night": at_night,
        "share_at_night": share(at_night, len(sent)),
        "night_by_design": counted(one.design for one in sent if one.asked_hour in ASLEEP),
    }


def reading(records: Records, protocol: Protocol, cover: Cover) -> list[dict[str, Any]]:
    """Prompts by part of the week: someone reads what they may disclose, nobody reads it, or there is nothing to disclose.

    A prompt is read where every tier of the disclosures that its instrument can make is staffed at the planned moment.
    """
    tiers = disclosing(protocol)
    parts = {part: Counter[str]() for part in ("weekday", "weekday night", "weekend", "weekend night")}
    for row in records.prompts:
        if not _reached(row) or row.scheduled_utc is None or row.weekday is None:
            continue
        own = tiers.get(row.instrument, frozenset())
        word = "nothing" if not own else "read" if all(cover.covered(tier, row.scheduled_utc) for tier in own) else "unread"
        urgent = any(tier >= 3 and not cover.covered(tier, row.scheduled_utc) for tier in own)
        part = ("weekend" if row.weekday >= 6 else "weekday") + (" night" if row.asked_hour in ASLEEP else "")
        parts[part][word] += 1
        parts[part]["urgent_unread"] += urgent
    return [
        {"part": part, **{word: counts[word] for word in ("read", "unread", "nothing", "urgent_unread")}} for part, counts in parts.items()
    ]


def blocked(records: Records) -> list[dict[str, Any]]:
    """Per design: slots whose moment has come, and those of them that were blocked, by reason."""
    found: dict[str, tuple[int, Counter[str]]] = {}
    for slot in records.slots:
        if slot.scheduled_utc > records.known_until(slot.participant_id) or slot.state == "superseded":
            continue
        number, reasons = found.get(slot.design, (0, Counter()))
        if slot.state == "blocked":
            reasons[slot.reason or "unknown"] += 1
        found[slot.design] = (number + 1, reasons)
    return [
        {"design": design, "slots": number, "blocked": dict(sorted(reasons.items()))} for design, (number, reasons) in sorted(found.items())
    ]


def states(records: Records) -> dict[str, Any]:
    """Prompts whose moment has come, by state and by status, and by status on each study day."""
    rows = [one for one in records.prompts if one.row_kind == "prompt"]
    days: dict[int, list[str]] = {}
    for one in rows:
        days.setdefault(one.study_day or 0, []).append(one.status)
    to_come = sum(slot.state not in ASIDE and slot.scheduled_utc > records.known_until(slot.participant_id) for slot in records.slots)
    return {
        "prompts": len(rows),
        "entries": len(records.prompts) - len(rows),
        "to_come": to_come,
        "by_state": counted(one.state for one in rows),
        "by_status": counted(one.status for one in rows),
        "by_reason": counted(one.reason for one in rows if one.reason is not None),
        "by_day": [{"day": day, "status": counted(days.get(day, []))} for day in range(min(days, default=0), max(days, default=-1) + 1)],
        "several_responses": sum((one.n_responses or 0) > 1 for one in rows),
    }


def timing(records: Records, nothing: Mapping[str, int]) -> dict[str, Any]:
    """When answers came, the kinds of nothing, what arrived late, wrong clocks, travelers, leaving."""
    given = [one for one in records.prompts if one.answered]
    waits = [wait for wait in map(_wait, given) if wait is not None]
    return {
        "by_timing": counted(one.timing for one in given),
        "nothing": dict(nothing),
        "late_uploads": sum(wait > LATE_UPLOAD for wait in waits),
        "hours_to_arrive": spread(wait / timedelta(hours=1) for wait in waits if wait > LATE_UPLOAD),
        "clock_suspect": sum(bool(one.clock_suspect) for one in given),
        "travelers": sum(one.n_zones > 1 for one in records.persons),
        "zone_changes": sum(bool(one.tz_changed) for one in records.prompts),
        "people_by_state": counted(one.state for one in records.persons),
        "left": counted(word for one in records.persons for word in (one.left or "").split(";") if word),
    }


def _wait(row: Prompted) -> timedelta | None:
    if row.server_received_utc is None or row.completed_utc is None:
        return None
    return row.server_received_utc - row.completed_utc


def person_weeks(days: Iterable[int]) -> float:
    return sum(days) / 7
