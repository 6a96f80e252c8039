"""Cross-site request forgery: a request signed by a cookie must show that one of our own pages made it.

The token is derived from the session secret, so it begins and ends with the session and needs no place in the store.
"""

from __future__ import annotations

import hashlib
import hmac

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from crm_core.ground.errors import Forbidden
from hub.web.far_side import Proxies
from hub.web.signin import BEARER, SAFE, has_own_door

HEADER = "X-CSRF-Token"


class ForgedRequest(Forbidden):
    """The request does not show that our own page made it."""

    code, title = "csrf", "Request not from our own page"


def csrf_of(bearer: str) -> str:
    """The token of a session."""
    return hmac.new(bearer.encode(), b"mainstem csrf", hashlib.sha256).hexdigest()


def csrf_checked(proxies: Proxies) -> Middleware:
    """The middleware. Programs with a bearer token are not concerned: no browser adds that header by itself."""

    @web.middleware
    async def check_csrf(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method not in SAFE and not has_own_door(request):
            _check(request, proxies)
        return await handler(request)

    return check_csrf


def _check(request: web.Request, proxies: Proxies) -> None:
    bearer = request.get(BEARER)
    by_browser = bearer is not None or "Authorization" not in request.headers
    origin = request.headers.get("Origin")
    if by_browser and origin is not None and not proxies.is_own_origin(request, origin):
        raise ForgedRequest("the page that asks is of another origin")
    if bearer is not None and not _is_sign_in(request):
        given = request.headers.get(HEADER, "")
        if not hmac.compare_digest(given.encode(), csrf_of(bearer).encode()):
            raise ForgedRequest(f"send the header {HEADER} with the value that GET /api/me gives")


def _is_sign_in(request: web.Request) -> bool:
    """Who signs in anew has a password to show, and a page that was just opened knows no token of the old session.

    The origin was checked, and a form of a foreign page cannot send JSON.
    """
    return request.method == "POST" and request.path == "/api/session"
