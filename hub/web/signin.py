"""The sign-in of a request: a session cookie or a bearer token becomes the `Caller`."""

from __future__ import annotations

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from crm_core.ground.errors import Forbidden, SignInNeeded
from hub.identity.identity import Identity
from hub.identity.second_factor import SecondFactorNeeded
from hub.web.far_side import SECURE
from hub.web.routes import CALLER

COOKIE = "mainstem_session"
BEARER = web.RequestKey("bearer", str)
"""The session secret behind the request; absent where a token signs in."""
_NEW_COOKIE = web.RequestKey("new_cookie", str)
_OWN_DOORS = ("/hooks/", "/socket.io/", "/console/", "/healthz", "/readyz")
"""Paths that identify nobody here: carriers sign their hooks, sockets identify when they connect."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_TO_ENROL = frozenset(
    {
        ("GET", "/api/me"),
        ("POST", "/api/session"),
        ("DELETE", "/api/session"),
        ("POST", "/api/me/otp"),
        ("POST", "/api/me/otp/confirm"),
    }
)
"""All that a session may do whose person must enrol a second factor first."""


def has_own_door(request: web.Request) -> bool:
    """Whether sign-in and CSRF are none of this path's business."""
    return request.path.startswith(_OWN_DOORS)


def signed_in(identity: Identity, max_age_s: int) -> Middleware:
    """The middleware. An old cookie is as good as none; a bad token is refused at once."""

    @web.middleware
    async def sign_in(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not has_own_door(request):
            await _identify(request, identity)
        response = await handler(request)
        if (cookie := request.get(_NEW_COOKIE)) is not None:
            _set_cookie(request, response, cookie, max_age_s)
        return response

    return sign_in


async def _identify(request: web.Request, identity: Identity) -> None:
    token = _token(request)
    cookie = None if token else request.cookies.get(COOKIE)
    if token is None and cookie is None:
        return
    try:
        request[CALLER] = caller = await identity.identify(cookie, token)
    except SignInNeeded:
        if token is not None:
            raise
        return
    if cookie is not None:
        request[BEARER] = cookie
    if request.method not in SAFE and not caller.may_use("write"):
        raise Forbidden("this token may only read")
    if caller.must_enrol and (request.method, request.path) not in _TO_ENROL:
        raise SecondFactorNeeded("a role of yours asks for a second factor; enrol one first")


def _token(request: web.Request) -> str | None:
    """The bearer token (RFC 6750), or None where the header is of another kind or missing."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def give_cookie(request: web.Request, bearer: str) -> None:
    """Let the answer carry a new session cookie; the empty text takes the cookie away."""
    request[_NEW_COOKIE] = bearer


def _set_cookie(request: web.Request, response: web.StreamResponse, bearer: str, max_age_s: int) -> None:
    response.set_cookie(
        COOKIE,
        bearer,
        max_age=max_age_s if bearer else 0,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=request[SECURE],
    )
