"""Fetches one remote picture that a stranger chose, so nothing here trusts the address.

Guards: only `http` and `https` on their usual ports; every address that a connection is really made to is judged at the
socket, after the only name look-up (a name cannot answer differently the second time, and no way of writing
`127.0.0.1` slips past); redirects are followed by hand, at most three, each judged anew; no cookie, no referrer, no
proxy of the environment; bounded in time, size and number; a compressed answer is refused, not unpacked.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override
from yarl import URL

from hub.desk.pictures import PictureUnavailable

WITHIN_S = 10.0
MOST_BYTES = 5_000_000
MOST_REDIRECTS = 3
AT_ONCE = 8
_PIECE = 64 * 1024
_HEADERS = {"User-Agent": "Mainstem", "Accept": "image/*", "Accept-Encoding": "identity"}
_IPV4_IN_IPV6 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
"""NAT64 (RFC 6052, RFC 8215): the last 32 bits are an IPv4 address behind a translator."""

Allowed = Callable[[str], bool]
Resolve = Callable[[str], Awaitable[list[str]]]


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


class PictureFetcher:
    """Called with an address, returns the bytes.

    Args:
        resolve: name -> addresses; called once for each connection.
        allowed: judges each address that a connection is made to.
        ports: that may be connected to.
    """

    def __init__(
        self,
        resolve: Resolve = resolve_name,
        allowed: Allowed = is_public,
        ports: frozenset[int] = frozenset({80, 443}),
    ) -> None:
        self._resolve, self._allowed, self._ports = resolve, allowed, ports
        self._room = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, address: str) -> bytes:
        """Fetch; raises `PictureUnavailable` with the reason."""
        try:
            async with asyncio.timeout(WITHIN_S), self._room, self._session() as http:
                return await self._follow(http, address)
        except TimeoutError:
            raise PictureUnavailable(f"the far server did not answer within {WITHIN_S:g} s") from None
        except (aiohttp.ClientError, OSError, UnicodeError, ValueError) as error:
            raise PictureUnavailable(f"the far server cannot be used: {type(error).__name__}") from None

    def _session(self) -> aiohttp.ClientSession:
        resolver = _OnceResolver(self._resolve, self._allowed)
        connector = aiohttp.TCPConnector(
            resolver=resolver, use_dns_cache=False, force_close=True, socket_factory=self._judged_socket
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
            trust_env=False,
        )

    def _judged_socket(self, address: Any) -> socket.socket:
        """The last word: this very address is connected to."""
        family, kind, protocol, _, place = address
        if not self._allowed(str(place[0])):
            raise PictureUnavailable("its address is not one of the open internet")
        return socket.socket(family, kind, protocol)

    async def _follow(self, http: aiohttp.ClientSession, address: str) -> bytes:
        url = self._judged(URL(address))
        for _ in range(MOST_REDIRECTS + 1):
            async with http.get(url, allow_redirects=False) as answer:
                if answer.status not in (301, 302, 303, 307, 308):
                    return await _content(answer)
                url = self._judged(url.join(URL(answer.headers.get("Location", ""))))
        raise PictureUnavailable("too many redirects")

    def _judged(self, url: URL) -> URL:
        if url.scheme not in ("http", "https") or not url.host or url.port not in self._ports:
            raise PictureUnavailable("only http and https on their usual ports are fetched")
        if url.user is not None or url.password is not None:
            raise PictureUnavailable("an address with a user name in it is not fetched")
        return url.with_fragment(None)


class _OnceResolver(AbstractResolver):
    """Gives a connection only addresses that may be connected to."""

    def __init__(self, resolve: Resolve, allowed: Allowed) -> None:
        self._resolve, self._allowed = resolve, allowed

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolve(host)
        if not found or not all(self._allowed(address) for address in found):
            raise PictureUnavailable("its address is not one of the open internet")
        return [_result(host, address, port) for address in found]

    @override
    async def close(self) -> None:
        """Nothing is held."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)


async def _content(answer: aiohttp.ClientResponse) -> bytes:
    if answer.status != 200:
        raise PictureUnavailable(f"the far server answered {answer.status}")
    if answer.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise PictureUnavailable("the far server sent it compressed")
    if (answer.content_length or 0) > MOST_BYTES:
        raise PictureUnavailable("the picture is too large")
    content = bytearray()
    async for piece in answer.content.iter_chunked(_PIECE):
        content += piece
        if len(content) > MOST_BYTES:
            raise PictureUnavailable("the picture is too large")
    return bytes(content)
