"""Which days and weeks of calls are added up, in the store: one small document each.

`n` grows with every change of a fact in it, in the transaction that changes the fact; `version` names the sums that are
good for it, and is None from such a change until they are made anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from hub.desk.floor.spans import KINDS, LONG, span_of, spans_between
from hub.store.client import Database, Doc
from hub.store.floor_collections import CALL_FACTS, CALL_SPANS


async def touch(db: Database, moments: Iterable[datetime], session: AsyncClientSession) -> None:
    """Facts of these moments change in this transaction."""
    spans = {span.id: span for at in moments for kind in KINDS for span in (span_of(kind, at),)}
    if not spans:
        return
    change = {"$inc": {"n": 1}, "$set": {"version": None}}
    writes = [
        UpdateOne({"_id": key}, change | {"$setOnInsert": {"kind": spans[key].kind, "at": spans[key].begins}}, upsert=True)
        for key in sorted(spans)
    ]  # fmt: skip
    await db[CALL_SPANS].bulk_write(writes, session=session)


async def forget(db: Database) -> None:
    """Everything is to be added up anew."""
    await db[CALL_SPANS].update_many({}, {"$inc": {"n": 1}, "$set": {"version": None}})


async def extend(db: Database, until: datetime) -> None:
    """There is a document for every day and week since the first fact, up to this moment."""
    first = await db[CALL_FACTS].find_one({}, {"at": 1}, sort=[("at", 1)])
    if first is None:
        return
    spans = {span.id: span for kind in KINDS for span in spans_between(kind, first["at"], until)}
    known = {doc["_id"] async for doc in db[CALL_SPANS].find({}, {"_id": 1})}
    writes = [
        UpdateOne({"_id": key}, {"$setOnInsert": {"kind": span.kind, "at": span.begins, "n": 0, "version": None}}, upsert=True)
        for key, span in spans.items()
        if key not in known
    ]  # fmt: skip
    if writes:
        await db[CALL_SPANS].bulk_write(writes)


async def next_open(db: Database, until: datetime) -> Doc | None:
    """The newest that is over at this moment and not added up: `{_id, kind, at, n}`."""
    over: list[Doc] = [{"kind": kind, "version": None, "at": {"$lte": until - LONG[kind]}} for kind in KINDS]
    return await db[CALL_SPANS].find_one({"$or": over}, sort=[("at", -1)])


async def versions(db: Database, kinds: Iterable[str], since: datetime, until: datetime) -> dict[str, str]:
    """The sums there are of spans that begin in this time."""
    where = {"kind": {"$in": list(kinds)}, "at": {"$gte": since, "$lt": until}, "version": {"$gt": ""}}
    return {doc["_id"]: doc["version"] async for doc in db[CALL_SPANS].find(where, {"version": 1})}
