"""What was seen in several houses, put together as if one driver had seen it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain

from api.rehearsal.finish import Ended
from api.rehearsal.happened import Happened, HouseSaw
from api.rehearsal.recorder import Recorder
from models.dataset.deidentify import Rekey


def happened(houses: Sequence[Ended]) -> Happened:
    """The frozen record of all people together; that of a single house as it is."""
    each = [one.happened for one in houses]
    if len(each) == 1:
        return each[0]
    record = Recorder.of(one.seen for one in houses)

    def total(name: str) -> int:
        return sum(getattr(one, name) for one in each)

    return replace(
        max(each, key=lambda one: one.wall_seconds),
        study_id=each[0].study_id,
        people=total("people"),
        staff=total("staff"),
        started_at=min(one.started_at for one in each),
        ended_at=max(one.ended_at for one in each),
        complete=all(one.complete for one in each),
        routes=record.routes(),
        persons=tuple(chain.from_iterable(one.persons for one in each)),
        acknowledged=record.acknowledged(),
        acknowledged_digest=record.acknowledged_digest(),
        duplicates_sent=total("duplicates_sent"),
        duplicates_equal=total("duplicates_equal"),
        conflicts=total("conflicts"),
        refusals=record.refusals(),
        content=record.content(),
        prompts_noticed=total("prompts_noticed"),
        prompts_ignored=total("prompts_ignored"),
        alerts=tuple(sorted(chain.from_iterable(one.alerts for one in each), key=lambda one: (one.opened_at, one.alert_id))),
        acts=record.acts(),
        unexpected=record.unexpected(),
        export_sha256=None,
        export_bytes=total("export_bytes"),
        stored=total("stored"),
        lost=total("lost"),
        doubled=total("doubled"),
        unclaimed=total("unclaimed"),
        houses=tuple(_house(number, one) for number, one in enumerate(each, start=1)),
    )


def _house(number: int, one: Happened) -> HouseSaw:
    return HouseSaw(
        house=number,
        people=one.people,
        staff=one.staff,
        study_id=one.study_id,
        ended_at=one.ended_at,
        requests=sum(route.count for route in one.routes),
        wall_seconds=one.wall_seconds,
        drive_seconds=one.drive_seconds,
        export_sha256=one.export_sha256,
        export_bytes=one.export_bytes,
    )


def ids(houses: Sequence[Ended]) -> Callable[..., str] | None:
    """How the exports made the ids of what belongs to an enrollment: each house has a key of its own. None where one is not known."""
    keys: dict[str, Rekey] = {}
    for one in houses:
        if one.ids is None:
            return None
        keys |= {person.enrollment_id: one.ids for person in one.happened.persons}

    def rekey(kind: str, enrollment_id: str, *parts: object) -> str:
        return keys[enrollment_id](kind, enrollment_id, *parts)

    return rekey
