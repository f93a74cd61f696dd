"""The house's own export, an archive or the folder it was unpacked into, as histories.

The day of a person is the local calendar day in the zone they started in. A use is a timed event of that kind, or the answer that one was
had; it belongs to the day that its prompt asked about: in the morning, the day before. A day is followed where that question was answered
with yes or no.
"""

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import nan
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from models.definition.instrument import Item
from models.definition.load import parse
from models.definition.protocol import Protocol
from models.errors import Invalid
from models.kinds import ItemKind
from risk.laboratory.terms import Dataset
from risk.population.features import Sources, Variable
from risk.population.history import History
from risk.population.record import EVENTS, STATES, Record, variable_of
from scheduler.plan.calendar import zone_info

Row = Mapping[str, str]
NAMED: Final = frozenset({"study", "release", "as_of", "format", "synthetic"})
"""What is read of an export's manifest."""
GROUPS: Final = {"sex": "sex", "medicine_kind": "medication"}


@dataclass(slots=True)
class Person:
    """One person while the tables are read, in days since the midnight of study day 1."""

    row: Row
    zone: ZoneInfo
    start: date
    record: Record = field(default_factory=Record)
    groups: dict[str, str] = field(default_factory=dict)

    def day(self, instant: str) -> float:
        """Local wall time since the midnight of study day 1, in days."""
        local = datetime.fromisoformat(instant).astimezone(self.zone).replace(tzinfo=None)
        return (local - datetime.combine(self.start, datetime.min.time())) / timedelta(days=1)


def read_own(path: Path) -> Dataset:
    """The people of an export. Raises Invalid (`not_an_export`) where the archive lacks a table that is needed."""
    export = Export(path)
    manifest = export.manifest()
    people = {row["participant_id"]: person_of(row) for row in export.rows("participants") if row["start_date"]}
    protocols = {one: parse(export.read(f"protocol/revision-{one}.json")) for one in export.revisions()}
    variables: dict[str, Variable] = {}
    slots = _prompts(export, people)
    _answers(export, people, protocols, slots, variables)
    _timed_events(export, people)
    _estimates(export, people)
    sources = Sources(tuple(variables[name] for name in sorted(variables)), EVENTS, prompts=True, states=_states(people))
    found = tuple(_history(people[name], thirds) for thirds in [_thirds(people)] for name in sorted(people))
    return Dataset(
        title=f"{manifest['study']['title']}, release {manifest['release']}",
        source=f"Breakwater export as of {manifest['as_of'][:10]}, {manifest['format']}",
        synthetic=bool(manifest["synthetic"]),
        people=tuple(one for one in found if one.last > one.first),
        sources=sources,
        notes=(
            "A day is followed where the evening question about use was answered with yes or no; other days are censored.",
            "The local day is that of the zone in which the person started.",
        ),
    )


