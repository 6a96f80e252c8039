"""Messages among colleagues, to people and departments, with read marks. (S2.9.1-05, S2.1.2-13)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import FieldError, Invalid, NotFound
from crm_core.ground.ids import new_id
from hub.desk.addressed import people_of
from hub.events import InternalChanged
from hub.identity.caller import Caller
from hub.identity.people import USERS
from hub.model.conversation import PersonRef
from hub.store.client import Doc
from hub.store.notice_collections import INTERNAL_MESSAGES, NOTICES
from hub.store.unit import Unit, Units


class ReadMark(TypedDict):
    """A receiver, and when it was read; None = not yet."""

    user: PersonRef
    read_at: datetime | None


class InternalOut(TypedDict):
    """An internal message. `receivers` and `read` count people."""

    id: str
    by: PersonRef
    subject: str
    text: str
    about: dict[str, Any]
    at: datetime
    receivers: int
    read: int


class InternalMessages:
    """Writes them, and tells the sender who has read what. Receivers find them among their notices."""

    def __init__(self, units: Units) -> None:
        self._units, self._db = units, units.db

    async def send(
        self,
        who: Caller,
        *,
        users: Sequence[str],
        departments: Sequence[str],
        subject: str,
        text: str,
        about: Mapping[str, Any],
    ) -> InternalOut:
        """Store it; the receivers are told by the reader `notices`, also after a crash.

        Raises:
            Invalid: nobody is meant, or somebody whom there is not.
        """
        receivers = [user for user in await people_of(self._db, users, departments) if user != who.user]
        if not receivers:
            raise Invalid("name at least one colleague", fields=(FieldError("users", "missing", "nobody is named"),))
        doc: Doc = {
            "_id": new_id(),
            "by": who.user,
            "by_name": who.name,
            "users": list(users),
            "departments": list(departments),
            "receivers": receivers,
            "subject": subject,
            "text": text,
            "about": dict(about),
            "at": now(),
        }

        async def work(unit: Unit) -> None:
            await unit.db[INTERNAL_MESSAGES].insert_one(doc, session=unit.session)
            unit.announce(InternalChanged(id=doc["_id"], sent=True, _user=who.user))

        await self._units.run(work)
        return _out(doc, 0)

    async def sent_by(self, who: Caller, *, limit: int, before: str | None = None) -> list[InternalOut]:
        """What the caller wrote, newest first, with how many have read it."""
        where: Doc = {"by": who.user} | ({"_id": {"$lt": before}} if before else {})
        docs = await self._db[INTERNAL_MESSAGES].find(where).sort("_id", -1).limit(limit).to_list()
        match = {"about.internal": {"$in": [doc["_id"] for doc in docs]}, "read_at": {"$ne": None}}
        group = {"_id": "$about.internal", "read": {"$sum": 1}}
        counted = await self._db[NOTICES].aggregate([{"$match": match}, {"$group": group}], maxTimeMS=2000)
        read = {row["_id"]: row["read"] async for row in counted}
        return [_out(doc, read.get(doc["_id"], 0)) for doc in docs]

    async def marks(self, who: Caller, message: str) -> list[ReadMark]:
        """Who has read a message of the caller's, unread ones first; raises `NotFound`."""
        doc = await self._db[INTERNAL_MESSAGES].find_one({"_id": message, "by": who.user})
        if doc is None:
            raise NotFound("there is no such message of yours", message=message)
        told = self._db[NOTICES].find({"about.internal": message}, {"user": 1, "read_at": 1})
        read = {notice["user"]: notice["read_at"] async for notice in told}
        people = self._db[USERS].find({"_id": {"$in": doc["receivers"]}}, {"name": 1}).sort("name", 1)
        marks = [
            ReadMark(user=PersonRef(id=person["_id"], name=person["name"]), read_at=read.get(person["_id"]))
            async for person in people
        ]
        return sorted(marks, key=lambda mark: mark["read_at"] is not None)


def _out(doc: Doc, read: int) -> InternalOut:
    return InternalOut(
        id=doc["_id"],
        by=PersonRef(id=doc["by"], name=doc["by_name"]),
        subject=doc["subject"],
        text=doc["text"],
        about=doc["about"],
        at=doc["at"],
        receivers=len(doc["receivers"]),
        read=read,
    )
