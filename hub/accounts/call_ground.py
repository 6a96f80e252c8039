"""What is looked up before calls are published: outside the unit of work, where all other writers would wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from hub.accounts.call_people import people_at
from hub.model.call import CallNews, PersonOut
from hub.store.call_collections import CALLS
from hub.store.client import Database, Doc
from hub.store.collections import QUEUES


class Ground:
    """What the store says of everything that some news of calls speak of.

    Attributes:
        keys: the ids of the calls' documents, in the order of the news.
        known: the documents, of those of which more was told than that they ring.
        people: extension -> who has it.
        queues: which of the named queues there are.
    """

    def __init__(self, news: Sequence[CallNews]) -> None:
        self.news = news
        self.keys: list[str] = []
        self.known: dict[str, Doc] = {}
        self.people: dict[str, PersonOut] = {}
        self.queues: set[str] = set()

    async def look_up(self, db: Database, account: str, last: Mapping[str, Doc]) -> None:
        """Read it all. `last`: documents that this hub itself wrote last."""
        if not self.news:
            return
        self.keys = [f"{account}|{each.id}" for each in self.news]
        self.known = {key: last[key] for key in self.keys if key in last}
        unknown = [key for key in self.keys if key not in last]
        extensions = {agent["extension"] for each in self.news for agent in each.part["agents"]}
        found, self.people, self.queues = await asyncio.gather(
            _documents(db, unknown), people_at(db, extensions), self._queues_of(db)
        )
        self.known |= found

    async def _queues_of(self, db: Database) -> set[str]:
        """Of calls that have no message yet, which therefore has to be put into a queue."""
        named = {
            each.part["queue"] for each, key in zip(self.news, self.keys, strict=True)
            if each.part["queue"] and not self.known.get(key, {}).get("message")
        }  # fmt: skip
        if not named:
            return set()
        return {doc["_id"] async for doc in db[QUEUES].find({"_id": {"$in": sorted(named)}}, {"_id": 1})}


async def _documents(db: Database, keys: list[str]) -> dict[str, Doc]:
    if not keys:
        return {}
    return {doc["_id"]: doc async for doc in db[CALLS].find({"_id": {"$in": keys}, "only_rang": None})}