class Export:
    """The tables of an export, an archive or a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, name: str) -> bytes:
        try:
            if self._path.is_dir():
                return (self._path / name).read_bytes()
            with zipfile.ZipFile(self._path) as archive:
                return archive.read(name)
        except (KeyError, FileNotFoundError, zipfile.BadZipFile):
            raise Invalid("not_an_export", f"{self._path.name} has no {name}: it is no export of this house.") from None

    def manifest(self) -> Any:
        try:
            found = json.loads(self.read("MANIFEST.json"))
        except ValueError:
            found = None
        told = found if isinstance(found, dict) else {}
        if not told.keys() >= NAMED or not isinstance(told["study"], dict) or "title" not in told["study"]:
            raise Invalid("not_an_export", f"The MANIFEST.json of {self._path.name} is not that of an export of this house.")
        return told

    def rows(self, table: str) -> "csv.DictReader[str]":
        return csv.DictReader(io.StringIO(self.read(f"{table}.csv").decode("utf-8"), newline=""))

    def revisions(self) -> list[str]:
        return sorted({row["protocol_revision"] for row in self.rows("items")})


def person_of(row: Row) -> Person:
    one = Person(row, zone_info(row["iana_tz"]), date.fromisoformat(row["start_date"]))
    one.groups |= {name: row[name] for name in ("arm", "site") if row[name]}
    return one


def _prompts(export: Export, people: Mapping[str, Person]) -> dict[str, Row]:
    """The prompt of each response; and what became of each prompt, from when that was clear."""
    of_response: dict[str, Row] = {}
    for row in export.rows("prompts"):
        if row["response_id"]:
            of_response[row["response_id"]] = row
        one = people.get(row["participant_id"])
        done = row["status"] in {"completed", "partial"}
        ended = row["server_received_utc"] if done else row["expired_utc"]
        if one is not None and row["row_kind"] == "prompt" and row["sent_utc"] and ended:
            latency = float(row["response_latency_s"]) / 3600.0 if row["response_latency_s"] else nan
            one.record.prompts.append((one.day(ended), done, latency))
    return of_response


def _answers(
    export: Export,
    people: Mapping[str, Person],
    protocols: Mapping[str, Protocol],
    slots: Mapping[str, Row],
    variables: dict[str, Variable],
) -> None:
    items = {(revision, item.id): item for revision, protocol in protocols.items() for one in protocol.instruments for item in one.series()}
    for row in export.rows("answers_long"):
        one = people.get(row["participant_id"])
        if one is None or row["newest"] != "1" or not row["value"]:
            continue
        slot = slots.get(row["response_id"], {})
        happened = one.day(row["event_time_utc"])
        known = max(happened, one.day(slot["server_received_utc"])) if slot.get("server_received_utc") else happened
        name, value = row["variable"], row["value"]
        if name in GROUPS:
            one.groups.setdefault(GROUPS[name], value)
        item = items.get((row["protocol_revision"], row["item"]))
        said = None if item is None else typed(item, row)
        if one.record.answer(item, name, value, said, happened=happened, known=known, study_day=_study_day(slot)) and item is not None:
            variables.setdefault(name, variable_of(item))


def _study_day(slot: Row) -> int | None:
    return int(slot["study_day"]) if slot.get("row_kind") == "prompt" and slot.get("study_day") else None


def typed(item: Item, row: Row) -> Any:
    """The value as the item map reads it: a number, yes or no, a code, or several."""
    if item.kind is ItemKind.YES_NO:
        return row["value"] == "1"
    if item.options:
        return row["value"].split(";")
    return float(row["value_number"]) if row["value_number"] else None


def _timed_events(export: Export, people: Mapping[str, Person]) -> None:
    for row in export.rows("timed_events"):
        one = people.get(row["participant_id"])
        if one is not None and row["retracted"] != "1":
            one.record.event(row["kind"], one.day(row["happened_utc"]), one.day(row["reported_utc"] or row["happened_utc"]))


def _estimates(export: Export, people: Mapping[str, Person]) -> None:
    """First revisions alone: what was known then."""
    for row in export.rows("estimates"):
        one = people.get(row["participant_id"])
        if one is None or row["revision"] != "1":
            continue
        one.record.estimate(max(one.day(row["as_of_utc"]), one.day(row["made_utc"])), json.loads(row["detail"]))


def _states(people: Mapping[str, Person]) -> tuple[str, ...]:
    known = {name for one in people.values() for name in one.record.states}
    return tuple(name for name in STATES if name in known)


def _thirds(people: Mapping[str, Person]) -> dict[str, str]:
    """Each person's third by the share of prompts that they answered."""
    asked = {name: one.record.prompts for name, one in people.items() if one.record.prompts}
    share = {name: sum(done for _, done, _ in prompts) / len(prompts) for name, prompts in asked.items()}
    ordered = sorted(share, key=lambda name: (share[name], name))
    words = ("lowest third", "middle third", "highest third")
    return {name: words[3 * place // len(ordered)] for place, name in enumerate(ordered)}


def _history(one: Person, thirds: Mapping[str, str]) -> History:
    ended = one.row["last_study_day"]
    third = thirds.get(one.row["participant_id"])
    return one.record.history(
        one.row["participant_id"],
        first=1,
        last=int(ended) if ended else 0,
        began=one.start,
        site=one.row["site"],
        groups=one.groups | ({"answering": third} if third else {}),
    )
