"""Check and publish what a study says. A published revision never changes; enrollments stay on theirs until they are moved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from models.definition.check import check
from models.definition.load import canonical, checksum, parse
from models.definition.protocol import Protocol
from models.errors import Conflict, Fault, Invalid
from models.ids import new_uid
from models.queries.study import (
    add_protocol_version,
    last_revision,
    lock_study,
    newest_protocol,
    protocol_by_checksum,
    revision_called,
)
from models.session import ReadSession, WriteSession

PARTS = ("instruments", "designs", "disclosures", "alert_rules", "rules", "content", "ladders")
"""The lists of a protocol whose members have a name."""


@dataclass(frozen=True, slots=True)
class Published:
    """`created` is False where the same content was published before: that revision stands."""

    version_id: int
    uid: UUID
    revision: int
    checksum: str
    effective_from: date
    created: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What differs from the newest revision: `added`, `removed` or `changed`."""

    part: str
    id: str
    change: str


def faults_of(raw: bytes) -> tuple[Fault, ...]:
    """Everything that keeps a document from being published, by place; empty where it may be. Raises TooLarge."""
    try:
        return check(parse(raw))
    except Invalid as refused:
        return tuple(refused.faults)


def checked(raw: bytes) -> Protocol:
    """The protocol. Raises Invalid with every fault by place, TooLarge."""
    protocol = parse(raw)
    faults = check(protocol)
    if faults:
        raise Invalid("protocol_invalid", "The protocol breaks the rules named in errors.", faults)
    return protocol


def publish(
    session: WriteSession,
    *,
    study_id: int,
    protocol: Protocol,
    effective_from: date,
    published_by: int | None,
    note: str | None,
    now: datetime,
) -> Published:
    """Stores a checked protocol as the study's next revision; the same content again gives the revision that stands.

    Raises Conflict where the same content was withdrawn (`revision_withdrawn`), or another revision has its version (`version_taken`): a
    revision never changes, so other content needs a version of its own.
    """
    digest = checksum(protocol)
    lock_study(session, study_id)
    known = protocol_by_checksum(session, study_id, digest)
    if known is not None:
        return _standing(known)
    _free(session, study_id, protocol.version)
    version_id, version_uid, revision = add_protocol_version(
        session,
        study_id=study_id,
        name=protocol.name,
        version=protocol.version,
        checksum=digest,
        document=canonical(protocol),
        effective_from=effective_from,
        published_by=published_by,
        note=note,
        now=now,
    )
    return Published(version_id, version_uid, revision, digest, effective_from, created=True)


def preview(session: ReadSession, *, study_id: int, protocol: Protocol, effective_from: date) -> tuple[Published, Sequence[Change]]:
    """What `publish` would do, and what differs from the newest revision. Stores nothing; the id of a new revision is not yet its own.

    Raises what `publish` raises.
    """
    digest = checksum(protocol)
    known = protocol_by_checksum(session, study_id, digest)
    newest = newest_protocol(session, study_id)
    changes = [] if newest is None else list(changes_between(parse(newest.document), protocol))
    if known is not None:
        return _standing(known), changes
    _free(session, study_id, protocol.version)
    return Published(0, new_uid(), 1 + last_revision(session, study_id), digest, effective_from, created=True), changes


def _standing(row: Row[Any]) -> Published:
    if row.withdrawn_at is not None:
        raise Conflict("revision_withdrawn", "The same content was withdrawn; publish it under another version.")
    return Published(row.id, row.uid, row.revision, row.checksum, row.effective_from, created=False)


def _free(session: ReadSession, study_id: int, version: str) -> None:
    """The text stands in every row of a dataset. A study that has two revisions under one, from before this was asked, keeps both."""
    taken = revision_called(session, study_id, version)
    if taken is not None:
        detail = f"Revision {taken} of the study has this version already, and other content needs one of its own."
        raise Conflict("version_taken", detail, (Fault("/version", "version_taken", detail),))


def changes_between(before: Protocol, after: Protocol) -> Iterable[Change]:
    """Named parts that were added, removed or changed, and top-level settings that differ."""
    for part in PARTS:
        old, new = _named(before, part), _named(after, part)
        for name in sorted(old.keys() | new.keys()):
            if name not in old:
                yield Change(part, name, "added")
            elif name not in new:
                yield Change(part, name, "removed")
            elif old[name] != new[name]:
                yield Change(part, name, "changed")
    for name in sorted(set(Protocol.model_fields) - set(PARTS)):
        if getattr(before, name) != getattr(after, name):
            yield Change("settings", name, "changed")


def _named(protocol: Protocol, part: str) -> Mapping[str, Any]:
    return {_name(one): one for one in getattr(protocol, part)}


def _name(one: Any) -> str:
    return str(getattr(one, "id", None) or getattr(one, "code", None) or f"tier_{one.tier}")
