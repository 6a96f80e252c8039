"""Sessions of browsers: a random id in a cookie, its digest in the store, an absolute and an idle end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound
from hub.events import SignInEnded
from hub.identity.audit import Audit
from hub.identity.bearer import digest, is_plausible, new_bearer
from hub.identity.far_end import FarEnd
from hub.store.client import Doc
from hub.store.collections import SESSIONS
from hub.store.unit import Unit, Units

_TOUCH_EVERY = timedelta(minutes=1)
_MOST = 50


class SessionOut(TypedDict):
    """A session as its owner sees it."""

    id: str
    started_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    agent: str
    current: bool


@dataclass(frozen=True, slots=True)
class SessionLife:
    """How long a session lasts at most, and how long without use."""

    most: timedelta = timedelta(days=14)
    idle: timedelta = timedelta(hours=72)


class Sessions:
    """Begins, finds, lists and ends sessions."""

    def __init__(self, units: Units, audit: Audit, life: SessionLife) -> None:
        self._units, self._audit, self._life = units, audit, life
        self._sessions = units.db[SESSIONS]

    async def begin(self, user: str, far: FarEnd) -> str:
        """A new session; returns the secret for the cookie. It is never the id that the browser brought along."""
        bearer, at = new_bearer(), now()
        await self._sessions.insert_one(
            {
                "_id": digest(bearer),
                "user": user,
                "started_at": at,
                "seen_at": at,
                "ends_at": at + self._life.most,
                "expires_at": at + min(self._life.idle, self._life.most),
                "address": far.address,
                "agent": far.agent,
            }
        )
        await self._end_surplus(user, far)
        return bearer

    async def find(self, bearer: str | None) -> Doc | None:
        """The living session behind a cookie, its idle clock set back."""
        if bearer is None or not is_plausible(bearer):
            return None
        at = now()
        session = await self._sessions.find_one({"_id": digest(bearer), "expires_at": {"$gt": at}})
        if session is not None and at - session["seen_at"] > _TOUCH_EVERY:
            seen: Doc = {"seen_at": at, "expires_at": min(session["ends_at"], at + self._life.idle)}
            await self._sessions.update_one({"_id": session["_id"]}, {"$set": seen})
            session |= seen
        return session

    async def list_of(self, user: str, current: str | None = None) -> list[SessionOut]:
        """The person's living sessions, last used first."""
        found = self._sessions.find({"user": user, "expires_at": {"$gt": now()}}).sort("seen_at", -1).limit(2 * _MOST)
        return [_out(session, current) async for session in found]

    async def end(self, user: str, session_id: str, *, by: str, far: FarEnd) -> None:
        """End one session of this person.

        Raises:
            NotFound: the person has no such session (somebody else may).
        """

        async def work(unit: Unit) -> None:
            gone = await self._sessions.delete_one({"_id": session_id, "user": user}, session=unit.session)
            if not gone.deleted_count:
                raise NotFound("there is no such session")
            unit.announce(SignInEnded(user=user, sign_in=session_id))
            await self._audit.write("session.ended", who=by, about=user, far=far, unit=unit)

        await self._units.run(work)

    async def end_all(self, user: str, *, by: str, far: FarEnd, but: str | None = None) -> int:
        """End all sessions of this person, except `but`; returns how many."""

        async def work(unit: Unit) -> int:
            return await self.end_all_in(unit, user, by=by, far=far, but=but)

        return await self._units.run(work)

    async def end_all_in(self, unit: Unit, user: str, *, by: str, far: FarEnd, but: str | None = None) -> int:
        """The same as part of a larger change (a new password, a person who left)."""
        where = {"user": user, "_id": {"$ne": but}}
        ids = [session["_id"] async for session in self._sessions.find(where, {"_id": 1}, session=unit.session)]
        await self._sessions.delete_many({"_id": {"$in": ids}}, session=unit.session)
        for session_id in ids:
            unit.announce(SignInEnded(user=user, sign_in=session_id))
        if ids:
            await self._audit.write("sessions.ended", who=by, about=user, far=far, unit=unit, count=len(ids))
        return len(ids)

    async def _end_surplus(self, user: str, far: FarEnd) -> None:
        """A program that signs in again and again must not fill the store."""
        oldest_first = self._sessions.find({"user": user}, {"_id": 1}).sort("seen_at", -1).skip(_MOST).limit(10)
        async for session in oldest_first:
            await self.end(user, session["_id"], by=user, far=far)


def _out(session: Doc, current: str | None) -> SessionOut:
    return SessionOut(
        id=session["_id"],
        started_at=session["started_at"],
        seen_at=session["seen_at"],
        ends_at=session["ends_at"],
        address=session["address"],
        agent=session["agent"],
        current=session["_id"] == current,
    )
