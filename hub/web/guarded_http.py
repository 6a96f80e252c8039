"""HTTP to an address that somebody else chose: every connection is judged at the socket.

Every address that a connection is really made to is judged, after the only name look-up (a name cannot answer
differently the second time, and no way of writing `127.0.0.1` slips past). No cookie, no proxy of the environment.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

_IPV4_IN_IPV6 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
"""NAT64 (RFC 6052, RFC 8215): the last 32 bits are an IPv4 address behind a translator."""

Allowed = Callable[[str], bool]
Resolve = Callable[[str], Awaitable[list[str]]]
_OUTSIDE = "its address is not one of the open internet"


def is_public(address: str) -> bool:
    """Whether an address is of the open internet: not ours, not a neighbour's, not a cloud's own service."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if any(found in network for network in _IPV4_IN_IPV6) or found.teredo or found.sixtofour:
            return False
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
        if int(found) >> 32 == 0:  # IPv4-compatible (RFC 4291, 2.5.5.1): out of use, understood by some systems
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


async def resolve_name(host: str) -> list[str]:
    """The addresses of a host, by the system."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class GuardedHttp:
    """Makes sessions whose connections are judged.

    Args:
        refused: what is raised for an address that may not be connected to.
        resolve: name -> addresses; called once for each connection.
        allowed: judges each address that a connection is made to.
        tls: whom to trust; None: whom the system trusts.
    """

    def __init__(
        self,
        refused: type[Exception],
        resolve: Resolve = resolve_name,
        allowed: Allowed = is_public,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._refused, self._resolve, self._allowed, self._tls = refused, resolve, allowed, tls

    def session(self, headers: Mapping[str, str]) -> aiohttp.ClientSession:
        """A new one; whoever asked closes it."""
        connector = aiohttp.TCPConnector(
            resolver=_OnceResolver(self._refused, self._resolve, self._allowed),
            use_dns_cache=False,
            force_close=True,
            socket_factory=self._judged_socket,
            ssl=self._tls or True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=headers,
            auto_decompress=False,
            trust_env=False,
        )

    def _judged_socket(self, address: Any) -> socket.socket:
        """The last word: this very address is connected to."""
        family, kind, protocol, _, place = address
        if not self._allowed(str(place[0])):
            raise self._refused(_OUTSIDE)
        return socket.socket(family, kind, protocol)


class _OnceResolver(AbstractResolver):
    """Gives a connection only addresses that may be connected to."""

    def __init__(self, refused: type[Exception], resolve: Resolve, allowed: Allowed) -> None:
        self._refused, self._resolve, self._allowed = refused, resolve, allowed

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolve(host)
        if not found or not all(self._allowed(address) for address in found):
            raise self._refused(_OUTSIDE)
        return [_result(host, address, port) for address in found]

    @override
    async def close(self) -> None:
        """Nothing is held."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)
