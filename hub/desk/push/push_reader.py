"""A new notice becomes one push for each browser of its person: a durable reader of the stream.

Seeing an event twice makes nothing twice: notice and browser are the push's id. A sign-in that ended takes its browsers along.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from pymongo import UpdateOne

from crm_core.ground.clock import now
from hub.readers import Reader
from hub.store.client import Database, Doc
from hub.store.notice_collections import NOTICES
from hub.store.push_collections import PUSH_SUBSCRIPTIONS, PUSHES

FRESH = timedelta(minutes=10)
"""What is older has been seen otherwise, or is no reason to wake anybody."""
_WANTS = frozenset({"notice.changed", "hub.sign-in-ended"})
_FIELDS = ("notice.id", "notice.state", "user", "sign_in")


class PushReader:
    """Writes what is to be sent. `wake` is told when something is there."""

    def __init__(self, db: Database, wake: Callable[[], None]) -> None:
        self._db, self._wake = db, wake

    def reader(self) -> Reader:
        """The durable reader, for `hub.main`."""
        return Reader("push", _WANTS, self.handle, _FIELDS, patient=True)

    async def handle(self, batch: Sequence[Doc]) -> None:
        """A batch of events, in order."""
        for event in batch:
            if event["name"] == "hub.sign-in-ended":
                await self._forget(event["data"])
        told = [event["data"].get("notice") for event in batch if event["name"] == "notice.changed"]
        ids = [notice["id"] for notice in told if notice and notice["state"] == "unread"]
        if ids:
            await self._prepare(ids)

    async def _forget(self, data: Doc) -> None:
        where = {"user": data["user"]} | ({"sign_in": data["sign_in"]} if data.get("sign_in") else {})
        await self._db[PUSH_SUBSCRIPTIONS].delete_many(where)

    async def _prepare(self, ids: Sequence[str]) -> None:
        fresh = {"_id": {"$in": list(ids)}, "at": {"$gt": now() - FRESH}}
        owners = {n["_id"]: n["user"] async for n in self._db[NOTICES].find(fresh, {"user": 1})}
        where = {"user": {"$in": sorted(set(owners.values()))}}
        browsers = await self._db[PUSH_SUBSCRIPTIONS].find(where, {"user": 1}).to_list()
        writes = [
            _write(notice, browser["_id"], user)
            for notice, user in owners.items()
            for browser in browsers
            if browser["user"] == user
        ]
        if writes:
            await self._db[PUSHES].bulk_write(writes, ordered=False)
            self._wake()


def _write(notice: str, subscription: str, user: str) -> UpdateOne:
    at = now()
    facts = {"notice": notice, "subscription": subscription, "user": user}
    fresh = {"state": "waiting", "due": at, "tries": 0, "at": at, "sent_at": None, "why": None}
    return UpdateOne({"_id": f"{notice}:{subscription}"}, {"$setOnInsert": facts | fresh}, upsert=True)
