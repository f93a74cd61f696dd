"""Answers as the estimator hears them, for `breakwater forecast` and `breakwater prior`: from the house's own export, or from a file with a
replay's mapping.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from api.laboratory.own_layout import Export, person_of, typed
from api.rehearsal.mapping import load_mapping, read_entries
from models.definition.instrument import Instrument
from models.definition.itemmap import item_map
from models.definition.load import parse
from models.definition.protocol import Protocol
from models.errors import Invalid
from models.kinds import Node
from risk.estimate.nodes import ItemNode, Nodes, from_item_map
from risk.laboratory.learned_prior import CRAVING, of_craving
from risk.observe import observe
from risk.terms import Observation
from scheduler.plan.calendar import zone_info

PROMPTED: Final = "Nothing here was prompted by the house: every response is taken as the answer to a prompt."


@dataclass(frozen=True, slots=True)
class Streams:
    """Each person's answers in order; where `craving` names variables, with one indicator of craving: their mean."""

    title: str
    source: str
    synthetic: bool
    craving: tuple[str, ...]
    nodes: Nodes
    people: tuple[tuple[Observation, ...], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Said:
    person: str
    at: datetime
    offset_minutes: int
    instrument: Instrument
    values: Mapping[str, Any]


def read_streams(dataset: Path, mapping: Path | None, craving: Sequence[str] | None) -> Streams:
    """Raises Invalid (`no_craving`) where a variable of `craving` is not asked; with an empty one, `craving` or else all indicators of C.

    None: the indicators of craving stay as they are asked.
    """
    if mapping is not None:
        mapped = load_mapping(mapping)
        protocol = parse((mapping.parent / mapped.protocol).read_bytes())
        wanted, protocol = _with_craving(protocol, craving)
        instrument = next(one for one in protocol.instruments if one.id == mapped.instrument)
        entries, left = read_entries(dataset, mapped)
        said = [_Said(one.person, one.at, _offset(one.at, zone_info(one.zone)), instrument, one.answers) for one in entries]
        notes = [f"{left.without_time} responses without a time and {len(left.refused)} that could not be read are left out."]
        return _streams(mapped.title, dataset.name, False, wanted, protocol, said, notes)
    export = Export(dataset)
    manifest = export.manifest()
    protocols = {one: parse(export.read(f"protocol/revision-{one}.json")) for one in export.revisions()}
    wanted, newest = _with_craving(protocols[max(protocols, key=int)], craving)
    said = list(_of_export(export, {name: _with_craving(one, wanted or None)[1] for name, one in protocols.items()}))
    title = f"{manifest['study']['title']}, release {manifest['release']}"
    return _streams(title, f"Breakwater export as of {manifest['as_of'][:10]}", bool(manifest["synthetic"]), wanted, newest, said, [])


def _with_craving(protocol: Protocol, wanted: Sequence[str] | None) -> tuple[tuple[str, ...], Protocol]:
    """The variables of craving, and the protocol in which they, and nothing else, speak for C. None: as the protocol is."""
    if wanted is None:
        return (), protocol
    items = [item for one in protocol.instruments for item in one.items]
    asked = {item.variable for item in items}
    own = sorted({item.variable for item in items if item.node is Node.C and item.direction and item.show_if is None})
    chosen = tuple(wanted) or ((CRAVING,) if CRAVING in own else tuple(own))
    if not chosen or not asked.issuperset(chosen):
        absent = ", ".join(sorted(set(chosen) - asked)) or "nothing that speaks for craving"
        raise Invalid("no_craving", f"The protocol does not ask about: {absent}.")
    instruments = []
    for one in protocol.instruments:
        changed = []
        for item in one.items:
            node = Node.C if item.variable in chosen else Node.NONE if item.node is Node.C else item.node
            changed.append(item.model_copy(update={"node": node, "direction": item.direction or 1}) if node is not item.node else item)
        instruments.append(one.model_copy(update={"items": tuple(changed)}))
    return chosen, protocol.model_copy(update={"instruments": tuple(instruments)})


def _of_export(export: Export, protocols: Mapping[str, Protocol]) -> Iterable[_Said]:
    zones = {row["participant_id"]: person_of(row).zone for row in export.rows("participants") if row["start_date"]}
    instruments = {(revision, one.id): one for revision, protocol in protocols.items() for one in protocol.instruments}
    items = {(revision, one.id, item.id): item for (revision, _), one in instruments.items() for item in one.series()}
    values: dict[str, dict[str, Any]] = {}
    rows: dict[str, Mapping[str, str]] = {}
    for row in export.rows("answers_long"):
        item = items.get((row["protocol_revision"], row["instrument"], row["item"]))
        if row["newest"] == "1" and row["value"] and item is not None and row["participant_id"] in zones:
            rows[row["response_id"]] = row
            values.setdefault(row["response_id"], {})[item.id] = typed(item, row)
    for response, one in rows.items():
        at = datetime.fromisoformat(one["event_time_utc"])
        instrument = instruments[one["protocol_revision"], one["instrument"]]
        yield _Said(one["participant_id"], at, _offset(at, zones[one["participant_id"]]), instrument, values[response])


def _offset(at: datetime, zone: ZoneInfo) -> int:
    """Minutes."""
    return int((at.astimezone(zone).utcoffset() or timedelta()) / timedelta(minutes=1))


def _streams(
    title: str, source: str, synthetic: bool, wanted: tuple[str, ...], protocol: Protocol, said: Sequence[_Said], notes: list[str]
) -> Streams:
    found: dict[str, list[Observation]] = {}
    for place, one in enumerate(sorted(said, key=lambda one: (one.person, one.at))):
        heard = observe(one.instrument, one.values, source_id=f"{place:09d}", event_time=one.at, offset_minutes=one.offset_minutes)
        found.setdefault(one.person, []).append(heard)
    if not any(one.trains for stream in found.values() for one in stream):
        found = {name: [replace(one, kind="response", trains=True) for one in stream] for name, stream in found.items()}
        notes = [*notes, PROMPTED]
    nodes, people = from_item_map(item_map(protocol)), [found[name] for name in sorted(found)]
    if wanted:
        others = {name: node for name, node in nodes.items() if node.node != "C"}
        nodes, people = Nodes({**others, CRAVING: ItemNode(CRAVING, "C")}), [of_craving(one, wanted) for one in people]
    return Streams(title, source, synthetic, wanted, nodes, tuple(map(tuple, people)), tuple(notes))
