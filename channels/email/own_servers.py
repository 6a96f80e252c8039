"""The mail servers that an account calls its own, by name and by address. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from crm_core.ground.faults import unfit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def check_hops(hops: Iterable[str]) -> None:
    """Each is the name of a host, a domain with a dot before it, an address or a network.

    Raises:
        ValueError: one is not.
    """
    for hop in hops:
        if "/" in hop or ":" in hop or hop.replace(".", "").isdecimal():
            good = _is_network(hop)
        else:
            good = bool(re.fullmatch(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", hop))
        if not good:
            raise unfit("host", "{what} is neither a host name nor an address or network", what=hop)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


class OwnServers:
    """`names` in small letters; a dot before a name stands for all below it."""

    def __init__(self, hops: Iterable[str]) -> None:
        self.names: set[str] = set()
        self._networks: list[Network] = []
        for hop in hops:
            try:
                self._networks.append(ipaddress.ip_network(hop, strict=False))
            except ValueError:
                self.names.add(hop.lower().rstrip("."))

    def is_named(self, host: str) -> bool:
        """Whether a server goes by this name."""
        low = host.lower().rstrip(".")
        return low in self.names or any(name.startswith(".") and low.endswith(name) for name in self.names)

    def has(self, address: Address) -> bool:
        """Whether an address is that of such a server, or one that the internet does not reach."""
        return not address.is_global or any(address in network for network in self._networks)
