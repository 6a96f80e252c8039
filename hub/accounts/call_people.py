"""Whose extension it is, and whose number: what a screen pop shows, in a few queries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from hub.model.call import CallNews, CandidateOut, PersonOut, Pop, RingOut, Rings
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, QUEUES, THREADS
from hub.stream.place import call_key, trace_key

MOST_CANDIDATES = 10
MOST_CONVERSATIONS = 5
_PLAIN = {"name": 1, "customer": 1}
_HERE = {"state": {"$nin": ["merged", "left"]}}


async def people_at(db: Database, extensions: Iterable[str]) -> dict[str, PersonOut]:
    """Extension -> the colleague who has it. Where several have it, the first by id."""
    wanted = sorted({each for each in extensions if each})
    if not wanted:
        return {}
    found = db["record_user"].find({"extension": {"$in": wanted}, "state": "active"}, {"name": 1, "extension": 1})
    docs = await found.sort("_id", -1).to_list()
    return {doc["extension"]: {"id": doc["_id"], "name": doc["name"], "extension": doc["extension"]} for doc in docs}


async def look_up_rings(db: Database, account: str, news: Sequence[CallNews]) -> Rings:
    """Who has the phones of these calls, what the pop of each ring shows, and where the calls belong."""
    extensions = {each["extension"] for call in news for each in (*call.rings, *call.part["agents"])}
    keys = sorted({each.party.key for each in news})
    rung = {ring["extension"] for each in news for ring in each.rings}
    (people, queues), found, homes = await asyncio.gather(
        _people_with_queues(db, extensions, rung), _candidates_of(db, keys), _homes(db, account, keys)
    )
    known: dict[str, list[CandidateOut]] = dict(zip(keys, found, strict=True))

    async def one(key: str, ring: RingOut) -> Pop:
        person = people.get(ring["extension"])
        if person is None:
            return Pop(known[key], [])
        sees = (person["id"], queues.get(person["id"], []))
        return Pop(known[key], await open_conversations(db, *sees, key, known[key]))

    rings = [(each.party.key, ring) for each in news for ring in each.rings]
    pops = await asyncio.gather(*(one(key, ring) for key, ring in rings))
    return Rings((*news,), people, {ring["id"]: pop for (_, ring), pop in zip(rings, pops, strict=True)}, homes)


async def _homes(db: Database, account: str, parties: Sequence[str]) -> dict[str, str]:
    """The conversation that the next call of each of these goes to, where there is one: as the commit loop will find it,
    unless it is closed or joined to another in this very moment."""
    keys = {trace_key(call_key(account, party)): party for party in parties}
    traces = await db[THREADS].find({"key": {"$in": [*keys]}}, {"key": 1, "conversation": 1}).sort("_id", 1).to_list()
    states: dict[str, Doc] = {}
    wanted = {trace["conversation"] for trace in traces}
    while wanted:
        found = db[CONVERSATIONS].find({"_id": {"$in": sorted(wanted)}}, {"state": 1, "merged_into": 1})
        states |= {doc["_id"]: doc async for doc in found}
        wanted = {doc["merged_into"] for doc in states.values() if doc["state"] == "merged"} - states.keys()
    homes: dict[str, list[Doc]] = {}
    for trace in traces:
        doc = states.get(trace["conversation"])
        while doc is not None and doc["state"] == "merged":
            doc = states.get(doc["merged_into"])
        if doc is not None:
            homes.setdefault(keys[trace["key"]], []).append(doc)
    return {party: _home(docs) for party, docs in homes.items()}


def _home(docs: Sequence[Doc]) -> str:
    """Of the conversations that a pair had, as `place` chooses: the first that is open, else the oldest."""
    found: str = next((doc["_id"] for doc in docs if doc["state"] != "closed"), min(doc["_id"] for doc in docs))
    return found


async def _people_with_queues(
    db: Database, extensions: Iterable[str], rung: set[str]
) -> tuple[dict[str, PersonOut], dict[str, list[str]]]:
    people = await people_at(db, extensions)
    return people, await _queues_of(db, {person["id"] for each, person in people.items() if each in rung})


async def _candidates_of(db: Database, keys: Sequence[str]) -> list[list[CandidateOut]]:
    return await asyncio.gather(*(candidates(db, key) for key in keys))


async def _queues_of(db: Database, users: set[str]) -> dict[str, list[str]]:
    """User -> the queues they are in."""
    found: dict[str, list[str]] = {}
    if users:
        async for queue in db[QUEUES].find({"members": {"$in": sorted(users)}}, {"members": 1}):
            for user in users.intersection(queue["members"]):
                found.setdefault(user, []).append(queue["_id"])
    return found


async def candidates(db: Database, key: str) -> list[CandidateOut]:
    """Everybody whom an address may belong to, each with the reason; nobody for a number that was not shown."""
    if not key.startswith("phone:"):
        return []
    contacts, customers = await asyncio.gather(
        _at(db, "record_contact", {"addresses": key}), _at(db, "record_customer", {"addresses": key})
    )
    known = {doc["_id"] for doc in customers}
    theirs = sorted({doc["customer"] for doc in contacts if doc.get("customer")} - known)
    behind = await _at(db, "record_customer", {"_id": {"$in": theirs}}) if theirs else []
    return [
        *(_candidate("contact", doc, "number") for doc in contacts),
        *(_candidate("customer", doc, "number") for doc in customers),
        *(_candidate("customer", doc, "customer_of_contact") for doc in behind),
    ]


async def open_conversations(
    db: Database, user: str, queues: Sequence[str], key: str, found: list[CandidateOut]
) -> list[dict[str, Any]]:
    """What is open with these people and may be seen by this colleague, who is in these queues; newest first."""
    links = [*([key] if key else []), *(f"{each['type']}:{each['id']}" for each in found)]
    if not links:
        return []
    mine = [{"queue": {"$in": [*queues]}}, {"assignee.id": user}, {"viewers": user}]
    where: Doc = {"links": {"$in": links}, "state": {"$in": ["open", "pending", "snoozed"]}, "$or": mine}
    fields = {"subject": 1, "channels": 1, "last_at": 1, "records": 1}
    docs = await db[CONVERSATIONS].find(where, fields).sort("last_seq", -1).limit(MOST_CONVERSATIONS).to_list()
    return [{"id": doc.pop("_id"), **doc} for doc in docs]


async def _at(db: Database, collection: str, where: Doc) -> list[Doc]:
    return await db[collection].find({**where, **_HERE}, _PLAIN).sort("_id", 1).limit(MOST_CANDIDATES).to_list()


def _candidate(kind: Any, doc: Doc, because: Any) -> CandidateOut:
    name = doc.get("name") or ""
    return {"type": kind, "id": doc["_id"], "name": name, "customer": doc.get("customer"), "because": because}
