"""Parsed protocol versions, kept in memory: they are immutable, so a parsed one never goes stale."""

from collections import OrderedDict
from threading import Lock

from sqlalchemy import select

from models.definition.load import parse
from models.definition.protocol import Protocol
from models.errors import Missing
from models.session import ReadSession
from models.tables import ProtocolVersion

KEPT = 64


class Protocols:
    """Protocol by the internal key of its version; thread-safe, bounded."""

    def __init__(self) -> None:
        self._parsed: OrderedDict[int, Protocol] = OrderedDict()
        self._lock = Lock()

    def cached(self, version_id: int) -> Protocol | None:
        """The protocol if it is in memory: for the event loop, which must not wait for a database."""
        with self._lock:
            return self._parsed.get(version_id)

    def get(self, session: ReadSession, version_id: int) -> Protocol:
        """Raises Missing where there is no such version."""
        with self._lock:
            if (known := self._parsed.get(version_id)) is not None:
                self._parsed.move_to_end(version_id)
                return known
        document = session.value(select(ProtocolVersion.document).where(ProtocolVersion.id == version_id))
        if document is None:
            raise Missing("not_found", "There is no such protocol version.")
        protocol = parse(document)
        with self._lock:
            self._parsed[version_id] = protocol
            if len(self._parsed) > KEPT:
                self._parsed.popitem(last=False)
        return protocol
