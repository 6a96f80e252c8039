"""Headers of every answer: what a browser may do with it, and the correlation id."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from hub.web.far_side import SECURE

CORRELATION = web.RequestKey("correlation", str)
STARTED = web.RequestKey("started", bool)
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")
_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(self), display-capture=(self)",
}
_CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'{sockets}; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def content_security_policy(host: str, frames: Sequence[str] = ()) -> str:
    """The policy. Older browsers do not take `'self'` for web sockets too, hence the own host by name.

    Args:
        frames: origins whose pages may be shown in a frame, beside our own.
    """
    plain = _HOST.fullmatch(host) is not None
    policy = _CSP.format(sockets=f" ws://{host} wss://{host}" if plain else "")
    return f"{policy}; frame-src 'self' {' '.join(frames)}" if frames else policy


def safe_headers() -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """For `on_response_prepare`, so that streamed files and web sockets get them too. A handler's own headers stay."""

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        request[STARTED] = True
        headers = response.headers
        for name, value in _FIXED.items():
            headers.setdefault(name, value)
        headers.setdefault("Content-Security-Policy", content_security_policy(request.host))
        if request.path.startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")
        if request.get(SECURE):
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if correlation := request.get(CORRELATION):
            headers["X-Correlation-Id"] = correlation
        headers["Server"] = "mainstem"

    return add
