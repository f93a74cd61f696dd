"""The summary: one JSON document that says everything a rehearsal found. The page, the screen and the warnings read nothing else."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, Final

from api.rehearsal.happened import Happened, HouseSaw, Replies
from api.rehearsal.report import burden, points, work
from api.rehearsal.report.compliance import Exported, compliance, joined
from api.rehearsal.report.cover import Cover
from api.rehearsal.report.dataset import Dataset
from api.rehearsal.report.lives import lives
from api.rehearsal.report.numbers import rounded
from api.rehearsal.report.promises import Faults, look, sent_twice
from api.rehearsal.report.records import Records
from api.rehearsal.report.responses import ANSWER_COLUMNS, Answers, Rekey, arrivals
from models.codec import canonical

FORMAT: Final = "breakwater.rehearsal/1"

COMPLIANCE_COLUMNS: Final = ("participant_id", "design", "denominator", "completed_on_time", "completed_ever")


def summarize(
    dataset: Path | Sequence[Path],
    happened: Happened,
    *,
    rekey: Rekey | None = None,
    acknowledged: Collection[tuple[str, str]] | None = None,
) -> dict[str, Any]:
    """Everything about one rehearsal, from its exported dataset and what its driver saw; the same two give the same document.

    Of several houses there is a dataset each, and the document is of all people together. `rekey` is the export's own
    (`models.dataset.deidentify.Rekey`), `acknowledged` holds (enrollment id, response id) of every receipt: with both, each
    acknowledged response is looked for by its id. Instants are ISO 8601, shares lie on [0, 1], minutes are study time, replies
    milliseconds of the wall clock. Raises Invalid where a file is no dataset or lacks a table.
    """
    with ExitStack() as stack:
        opened = [stack.enter_context(closing(Dataset(one))) for one in ([dataset] if isinstance(dataset, Path) else dataset)]
        return rounded(_summary(opened, happened, rekey, acknowledged))  # type: ignore[no-any-return]


def encoded(summary: dict[str, Any]) -> bytes:
    """The summary as one line of canonical JSON, but for `synthetic`, which nobody shall have to look for: it comes first."""
    rest = canonical({name: value for name, value in summary.items() if name != "synthetic"})
    return b'{"synthetic":' + canonical(summary["synthetic"]) + b"," + rest[1:] + b"\n"


def _summary(
    houses: Sequence[Dataset], happened: Happened, rekey: Rekey | None, acknowledged: Collection[tuple[str, str]] | None
) -> dict[str, Any]:
    records, faults, answers = Records.joined([Records.load(one) for one in houses]), Faults(), Answers()
    protocol, start = records.protocol, min((one.started_utc for one in records.persons), default=records.as_of)
    answers.read(_rows(houses, "answers_long", *ANSWER_COLUMNS), faults)
    sent_twice(_rows(houses, "events", "prompt_id", "from_state", "to_state"), faults)
    nearest = look(records, faults)
    followed = compliance(records.come(), *joined([(_exported(one), one.manifest["compliance"]) for one in houses]))
    faults.add_many("compliance", followed["agreement"]["differing"] + (not followed["agreement"]["means_agree"]))
    cover = Cover(protocol.staffing, start, max(records.as_of, start + timedelta(days=7)))
    until = min(happened.started_at + timedelta(days=happened.days), records.as_of)
    days = records.days(until)
    weeks = burden.person_weeks(days.values())
    people = {one.participant_id for one in records.persons}
    came = arrivals(happened, answers, people, faults, rekey=rekey, acknowledged=acknowledged)
    faults.add_many("receipt", max(happened.duplicates_sent - happened.duplicates_equal, 0))
    faults.add_many("unexpected_reply", len(happened.unexpected))
    decided = points.decisions(records.decisions, protocol, weeks, faults)
    worked = work.alerts(
        records,
        protocol,
        cover,
        touched=_touched(_rows(houses, "alert_events", "alert_id", "at_utc")),
        staff=happened.staff,
        start=start,
        person_weeks=weeks,
        faults=faults,
    )
    return {
        "synthetic": True,
        "format": FORMAT,
        "run": _run(happened, houses[0].manifest["software_version"], start, records.as_of),
        "protocol": {
            "name": protocol.name,
            "version": protocol.version,
            "title": protocol.title[protocol.language],
            "revisions": len(records.protocols),
            "checksum": happened.protocol_checksum,
        },
        "people": {"in_dataset": len(records.persons), "person_weeks": weeks, "days": sum(days.values())},
        "faults": faults.document(),
        "gaps": nearest,
        "prompts": burden.states(records),
        "compliance": followed,
        "responses": {**came, **burden.timing(records, answers.nothing)},
        "burden": burden.burden(records, days),
        "clock": burden.clock(records),
        "reading": burden.reading(records, protocol, cover),
        "blocked": burden.blocked(records),
        "items": answers.asked(protocol),
        "decisions": decided,
        "alerts": worked,
        "lives": lives(records, until),
        "replies": _replies(happened.routes),
        "driver": _driver(happened),
    }


def _rows(houses: Sequence[Dataset], table: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    return chain.from_iterable(one.rows(table, *columns) for one in houses)


def _exported(house: Dataset) -> Exported:
    return {
        (person, design): (below, on_time, ever) for person, design, below, on_time, ever in house.rows("compliance", *COMPLIANCE_COLUMNS)
    }


def _run(happened: Happened, software: str, start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "seed": happened.seed,
        "people": happened.people,
        "days": happened.days,
        "staff": happened.staff,
        "preset": happened.preset,
        "mnar": happened.mnar,
        "world": happened.world,
        "started_at": _instant(start),
        "ended_at": _instant(end),
        "complete": happened.complete,
        "wall_seconds": happened.wall_seconds,
        "drive_seconds": happened.drive_seconds,
        "clock_seconds": happened.clock_seconds,
        "versions": dict(sorted({**happened.versions, "breakwater": software}.items())),
        "platform": happened.platform,
        "database": happened.database,
        "export_sha256": happened.export_sha256,
        "export_bytes": happened.export_bytes,
        "houses": max(len(happened.houses), 1),
        "by_house": [_house(one) for one in happened.houses],
    }


def _house(one: HouseSaw) -> dict[str, Any]:
    return {
        "house": one.house,
        "people": one.people,
        "staff": one.staff,
        "ended_at": _instant(one.ended_at),
        "requests": one.requests,
        "wall_seconds": one.wall_seconds,
        "drive_seconds": one.drive_seconds,
        "export_sha256": one.export_sha256,
        "export_bytes": one.export_bytes,
    }


def _driver(happened: Happened) -> dict[str, Any]:
    return {
        "duplicates_sent": happened.duplicates_sent,
        "duplicates_equal": happened.duplicates_equal,
        "conflicts": happened.conflicts,
        "refusals": [{"status": one.status, "code": one.code, "expected": one.expected, "count": one.count} for one in happened.refusals],
        "acts": dict(sorted(happened.acts.items())),
        "unexpected": [
            {"at": _instant(one.at), "method": one.method, "route": one.route, "status": one.status, "code": one.code}
            for one in happened.unexpected[:20]
        ],
    }


def _replies(routes: Iterable[Replies]) -> list[dict[str, Any]]:
    return [
        {
            "method": one.method,
            "route": one.route,
            "count": one.count,
            "p50_ms": one.p50,
            "p99_ms": one.p99,
            "slowest_ms": one.slowest,
            "statuses": dict(sorted(one.statuses.items())),
            "histogram": [list(pair) for pair in one.histogram],
        }
        for one in sorted(routes, key=lambda one: (-one.count, one.route, one.method))
    ]


def _touched(events: Iterable[tuple[str, datetime]]) -> dict[str, datetime]:
    newest: dict[str, datetime] = {}
    for alert_id, at in events:
        newest[alert_id] = max(at, newest.get(alert_id, at))
    return newest


def _instant(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
