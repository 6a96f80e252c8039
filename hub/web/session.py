"""Signing in and out."""

from __future__ import annotations

from contextlib import suppress

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from typing_extensions import TypedDict

from crm_core.ground.errors import NotFound
from hub.identity.caller import Caller
from hub.identity.sessions import Sessions
from hub.identity.sign_in import SignIn
from hub.identity.tokens import Tokens
from hub.web.csrf import csrf_of
from hub.web.far_side import far_end
from hub.web.may import PUBLIC, SIGNED_IN
from hub.web.person_out import UserOut, user_out
from hub.web.routes import CALLER, Routes
from hub.web.signin import BEARER, give_cookie

routes = Routes("session")


class Credentials(BaseModel):
    """Login, password, and the one-time code where a second factor is on."""

    model_config = ConfigDict(extra="forbid")

    login: str = Field(min_length=1, max_length=200)
    password: SecretStr = Field(max_length=1024)
    otp: SecretStr | None = Field(default=None, max_length=40)


class SignedIn(TypedDict):
    """The person, and the value of the header `X-CSRF-Token` for every change."""

    user: UserOut
    csrf: str


@routes.post("/api/session", may=PUBLIC)
async def start_session(body: Credentials, request: web.Request, sign_in: SignIn, sessions: Sessions) -> SignedIn:
    """Sign in: sets the session cookie. Refusals: `sign-in-failed`, `otp-needed`, `otp-wrong`, `throttled`."""
    otp = body.otp.get_secret_value() if body.otp else None
    bearer, person = await sign_in.sign_in(body.login, body.password.get_secret_value(), otp, far_end(request))
    before = request.get(CALLER)
    if before is not None and not before.by_token:  # the browser's old session has no owner any more
        with suppress(NotFound):  # it ended by itself meanwhile
            await sessions.end(before.user, before.sign_in, by=before.user, far=far_end(request))
    give_cookie(request, bearer)
    return SignedIn(user=user_out(person), csrf=csrf_of(bearer))


@routes.delete("/api/session", may=SIGNED_IN)
async def end_session(who: Caller, request: web.Request, sessions: Sessions, tokens: Tokens) -> None:
    """Sign out: ends the session (or revokes the token) that signed this request."""
    if BEARER in request:
        await sessions.end(who.user, who.sign_in, by=who.user, far=far_end(request))
        give_cookie(request, "")
    else:
        await tokens.revoke(who.user, who.sign_in, by=who.user, far=far_end(request))
