"""What administrators do with other people's sign-ins. The users themselves are records of type `user`."""

from __future__ import annotations

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from typing_extensions import TypedDict

from crm_core.ground.errors import NotFound
from hub.identity.caller import Caller
from hub.identity.people import People
from hub.identity.second_factor import SecondFactor
from hub.identity.sessions import SessionOut, Sessions
from hub.identity.staff import Staff
from hub.identity.tokens import TokenOut, Tokens
from hub.web.far_side import far_end
from hub.web.may import ADMINISTER
from hub.web.routes import Routes

routes = Routes("users")


class GivenPassword(BaseModel):
    """The password from now on."""

    model_config = ConfigDict(extra="forbid")

    password: SecretStr = Field(max_length=1024)


class SignIns(TypedDict):
    """How somebody is signed in."""

    second_factor: bool
    sessions: list[SessionOut]
    tokens: list[TokenOut]


@routes.post("/api/users/{user}/password", may=ADMINISTER)
async def give_password(user: str, body: GivenPassword, who: Caller, request: web.Request, staff: Staff) -> None:
    """Give a user a password, the first or a new one; all the user's sessions end."""
    but = None if who.by_token or who.user != user else who.sign_in
    await staff.set_password(user, body.password.get_secret_value(), by=who.user, far=far_end(request), but=but)


@routes.get("/api/users/{user}/sign-ins", may=ADMINISTER)
async def show_sign_ins(
    user: str, people: People, sessions: Sessions, tokens: Tokens, second_factor: SecondFactor
) -> SignIns:
    """A user's sessions and tokens."""
    if await people.find(user) is None:
        raise NotFound("there is no such user")
    return SignIns(
        second_factor=await second_factor.is_on(user),
        sessions=await sessions.list_of(user),
        tokens=await tokens.list_of(user),
    )


@routes.delete("/api/users/{user}/sign-ins", may=ADMINISTER)
async def end_sign_ins(user: str, who: Caller, request: web.Request, people: People, staff: Staff) -> None:
    """End all sessions and revoke all tokens of a user at once."""
    if await people.find(user) is None:
        raise NotFound("there is no such user")
    await staff.end_sign_ins(user, by=who.user, far=far_end(request))


@routes.delete("/api/users/{user}/otp", may=ADMINISTER)
async def reset_second_factor(user: str, who: Caller, request: web.Request, second_factor: SecondFactor) -> None:
    """Turn off the second factor of a user who lost it."""
    await second_factor.turn_off(user, by=who.user, far=far_end(request))
