"""Where a webhook may go: public hosts over HTTPS, so that nobody can make this house call on its own neighbors. Pure."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from models.errors import Fault, Invalid

_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def check_url(url: str, *, allow_loopback: bool = False) -> None:
    """Raises `Invalid` (`webhook_url`) unless the URL is `https://host…` without user, password or fragment.

    Plain HTTP passes only to this machine and only with `allow_loopback`. What a name resolves to is checked at each connection.

    >>> check_url("https://hooks.example.org/breakwater")
    """
    problem = _problem(url, allow_loopback=allow_loopback)
    if problem is not None:
        raise Invalid("webhook_url", problem, (Fault("/url", "webhook_url", problem),))


def _problem(url: str, *, allow_loopback: bool) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is not a URL."
    if not host or any(ord(letter) < 33 or ord(letter) > 126 for letter in url):
        return "A URL has a host and only printable ASCII."
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "A URL of an endpoint has no user, password or fragment."
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_loopback and host in _LOOPBACK_NAMES):
        return "An endpoint is reached over https."
    literal = _literal(host)
    if literal is not None and not permitted(host, allow_loopback=allow_loopback):
        return "An endpoint is not on a private, local or reserved address."
    return None


def permitted(address: str, *, allow_loopback: bool = False) -> bool:
    """Whether a connection may be made to this IP address: a public one, or loopback where that is allowed.

    Addresses that carry another inside (mapped, 6to4, Teredo, NAT64) are judged by that one too.

    >>> [permitted(one) for one in ("93.184.216.34", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1")]
    [True, False, False, False]
    """
    found = _literal(address)
    if found is None:
        return False
    return all(_public(one) or (allow_loopback and one.is_loopback) for one in _faces(found))


def _literal(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address.partition("%")[0])
    except ValueError:
        return None


def _faces(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    inside: list[IPv4Address | IPv6Address] = [address]
    if address.sixtofour is not None:
        inside.append(address.sixtofour)
    if address.teredo is not None:
        inside.extend(address.teredo)
    return inside


def _public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved
