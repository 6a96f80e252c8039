"""Old conversations find their people: when a contact or customer is stored, what its addresses wrote before is linked.

A durable reader of `record.changed`. Seeing an event twice changes nothing: what is linked already does not match.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from hub.readers import Reader
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS
from hub.store.record_codec import records_of
from hub.store.unit import Unit, Units
from hub.stream.conversations import load_conversation, relink

_TYPES = frozenset({"contact", "customer"})
_UNKNOWABLE = ["merged", "left"]
_AT_ONCE = 20
"""Conversations per unit of work: a unit holds up the stream, so it is kept short."""


class PartyLinks:
    """Links conversations to contacts and customers that came to be known later."""

    def __init__(self, units: Units) -> None:
        self._units, self._db = units, units.db

    def reader(self) -> Reader:
        """The durable reader, for `hub.main`."""
        return Reader("party-links", frozenset({"record.changed"}), self.handle)

    async def handle(self, batch: Sequence[Doc]) -> None:
        """A batch of `record.changed` events."""
        touched = {(e["data"].get("type"), e["data"].get("id")) for e in batch if e["data"].get("type") in _TYPES}
        for key, record in sorted((t, r) for t, r in touched if t and r):
            await self._follow(key, record)

    async def _follow(self, key: str, record: str) -> None:
        last = ""
        while found := await self._unlinked(key, await known(self._db, key, record), last):
            last = found[-1]

            async def work(unit: Unit, chunk: Sequence[str] = tuple(found)) -> None:
                doc = await known(unit.db, key, record, unit.session)  # it may have changed since
                for conversation in chunk if doc else ():
                    await _link(unit, key, doc or {}, conversation)

            await self._units.run(work)

    async def _unlinked(self, key: str, doc: Doc | None, after: str) -> list[str]:
        """Conversations with one of the record's addresses that lack the record; by id, so that each comes once."""
        if doc is None or not doc["addresses"]:
            return []
        lacks: list[Doc] = [{"contacts" if key == "contact" else "customers": {"$ne": doc["_id"]}}]
        if doc.get("customer"):
            lacks.append({"customers": []})
        where = {
            "links": {"$in": doc["addresses"]},
            "state": {"$ne": "merged"},
            "_id": {"$gt": after},
            "$or": lacks,
        }
        cursor = self._db[CONVERSATIONS].find(where, {"_id": 1}).sort("_id", 1).limit(_AT_ONCE)
        return [found["_id"] async for found in cursor]


async def known(db: Database, key: str, record: str, session: AsyncClientSession | None = None) -> Doc | None:
    """The record, while it stands for somebody who can be reached through it."""
    return await records_of(db, key).find_one({"_id": record, "state": {"$nin": _UNKNOWABLE}}, session=session)


async def _link(unit: Unit, key: str, doc: Doc, conversation: str) -> None:
    before = await load_conversation(unit, conversation)
    if not set(before["party_keys"]) & set(doc["addresses"]):
        return
    if key == "customer":
        await relink(unit, before["_id"], [], [doc["_id"]], before["parties"])
        return
    # A conversation that belongs to a customer keeps it: people change company, what they wrote before does not.
    customers = [doc["customer"]] if doc.get("customer") and not before["customers"] else []
    await relink(unit, before["_id"], [doc["_id"]], customers, named(before, doc))


def named(conversation: Doc, contact: Doc) -> list[dict[str, Any]]:
    """The parties, with strangers at one of the contact's addresses now known by name. Pure."""
    name = {"kind": "contact", "id": contact["_id"], "name": contact["name"]}
    return [
        party | name if party["kind"] == "unknown" and key in contact["addresses"] else party
        for key, party in zip(conversation["party_keys"], conversation["parties"], strict=True)
    ]
