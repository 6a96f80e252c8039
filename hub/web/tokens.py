"""API tokens of the signed-in person."""

from __future__ import annotations

from aiohttp import web
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from hub.identity.caller import Caller
from hub.identity.tokens import Scope, TokenOut, Tokens
from hub.web.far_side import far_end
from hub.web.may import SIGNED_IN
from hub.web.me import IN_PERSON
from hub.web.routes import Routes

routes = Routes("tokens")


class NewToken(BaseModel):
    """A name to know it by, what it may do (`admin` includes `write`, `write` includes `read`), and when it ends."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    scopes: set[Scope] = Field(min_length=1)
    expires_at: AwareDatetime | None = None


class TokenItems(TypedDict):
    """The person's tokens."""

    items: list[TokenOut]


class CreatedToken(TypedDict):
    """The secret, shown this once, and the token as it is listed."""

    secret: str
    token: TokenOut


@routes.get("/api/me/tokens", may=SIGNED_IN)
async def list_tokens(who: Caller, tokens: Tokens) -> TokenItems:
    """My API tokens, newest first."""
    return TokenItems(items=await tokens.list_of(who.user))


@routes.post("/api/me/tokens", may=IN_PERSON, status=201)
async def create_token(body: NewToken, who: Caller, request: web.Request, tokens: Tokens) -> CreatedToken:
    """Make an API token for a program that acts for me."""
    secret, token = await tokens.create(
        who.user, body.name, body.scopes, by=who.user, far=far_end(request), expires_at=body.expires_at
    )
    return CreatedToken(secret=secret, token=token)


@routes.delete("/api/me/tokens/{token}", may=IN_PERSON)
async def revoke_token(token: str, who: Caller, request: web.Request, tokens: Tokens) -> None:
    """Revoke one of my API tokens; it stops at once."""
    await tokens.revoke(who.user, token, by=who.user, far=far_end(request))
