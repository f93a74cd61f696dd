"""The protocol as phones hold it: each one fetches it, one copy of each is kept in memory."""

from threading import Lock

from api.rehearsal.handset import Handset
from models.definition.load import parse
from models.definition.prompting import FollowUp
from models.definition.protocol import Protocol
from models.errors import Missing


class Held:
    """Shared by all phones of a rehearsal."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: dict[int, Protocol] = {}
        self._sources: frozenset[str] = frozenset()
        self.revision = 0
        self.checksum = ""

    def hold(self, phone: Handset) -> None:
        """The phone fetches the protocol that it is asked from, and says that it holds it."""
        reply = phone.call("GET", "/protocol", expect=(200,))
        revision = int(reply.headers["protocol-revision"])
        with self._lock:
            if revision not in self._known:
                self._known[revision] = parse(reply.body)
            if revision >= self.revision:
                self.revision, self.checksum = revision, reply.headers["protocol-checksum"]
                designs = self._known[revision].designs
                self._sources = frozenset(one for design in designs if isinstance(design, FollowUp) for one in design.after)
        phone.call("PUT", "/protocol/held", body={"revision": revision}, expect=(200,))

    def protocol(self, phone: Handset, revision: int | None = None) -> Protocol:
        """A revision that a prompt names, fetched where nobody holds it yet; None: the newest held one."""
        wanted = revision or self.revision
        with self._lock:
            known = self._known.get(wanted)
        if known is None:
            reply = phone.call("GET", f"/protocol?revision={wanted}", expect=(200,))
            if not reply.ok:
                raise Missing("not_found", f"The server asks from protocol revision {wanted} and does not give it.")
            known = parse(reply.body)
            with self._lock:
                self._known[wanted] = known
        return known

    def newest(self) -> Protocol | None:
        """None before the first phone has enrolled."""
        return self._known.get(self.revision)

    def follows(self, instrument: str) -> bool:
        """Whether an answer to it may plan another prompt, so that the phone looks again soon."""
        return instrument in self._sources
