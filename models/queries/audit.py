"""The audit chain. No viewer: writing evidence about a viewer is not the viewer's to see.

Each link's mac covers all fields and the link before it, under a key that is not in the database:
an edit, a removal, a swap or a cut tail (against the stored head) shows.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, select, update

from models.codec import canonical
from models.prepared import once
from models.sealed import Keys
from models.session import ReadSession, WriteSession
from models.tables import Audit, AuditHead

GENESIS = bytes(32)
SYSTEM_CHAIN = "system"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing someone did or read. `detail` holds codes and counts, never content."""

    at: datetime
    actor: str
    action: str
    object_kind: str
    object_id: str | None = None
    enrollment_uid: str | None = None
    purpose: str | None = None
    request_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


_HEAD = once(select(AuditHead.sequence, AuditHead.mac).where(AuditHead.chain == bindparam("chain")).with_for_update())
_FORWARD = once(
    update(AuditHead).where(AuditHead.chain == bindparam("whose")).values(sequence=bindparam("to_sequence"), mac=bindparam("to_mac"))
)


def append(session: WriteSession, keys: Keys, chain: str, acts: Sequence[Act]) -> None:
    """Adds links to a chain in order. Locks the chain's head; call it last in a transaction."""
    if not acts:
        return
    head = session.row(_HEAD, {"chain": chain})
    if head is None:
        session.execute(session.insert(AuditHead).values(chain=chain, sequence=0, mac=GENESIS).on_conflict_do_nothing())
        head = session.row(_HEAD, {"chain": chain})
    assert head is not None
    sequence, mac = head.sequence, head.mac
    rows = []
    for act in acts:
        sequence += 1
        previous, mac = mac, link_mac(keys, chain, sequence, act, mac)
        rows.append({**_columns(act), "chain": chain, "sequence": sequence, "previous": previous, "mac": mac})
    session.add_all(Audit, rows)
    session.change(_FORWARD, [{"whose": chain, "to_sequence": sequence, "to_mac": mac}])


def link_mac(keys: Keys, chain: str, sequence: int, act: Act, previous: bytes) -> bytes:
    return hmac.new(keys.audit, canonical({"chain": chain, "sequence": sequence, **_columns(act)}) + previous, hashlib.sha256).digest()


def _columns(act: Act) -> dict[str, Any]:
    # In UTC, as it comes back from the database: the mac covers the text of the instant.
    return {name: getattr(act, name) for name in Act.__slots__} | {"at": act.at.astimezone(UTC), "detail": dict(act.detail)}


def broken_links(session: ReadSession, keys: Keys, chain: str) -> Iterable[str]:
    """What is wrong with a chain, link by link; nothing where it is whole."""
    expected, mac = 0, GENESIS
    for row in session.stream(select(Audit).where(Audit.chain == chain).order_by(Audit.sequence)):
        expected += 1
        if row.sequence != expected:
            yield f"link {expected} is missing"
            expected = row.sequence
        act = Act(**{name: getattr(row, name) for name in Act.__slots__})
        if row.previous != mac:
            yield f"link {row.sequence} does not follow the link before it"
        if not hmac.compare_digest(row.mac, link_mac(keys, chain, row.sequence, act, row.previous)):
            yield f"link {row.sequence} was changed"
        mac = row.mac
    head = session.row(select(AuditHead.sequence, AuditHead.mac).where(AuditHead.chain == chain))
    if head is None:
        if expected:
            yield f"the chain has {expected} links and no head"
    elif (head.sequence, head.mac) != (expected, mac):
        yield f"the chain ends at link {expected}, its head says {head.sequence}"
