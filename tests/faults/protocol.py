"""The shipped protocol made busy, so that a run of minutes holds as many prompts, follow-ups and outcomes as a week does."""

import json
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.build import SHIPPED


@cache
def _shipped() -> bytes:
    return (SHIPPED / "oud.json").read_bytes()


def busy() -> dict[str, Any]:
    """For a rehearsal, where minutes of study time pass in a second: eleven random checks a day, more follow-ups and content."""
    document: dict[str, Any] = json.loads(_shipped())
    document |= {"version": "1.0.1", "availability": document["availability"] | {"per_day": 8, "gap_minutes": 20}}
    for design in document["designs"]:
        if design["id"] == "random_checks":
            design |= {
                "prompts": 11,
                "gap_minutes": 15,
                "exclude": [],
                "exclude_minutes": 0,
                "from_start_minutes": 30,
                "to_end_minutes": 30,
            }
        if design["kind"] == "follow_up":
            design |= {"per_day": 12}
    return document


def every_minute(now: datetime, zone: str, minutes: int = 90) -> dict[str, Any]:
    """For the true clock: a check every minute from `now` on, open for one minute, and outcomes and rungs of minutes."""
    document = busy()
    begun = now.astimezone(ZoneInfo(zone))
    times = sorted({f"{begun + timedelta(minutes=one):%H:%M}" for one in range(1, minutes)})
    document["designs"] = [one for one in document["designs"] if one["kind"] == "event"] + [
        {"id": "checks", "instrument": "momentary", "kind": "fixed", "times": times, "expiry": {"minutes": 1}},
        {
            "id": "craving_follow_up",
            "instrument": "checking_back",
            "kind": "follow_up",
            "after": ["craving"],
            "delay_minutes": 1,
            "per_day": 40,
            "expiry": {"minutes": 2, "reminders": {"count": 1, "every_minutes": 1}},
        },
    ]
    for rule in document["rules"]:
        if rule.get("outcome"):
            rule["outcome"] |= {"after_minutes": 1, "within_minutes": 2}
    for ladder in document["ladders"]:
        ladder["rungs"] = [one | {"acknowledge_minutes": 1, "repeat_minutes": 1} for one in ladder["rungs"]]
        ladder["acknowledgement_minutes"] = 2
    return document
