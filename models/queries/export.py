"""Exports: what may be asked for, by whom and why."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select

from models.access import Ability, Viewer, require_study
from models.definition.load import parse
from models.definition.protocol import Protocol
from models.errors import Fault, Forbidden, Invalid
from models.errors import Missing as NotThere
from models.ids import new_uid
from models.kinds import ExportState, ItemKind, Missing
from models.queries.cut import snapshot_text, take_cut
from models.session import ReadSession, WriteSession
from models.tables import Export, ProtocolVersion, Study

FORMATS: Final = ("csv", "parquet")

TABLES: Final[Mapping[str, Ability]] = MappingProxyType(
    {
        "prompts": Ability.EXPORT,
        "answers_long": Ability.EXPORT,
        "scores": Ability.EXPORT,
        "trials": Ability.EXPORT,
        "task_scores": Ability.EXPORT,
        "participants": Ability.EXPORT,
        "schedule": Ability.EXPORT,
        "events": Ability.EXPORT,
        "timed_events": Ability.EXPORT,
        "planned_events": Ability.EXPORT,
        "signals": Ability.EXPORT,
        "compliance": Ability.EXPORT,
        "compliance_weeks": Ability.EXPORT,
        "estimates": Ability.SEE_ESTIMATES,
        "population_scores": Ability.SEE_ESTIMATES,
        "decisions": Ability.SEE_ESTIMATES,
        "engagement": Ability.SEE_ESTIMATES,
        "alerts": Ability.SEE_ALERTS,
        "alert_events": Ability.SEE_ALERTS,
    }
)
"""Every table that can be asked for, and the ability it needs besides `export`."""

MISSING_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {Missing.NOT_SHOWN: "-77", Missing.DECLINED: "-88", Missing.SKIPPED: "-99", Missing.NOT_REACHED: "-66"}
)
"""Kind of nothing -> what stands in the cell of the prompt table."""

NA_CODES: Final[Mapping[str, str]] = MappingProxyType(dict.fromkeys(MISSING_CODES, "NA"))
"""The profile for readers that know one kind of nothing; the long table keeps all four."""

_RELEASE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\Z")
_CODE: Final = re.compile(r"(-?[0-9]{1,6}|NA)\Z")


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What to export. `tables` empty: all that the viewer may have.

    `release` names the release: its ids are stable within it and cannot be linked to another. `purpose` goes into the
    dataset, the audit and the disclosure ledger.
    """

    release: str
    purpose: str
    formats: tuple[str, ...] = ("csv",)
    tables: tuple[str, ...] = ()
    missing_codes: Mapping[str, str] = field(default_factory=lambda: dict(MISSING_CODES))


def software_version() -> str:
    try:
        return version("breakwater")
    except PackageNotFoundError:
        return "unreleased"


def request_export(session: WriteSession, viewer: Viewer, study_id: int, request: ExportRequest, *, now: datetime) -> UUID:
    """Stores the request with its cut and gives the export's id; a duty builds it.

    Raises Missing or Forbidden as `require_study`, Forbidden for a table that the viewer may not have, Invalid with faults
    for what is not well formed. A viewer whose role is bound to sites gets these sites only.
    """
    require_study(viewer, Ability.EXPORT, study_id)
    allowed = tuple(table for table in TABLES if _may(viewer, study_id, table))
    faults = _faults(request) or _collisions(session, study_id, request.missing_codes)
    if faults:
        raise Invalid("export_invalid", "The request breaks a rule.", faults)
    _require_tables(request.tables, allowed)
    study = session.row(select(Study).where(Study.id == study_id))
    if study is None:
        raise NotThere("not_found", "There is no such study.")
    export_uid = new_uid()
    tables = tuple(table for table in allowed if table in request.tables) if request.tables else allowed
    stored = {
        "missing_codes": {str(kind): code for kind, code in request.missing_codes.items()},
        "tables": list(tables),
        "formats": [one for one in FORMATS if one in request.formats],
        "sites": _sites(viewer, study_id),
        "study": {"slug": study.slug, "title": study.title, "certificate": study.certificate_of_confidentiality},
        "cut": take_cut(session, study_id),
    }
    session.add(
        Export,
        uid=export_uid,
        study_id=study_id,
        requested_by=viewer.staff_id,
        requested_at=now,
        request=stored,
        purpose=request.purpose.strip(),
        release=request.release,
        as_of=now,
        snapshot=snapshot_text(session),
        state=ExportState.WAITING,
        software_version=software_version(),
        synthetic=study.synthetic,
    )
    return export_uid


def request_of(row: Row[Any]) -> ExportRequest:
    """The request as it was made, for people: without the cut."""
    stored = row.request
    return ExportRequest(row.release, row.purpose, tuple(stored["formats"]), tuple(stored["tables"]), stored["missing_codes"])


