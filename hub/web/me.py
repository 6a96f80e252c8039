"""What concerns the signed-in person alone: profile, sessions, password, second factor."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from typing_extensions import TypedDict

from crm_core.ground.errors import SignInNeeded
from hub.identity.caller import Caller
from hub.identity.people import People
from hub.identity.second_factor import Enrolment, SecondFactor
from hub.identity.sessions import SessionOut, Sessions
from hub.identity.sign_in import SignIn
from hub.identity.staff import Staff
from hub.web.csrf import csrf_of
from hub.web.far_side import far_end
from hub.web.may import SIGNED_IN, May
from hub.web.person_out import RightOut, UserOut, rights_out, user_out
from hub.web.routes import Routes
from hub.web.signin import BEARER

routes = Routes("me")

IN_PERSON = May("signed in in person, not by a token", lambda who: not who.by_token)
"""A leaked token must not be able to lock its owner out, or to make more of its kind."""


class Me(TypedDict):
    """Who am I. `csrf` is None where a token signs in. `must_enrol`: nothing else may be done before a second factor."""

    user: UserOut
    rights: list[RightOut]
    presence: str
    second_factor: bool
    must_enrol: bool
    scopes: list[str]
    csrf: str | None


class MySessions(TypedDict):
    """The person's sessions."""

    items: list[SessionOut]


class Ended(TypedDict):
    """How many sessions ended."""

    ended: int


class RecoveryCodes(TypedDict):
    """One-time codes for a lost authenticator; shown once."""

    recovery_codes: list[str]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewPassword(_Body):
    """The present password, and the one from now on."""

    present: SecretStr = Field(max_length=1024)
    password: SecretStr = Field(max_length=1024)


class PresentPassword(_Body):
    """The password once more."""

    password: SecretStr = Field(max_length=1024)


class Code(_Body):
    """The code that the authenticator shows."""

    code: SecretStr = Field(max_length=40)


@routes.get("/api/me", may=SIGNED_IN)
async def show_me(who: Caller, request: web.Request, people: People, second_factor: SecondFactor) -> Me:
    """Who am I, what may I do, which queues am I in."""
    person = await people.find(who.user)
    if person is None:
        raise SignInNeeded("this person does not exist any more")
    bearer = request.get(BEARER)
    return Me(
        user=user_out(person),
        rights=rights_out(person),
        presence=await people.presence(who.user),
        second_factor=await second_factor.is_on(who.user),
        must_enrol=who.must_enrol,
        scopes=sorted(who.scopes),
        csrf=csrf_of(bearer) if bearer else None,
    )


@routes.get("/api/me/sessions", may=SIGNED_IN)
async def list_sessions(who: Caller, sessions: Sessions) -> MySessions:
    """My sessions: where and with which program I am signed in."""
    return MySessions(items=await sessions.list_of(who.user, None if who.by_token else who.sign_in))


@routes.delete("/api/me/sessions/{session}", may=IN_PERSON)
async def remove_session(session: str, who: Caller, request: web.Request, sessions: Sessions) -> None:
    """End one of my sessions."""
    await sessions.end(who.user, session, by=who.user, far=far_end(request))


@routes.post("/api/me/sessions/end-others", may=IN_PERSON)
async def end_other_sessions(who: Caller, request: web.Request, sessions: Sessions) -> Ended:
    """End all my sessions but this one."""
    return Ended(ended=await sessions.end_all(who.user, by=who.user, far=far_end(request), but=who.sign_in))


@routes.put("/api/me/password", may=IN_PERSON)
async def change_password(body: NewPassword, who: Caller, request: web.Request, door: SignIn, staff: Staff) -> None:
    """Change my password; my other sessions end."""
    far = far_end(request)
    await door.confirm_password(who.user, body.present.get_secret_value(), far)
    await staff.set_password(who.user, body.password.get_secret_value(), by=who.user, far=far, but=who.sign_in)


@routes.post("/api/me/otp", may=IN_PERSON)
async def enrol_second_factor(
    body: PresentPassword, who: Caller, request: web.Request, door: SignIn, second_factor: SecondFactor
) -> Enrolment:
    """Begin with a second factor: a secret for the authenticator app, to be confirmed within 15 minutes."""
    await door.confirm_password(who.user, body.password.get_secret_value(), far_end(request))
    return await second_factor.enrol(who.user, who.login)


@routes.post("/api/me/otp/confirm", may=IN_PERSON)
async def confirm_second_factor(
    body: Code, who: Caller, request: web.Request, second_factor: SecondFactor, people: People
) -> RecoveryCodes:
    """Turn the second factor on with its first code."""
    codes = await second_factor.confirm(who.user, body.code.get_secret_value(), far_end(request))
    people.forget(who.user)  # this hub lets the person on at once
    return RecoveryCodes(recovery_codes=codes)


@routes.post("/api/me/otp/turn-off", may=IN_PERSON)
async def turn_off_second_factor(
    body: PresentPassword, who: Caller, request: web.Request, door: SignIn, second_factor: SecondFactor
) -> None:
    """Sign in without a second factor from now on."""
    await door.confirm_password(who.user, body.password.get_secret_value(), far_end(request))
    await second_factor.turn_off(who.user, by=who.user, far=far_end(request))
