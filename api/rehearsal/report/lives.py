"""A few people's activity level over time, with the age of its evidence: what is not known is never drawn as low. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import fsum
from typing import Any, Final

from api.rehearsal.report.records import Estimated, Person, Records

PEOPLE: Final = 6
POINTS: Final = 240
"""At most so many estimates of a person are kept, evenly chosen, the first and last included."""


def lives(records: Records, until: datetime) -> list[dict[str, Any]]:
    """Six people from the lowest to the highest mean level, to `until` or to where they left.

    Points are [days since the person started, level, hours since craving was last answered, evidence].
    """
    by_person: dict[str, list[Estimated]] = {}
    for one in records.estimates:
        by_person.setdefault(one.participant_id, []).append(one)
    persons = {one.participant_id: one for one in records.persons}
    ranked = sorted((_mean(rows), person) for person, rows in by_person.items() if person in persons)
    chosen = [ranked[round(place * (len(ranked) - 1) / max(PEOPLE - 1, 1))] for place in range(min(PEOPLE, len(ranked)))] if ranked else []
    return [
        _life(number, persons[person], by_person[person], min(until, records.known_until(person)))
        for number, (_, person) in enumerate(dict.fromkeys(chosen), 1)
    ]


def _mean(rows: Sequence[Estimated]) -> float:
    levels = [one.level for one in rows if one.level is not None]
    return fsum(levels) / len(levels) if levels else -1.0


def _life(number: int, person: Person, rows: Sequence[Estimated], until: datetime) -> dict[str, Any]:
    ordered = sorted((one for one in rows if one.as_of_utc <= until), key=lambda one: one.as_of_utc)
    step = max(-(-len(ordered) // POINTS), 1)
    kept = ordered[::step] if (len(ordered) - 1) % step == 0 else [*ordered[::step], ordered[-1]]
    end = until if person.ended_utc is None else min(until, person.ended_utc)
    return {
        "person": f"Person {number}",
        "until": (end - person.started_utc) / timedelta(days=1),
        "points": [[(one.as_of_utc - person.started_utc) / timedelta(days=1), one.level, one.age_hours, one.evidence] for one in kept],
    }
