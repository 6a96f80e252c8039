"""API tokens for programs: `mst_...`, shown once, stored as a digest, with scopes, an end, and a last use."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, FieldError, Invalid, NotFound
from hub.events import SignInEnded
from hub.identity.audit import Audit
from hub.identity.bearer import TOKEN_PREFIX, digest, is_plausible, new_bearer
from hub.identity.far_end import FarEnd
from hub.store.client import Doc
from hub.store.collections import TOKENS
from hub.store.unit import Unit, Units

Scope = Literal["read", "write", "admin"]

_INCLUDES: dict[str, frozenset[str]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"read", "write"}),
    "admin": frozenset({"read", "write", "admin"}),
}
_TOUCH_EVERY = timedelta(minutes=1)
_MOST = 100


class TokenOut(TypedDict):
    """A token as its owner sees it; the secret itself is shown once, when it is made."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


def full_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes with what they include: `admin` includes `write`, `write` includes `read`.

    Raises:
        Invalid: a scope that does not exist, or none at all.
    """
    asked = set(scopes)
    if not asked or not asked <= _INCLUDES.keys():
        detail = "choose from read, write, admin"
        raise Invalid(f"scopes: {detail}", fields=(FieldError("scopes", "unknown", detail),))
    return frozenset().union(*(_INCLUDES[scope] for scope in asked))


class Tokens:
    """Makes, finds, lists and revokes tokens."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units, self._audit = units, audit
        self._tokens = units.db[TOKENS]

    async def create(
        self, user: str, name: str, scopes: Iterable[str], *, by: str, far: FarEnd, expires_at: datetime | None = None
    ) -> tuple[str, TokenOut]:
        """A new token: the secret, and what will be listed.

        Raises:
            Invalid: unknown scopes, or an end in the past.
            Conflict: the person has 100 tokens already.
        """
        at = now()
        if expires_at is not None and expires_at <= at:
            raise Invalid(
                "expires_at is in the past", fields=(FieldError("expires_at", "past", "choose a later time"),)
            )
        if await self._tokens.count_documents({"user": user}, limit=_MOST) >= _MOST:
            raise Conflict(f"there are {_MOST} tokens already; revoke one first")
        bearer = new_bearer(TOKEN_PREFIX)
        token: Doc = {
            "_id": digest(bearer),
            "user": user,
            "name": name,
            "scopes": sorted(full_scopes(scopes)),
            "created_at": at,
            "expires_at": expires_at,
            "used_at": None,
        }

        async def work(unit: Unit) -> None:
            await self._tokens.insert_one(token, session=unit.session)
            await self._audit.write(
                "token.created", who=by, about=user, far=far, unit=unit, name=name, scopes=token["scopes"]
            )

        await self._units.run(work)
        return bearer, _out(token)

    async def find(self, bearer: str | None) -> Doc | None:
        """The living token behind a bearer secret; its use is noted to the minute."""
        if bearer is None or not is_plausible(bearer) or not bearer.startswith(TOKEN_PREFIX):
            return None
        at = now()
        token = await self._tokens.find_one({"_id": digest(bearer)})
        if token is None or (token["expires_at"] is not None and token["expires_at"] <= at):
            return None
        if token["used_at"] is None or at - token["used_at"] > _TOUCH_EVERY:
            await self._tokens.update_one({"_id": token["_id"]}, {"$max": {"used_at": at}})
        return token

    async def list_of(self, user: str) -> list[TokenOut]:
        """The person's tokens, newest first, those that have run out included."""
        found = self._tokens.find({"user": user}).sort("created_at", -1).limit(_MOST)
        return [_out(token) async for token in found]

    async def revoke(self, user: str, token_id: str, *, by: str, far: FarEnd) -> None:
        """Revoke one token of this person; sockets that stand on it close.

        Raises:
            NotFound: the person has no such token.
        """

        async def work(unit: Unit) -> None:
            gone = await self._tokens.find_one_and_delete({"_id": token_id, "user": user}, session=unit.session)
            if gone is None:
                raise NotFound("there is no such token")
            unit.announce(SignInEnded(user=user, sign_in=token_id))
            await self._audit.write("token.revoked", who=by, about=user, far=far, unit=unit, name=gone["name"])

        await self._units.run(work)


def _out(token: Doc) -> TokenOut:
    return TokenOut(
        id=token["_id"],
        name=token["name"],
        scopes=token["scopes"],
        created_at=token["created_at"],
        expires_at=token["expires_at"],
        used_at=token["used_at"],
    )
