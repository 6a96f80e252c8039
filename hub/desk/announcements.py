"""Announcements to departments or to everybody, with confirmations counted. (S2.9.1-09, S2.1.1-12)"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, Invalid, NotFound
from crm_core.ground.events import SUPERVISORS, user_room
from crm_core.ground.ids import new_id
from hub.desk.addressed import everybody, people_of
from hub.events import AnnouncementChanged
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.conversation import PersonRef
from hub.store.client import Doc
from hub.store.notice_collections import ANNOUNCEMENTS, CONFIRMATIONS
from hub.store.unit import Unit, Units


class AnnouncementOut(TypedDict):
    """An announcement. `confirm`: it asks to be confirmed; `confirmed`: by the caller. `receivers` and `confirmations`
    are counted for its author and for supervisors, else None."""

    id: str
    title: str
    text: str
    departments: list[str]
    by: PersonRef
    at: datetime
    until: datetime | None
    confirm: bool
    confirmed: bool
    receivers: int | None
    confirmations: int | None


class Announcements:
    """Makes, lists, confirms and withdraws them."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units, self._db, self._audit = units, units.db, audit

    async def make(
        self,
        who: Caller,
        far: FarEnd,
        *,
        title: str,
        text: str,
        departments: Sequence[str],
        confirm: bool,
        until: datetime | None,
    ) -> AnnouncementOut:
        """Publish one; the people are told by the reader `notices`. No department = everybody.

        Raises:
            Invalid: a department does not exist, or the end lies in the past.
        """
        if until is not None and until <= now():
            raise Invalid("until: the end lies in the past")
        await receivers_of(self._units, departments)
        doc: Doc = {
            "_id": new_id(),
            "title": title,
            "text": text,
            "departments": list(departments),
            "confirm": confirm,
            "by": who.user,
            "by_name": who.name,
            "at": now(),
            "until": until,
            "withdrawn_at": None,
        }

        async def work(unit: Unit) -> None:
            await unit.db[ANNOUNCEMENTS].insert_one(doc, session=unit.session)
            unit.announce(AnnouncementChanged(id=doc["_id"], made=True))
            await self._audit.write(
                "announcement.made", who=who.user, far=far, about=doc["_id"], unit=unit, title=title
            )

        await self._units.run(work)
        return (await self._shown(who, [doc]))[0]

    async def page(self, who: Caller, *, limit: int, before: str | None = None) -> list[AnnouncementOut]:
        """Those that hold now and are meant for the caller (supervisors see all), newest first."""
        where: Doc = {"$and": [in_force(), meant_for(who)]} | ({"_id": {"$lt": before}} if before else {})
        docs = await self._db[ANNOUNCEMENTS].find(where).sort("_id", -1).limit(limit).max_time_ms(2000).to_list()
        return await self._shown(who, docs)

    async def confirm(self, who: Caller, announcement: str) -> AnnouncementOut:
        """Say that one has read it; again is no change. Raises `NotFound`."""
        doc = await self._seen(who, announcement)
        mark = {"_id": f"{announcement}:{who.user}", "announcement": announcement, "user": who.user}
        concerned = frozenset({user_room(who.user), user_room(doc["by"]), SUPERVISORS})

        async def work(unit: Unit) -> None:
            confirmations = unit.db[CONFIRMATIONS]
            if await confirmations.find_one({"_id": mark["_id"]}, {"_id": 1}, session=unit.session) is None:
                await confirmations.insert_one({**mark, "at": now()}, session=unit.session)
                unit.announce(AnnouncementChanged(id=announcement, _only=concerned))

        await self._units.run(work)
        return (await self._shown(who, [doc]))[0]

    async def withdraw(self, who: Caller, far: FarEnd, announcement: str) -> None:
        """Take it back; it is shown no more. Raises `NotFound`, `Conflict`."""
        await self._seen(who, announcement)

        async def work(unit: Unit) -> None:
            ours = {"_id": announcement, "withdrawn_at": None}
            done = await unit.db[ANNOUNCEMENTS].update_one(
                ours, {"$set": {"withdrawn_at": now()}}, session=unit.session
            )
            if not done.matched_count:
                raise Conflict("it was withdrawn already")
            unit.announce(AnnouncementChanged(id=announcement))
            await self._audit.write("announcement.withdrawn", who=who.user, far=far, about=announcement, unit=unit)

        await self._units.run(work)

    async def _seen(self, who: Caller, announcement: str) -> Doc:
        doc = await self._db[ANNOUNCEMENTS].find_one({"$and": [{"_id": announcement}, in_force(), meant_for(who)]})
        if doc is None:
            raise NotFound("there is no such announcement", announcement=announcement)
        return doc

    async def _shown(self, who: Caller, docs: Sequence[Doc]) -> list[AnnouncementOut]:
        mine = [f"{doc['_id']}:{who.user}" for doc in docs]
        found = self._db[CONFIRMATIONS].find({"_id": {"$in": mine}}, {"announcement": 1})
        confirmed = {mark["announcement"] async for mark in found}
        return [await self._out(who, doc, doc["_id"] in confirmed) for doc in docs]

    async def _out(self, who: Caller, doc: Doc, confirmed: bool) -> AnnouncementOut:
        counted = doc["confirm"] and (who.supervisor or who.admin or doc["by"] == who.user)
        mine = {"announcement": doc["_id"]}
        return AnnouncementOut(
            id=doc["_id"],
            title=doc["title"],
            text=doc["text"],
            departments=doc["departments"],
            by=PersonRef(id=doc["by"], name=doc["by_name"]),
            at=doc["at"],
            until=doc["until"],
            confirm=doc["confirm"],
            confirmed=confirmed,
            receivers=len(await receivers_of(self._units, doc["departments"], lenient=True)) if counted else None,
            confirmations=await self._db[CONFIRMATIONS].count_documents(mine) if counted else None,
        )


def in_force() -> Doc:
    """Not withdrawn and not over."""
    return {"withdrawn_at": None, "$or": [{"until": None}, {"until": {"$gt": now()}}]}


def meant_for(who: Caller) -> Doc:
    """For everybody, for one of the caller's departments, or by the caller; supervisors see all."""
    if who.supervisor or who.admin:
        return {}
    return {"$or": [{"departments": {"$in": [*who.actor.path]}}, {"departments": []}, {"by": who.user}]}


async def receivers_of(units: Units, departments: Sequence[str], *, lenient: bool = False) -> list[str]:
    """The people it is meant for today. `lenient`: a department that is gone counts as empty.

    Raises:
        Invalid: a department does not exist.
    """
    if not departments:
        return await everybody(units.db)
    try:
        return await people_of(units.db, [], departments)
    except Invalid:
        if lenient:
            return []
        raise
