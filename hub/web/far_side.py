"""Who is at the other end of a request: address, program, and whether the way was encrypted."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web

from hub.identity.far_end import FarEnd

FAR_END = web.RequestKey("far_end", FarEnd)
SECURE = web.RequestKey("secure", bool)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """Believes `X-Forwarded-*` only where the connection comes from a trusted proxy.

    Args:
        trusted: addresses or networks (`10.0.0.0/8`) of the proxies before the hub.
        public_url: the address under which browsers reach the hub, where it is configured.
    """

    def __init__(self, trusted: tuple[str, ...] = (), public_url: str | None = None) -> None:
        self._trusted = [ipaddress.ip_network(text, strict=False) for text in trusted]
        public = urlsplit(public_url) if public_url else None
        self._public_host = public.netloc.lower() if public else None
        self._public_secure = public is not None and public.scheme == "https"

    def note(self, request: web.Request) -> None:
        """Put what is known of the far side on the request."""
        request[FAR_END] = FarEnd(self._address(request), request.headers.get("User-Agent", ""))
        forwarded = request.headers.get("X-Forwarded-Proto", "") if self._by_proxy(request) else ""
        request[SECURE] = self._public_secure or request.secure or forwarded.strip().lower() == "https"

    def is_own_origin(self, request: web.Request, origin: str) -> bool:
        """Whether a page with this `Origin` is ours. The scheme is not compared: a proxy may have ended the TLS."""
        host = urlsplit(origin).netloc.lower()
        return bool(host) and host in (request.host.lower(), self._public_host)

    def _address(self, request: web.Request) -> str:
        remote = request.remote or "unknown"
        if not self._by_proxy(request):
            return remote
        hops = [hop.strip() for hop in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")]
        for hop in reversed(hops):  # the last hop that is no proxy of ours; those before it anybody can write
            if not _is_address(hop):
                return remote
            if not self._is_trusted(hop):
                return hop
        return remote

    def _by_proxy(self, request: web.Request) -> bool:
        return request.remote is not None and self._is_trusted(request.remote)

    def _is_trusted(self, address: str) -> bool:
        return _is_address(address) and any(ipaddress.ip_address(address) in network for network in self._trusted)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def far_end(request: web.Request) -> FarEnd:
    """Where the request comes from, as the middleware noted it."""
    return request[FAR_END]
