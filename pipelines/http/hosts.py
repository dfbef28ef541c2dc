"""Which servers may be asked: the platform's own, and those that the watchlist names. Pure; resolves no name."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

_PORTS = {"https": 443, "http": 80}


class Origin(NamedTuple):
    """Scheme, host in lower case, and port of a URL."""

    scheme: str
    host: str
    port: int


def origin(url: str) -> Origin:
    """The origin of a URL. Raises ValueError, saying why, for what is no http or https URL or holds a user or password."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError(f"{parts.scheme or 'no'} scheme; a URL begins with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a user or password stands in the URL; give it by an environment variable")
    if not parts.hostname:
        raise ValueError("the URL names no host")
    return Origin(parts.scheme, parts.hostname.lower().rstrip("."), parts.port or _PORTS[parts.scheme])


def is_private(host: str) -> bool:
    """Whether a host is an address that is not public, or the name of this machine."""
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        address = ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return not (mapped or address).is_global


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%", 1)[0])
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class AllowList:
    """Hosts that may be asked over https on its port, and origins that are named as they are, whatever they are."""

    hosts: frozenset[str]
    named: frozenset[Origin]

    @classmethod
    def of(cls, hosts: Iterable[str], urls: Iterable[str]) -> AllowList:
        """From host names of a platform and URLs of its client and the watchlist. Raises ValueError for a URL that is none."""
        named = frozenset(map(origin, urls))
        public = {each.host for each in named if not is_private(each.host)}
        return cls(frozenset(host.lower() for host in hosts) | public, named)

    def refusal(self, url: str, came_from: str | None = None) -> str | None:
        """Why a URL may not be asked; None if it may.

        Args:
            url: where the request would go.
            came_from: the URL that redirects there.
        """
        try:
            target = origin(url)
        except ValueError as error:
            return str(error)
        if came_from is not None and urlsplit(came_from).scheme == "https" and target.scheme != "https":
            return f"a redirect from https to {target.scheme} at {target.host}"
        if target in self.named:
            return None
        if is_private(target.host) or _is_address(target.host):
            return f"{target.host} is an address or a name of a private network, which the watchlist does not name"
        if target.scheme != "https":
            return f"{target.host} would be asked without encryption; the watchlist does not name it as http://{target.host}"
        if target.host not in self.hosts or target.port != _PORTS["https"]:
            return f"{target.host}:{target.port} is no host of this platform, and the watchlist does not name it"
        return None

    def is_address_refused(self, address: str, url: str) -> bool:
        """Whether a name led to an address of a private network, though the watchlist names no such server."""
        return is_private(address) and origin(url) not in self.named
