"""Who makes a request or holds a socket: a cookie or a token becomes a `Caller`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from crm_core.ground.clock import now
from crm_core.ground.errors import SignInNeeded
from hub.identity.caller import ALL_SCOPES, Caller
from hub.identity.people import People
from hub.identity.sessions import Sessions
from hub.identity.tokens import Tokens
from hub.store.client import Database, Doc
from hub.store.collections import SESSIONS, TOKENS


class Identity:
    """Used by the HTTP edge for each request and by the console edge for each connection."""

    def __init__(self, db: Database, sessions: Sessions, tokens: Tokens, people: People) -> None:
        self._db, self._sessions, self._tokens, self._people = db, sessions, tokens, people

    async def identify(self, cookie: str | None, token: str | None) -> Caller:
        """The caller behind a session cookie's value or a bearer token; a token counts where both are given.

        Raises:
            SignInNeeded: neither stands for a living sign-in of a person who may sign in.
        """
        sign_in = await (self._tokens.find(token) if token else self._sessions.find(cookie))
        if sign_in is None:
            raise SignInNeeded("the token is not valid (any more)" if token else "sign in first")
        return await self._caller(sign_in, by_token=bool(token))

    async def expires_at(self, caller: Caller) -> datetime | None:
        """When the sign-in ends unless it is used before then; None for a token without end.

        Raises:
            SignInNeeded: it has ended.
        """
        collection = TOKENS if caller.by_token else SESSIONS
        found = await self._db[collection].find_one({"_id": caller.sign_in}, {"expires_at": 1})
        expires_at: datetime | None = found["expires_at"] if found else None
        if found is None or (expires_at is not None and expires_at <= now()):
            raise SignInNeeded("the sign-in has ended")
        return expires_at

    async def ended(self, sign_ins: Collection[str]) -> frozenset[str]:
        """Those of the sign-ins that are over: revoked, signed out, or idle or old beyond their time. Two queries."""
        ids, at = list(sign_ins), now()
        alive: set[str] = set()
        async for session in self._db[SESSIONS].find({"_id": {"$in": ids}, "expires_at": {"$gt": at}}, {"_id": 1}):
            alive.add(session["_id"])
        endless_or_later = {"$not": {"$lte": at}}
        async for token in self._db[TOKENS].find({"_id": {"$in": ids}, "expires_at": endless_or_later}, {"_id": 1}):
            alive.add(token["_id"])
        return frozenset(ids) - alive

    async def _caller(self, sign_in: Doc, *, by_token: bool) -> Caller:
        person = await self._people.find(sign_in["user"])
        if person is None or not person.may_sign_in:
            raise SignInNeeded("this person may not sign in (any more)")
        return Caller(
            user=person.user,
            login=person.login,
            name=person.name,
            admin=person.actor.admin,
            supervisor=person.supervisor,
            queues=person.queues,
            actor=person.actor,
            sign_in=sign_in["_id"],
            scopes=frozenset(sign_in["scopes"]) if by_token else ALL_SCOPES,
            roles=person.roles,
            by_token=by_token,
            must_enrol=person.must_enrol and not by_token,
            expires_at=sign_in["expires_at"] if by_token else sign_in["ends_at"],
            idle_ends_at=None if by_token else sign_in["expires_at"],
        )
