"""A brake on guessing codes: wrong tries by network, kept in this process.

Each code counts its own tries in the database; this stops one network from walking through all look-up parts.
"""

from collections import deque
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from math import ceil
from threading import Lock
from time import monotonic
from typing import Final

from models.errors import TooMany

LIMIT: Final = 30
"""Wrong tries in a window; a clinic that enrolls a roomful behind one address stays far below."""
WINDOW_SECONDS: Final = 600.0
NETWORKS: Final = 10_000


@dataclass(slots=True)
class Tries:
    """Wrong tries by network, oldest first, in monotonic seconds."""

    _failed: dict[str, deque[float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def admit(self, network: str) -> None:
        """Raises TooMany where the network has used its tries."""
        with self._lock:
            failed = self._failed.get(network)
            while failed and failed[0] <= monotonic() - WINDOW_SECONDS:
                failed.popleft()
            if failed and len(failed) >= LIMIT:
                problem = TooMany("too_many_tries", "Too many wrong codes from this network; wait before the next one.")
                problem.retry_after_seconds = max(1, ceil(failed[0] + WINDOW_SECONDS - monotonic()))
                raise problem

    def failed(self, network: str) -> None:
        with self._lock:
            if len(self._failed) >= NETWORKS and network not in self._failed:
                self._failed.pop(next(iter(self._failed)))
            self._failed.setdefault(network, deque(maxlen=LIMIT)).append(monotonic())


def network_of(host: str | None) -> str:
    """The network that is counted: an IPv4 address, or the /64 of an IPv6 one, which a single phone may roam through.

    >>> network_of("2001:db8:1:2:3:4:5:6"), network_of("192.0.2.7"), network_of(None)
    ('2001:db8:1:2::', '192.0.2.7', '-')
    """
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or "-"
    if isinstance(address, IPv6Address):
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)