def _may(viewer: Viewer, study_id: int, table: str) -> bool:
    if viewer.kind == "system":
        return True
    needed = TABLES[table]
    covers = _sites(viewer, study_id, needed)
    wanted = _sites(viewer, study_id)
    return study_id in viewer.studies(needed) and (covers is None or (wanted is not None and set(wanted) <= set(covers)))


def _sites(viewer: Viewer, study_id: int, ability: Ability = Ability.EXPORT) -> list[int] | None:
    """The sites that the viewer's grants reach; None: all."""
    if viewer.kind == "system":
        return None
    sites = {grant.site_id for grant in viewer.granting(ability) if grant.study_id == study_id}
    return None if None in sites else sorted(site for site in sites if site is not None)


def _require_tables(wanted: Collection[str], allowed: Collection[str]) -> None:
    refused = sorted(set(wanted) - set(allowed))
    if refused:
        raise Forbidden("forbidden", f"Your role in this study does not allow these tables: {', '.join(refused)}.")


def _faults(request: ExportRequest) -> tuple[Fault, ...]:
    faults = []
    if not _RELEASE.match(request.release):
        faults.append(Fault("/release", "pattern", "1 to 63 letters, digits, dots, hyphens and underscores, a letter or digit first."))
    if not 10 <= len(request.purpose.strip()) <= 500:
        faults.append(Fault("/purpose", "length", "Say in 10 to 500 characters what the data is for."))
    if not request.formats:
        faults.append(Fault("/formats", "empty", "At least one format."))
    for name, given, known in (("formats", request.formats, FORMATS), ("tables", request.tables, TABLES)):
        faults += [
            Fault(f"/{name}/{place}", "unknown", f"One of: {', '.join(known)}.") for place, one in enumerate(given) if one not in known
        ]
    if set(request.missing_codes) != set(MISSING_CODES):
        faults.append(Fault("/missing_codes", "members", f"Exactly: {', '.join(MISSING_CODES)}."))
    elif not all(map(_CODE.match, request.missing_codes.values())):
        faults.append(Fault("/missing_codes", "pattern", "A code is a whole number of at most six digits, or NA."))
    return tuple(faults)


def _collisions(session: ReadSession, study_id: int, codes: Mapping[str, str]) -> tuple[Fault, ...]:
    """A code that could also be an answer would make an answer vanish."""
    documents = session.rows(select(ProtocolVersion.document).where(ProtocolVersion.study_id == study_id))
    found = {item for row in documents for item in ambiguous_items(parse(row.document), codes)}
    return tuple(
        Fault("/missing_codes", "ambiguous", f"The item {item} could be answered with one of these codes; NA never can.")
        for item in sorted(found)
    )


_NUMERIC: Final = frozenset({ItemKind.SLIDER, ItemKind.LIKERT, ItemKind.INTEGER, ItemKind.DECIMAL})


def ambiguous_items(protocol: Protocol, codes: Mapping[str, str]) -> tuple[str, ...]:
    """Items whose answer could be one of the codes: numbers within the item's bounds, and option codes."""
    numbers = [int(code) for code in codes.values() if code != "NA"]
    return tuple(
        item.id
        for _, item in protocol.items()
        if not item.options
        and item.kind in _NUMERIC
        and any((item.minimum is None or item.minimum <= code) and (item.maximum is None or code <= item.maximum) for code in numbers)
    )


def exports_of(viewer: Viewer, study_id: int) -> Select[Any]:
    """The exports of a study, newest first, for a cursor list (ix_export_study). Raises as `require_study`."""
    require_study(viewer, Ability.EXPORT, study_id)
    return select(Export).where(Export.study_id == study_id).order_by(Export.requested_at.desc(), Export.id.desc())


def export_by_uid(session: ReadSession, viewer: Viewer, export_uid: UUID) -> Row[Any]:
    """One export. Raises Missing where the viewer has no part in its study, Forbidden where it holds what the viewer may not see."""
    row = session.row(select(Export).where(Export.uid == export_uid))
    if row is None:
        raise NotThere("not_found", "There is no such export.")
    try:
        require_study(viewer, Ability.EXPORT, row.study_id)
    except NotThere:
        raise NotThere("not_found", "There is no such export.") from None
    _require_tables(row.request["tables"], [table for table in TABLES if _may(viewer, row.study_id, table)])
    held, reach = row.request["sites"], _sites(viewer, row.study_id)
    if reach is not None and (held is None or not set(held) <= set(reach)):
        raise Forbidden("forbidden", "This export reaches sites that your role does not.")
    return row
