"""Queues: who answers what. The settings give the first ones; the database has the last word.

A queue's members see its conversations, so a change of members changes rights: it is announced as such, and the hubs
let the consoles of that person come back into fresh rooms.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError
from typing_extensions import TypedDict

from crm_core.ground.errors import Conflict, Forbidden, Invalid, NotFound
from hub.events import QueueChanged, RightsChanged
from hub.identity.caller import Caller
from hub.settings import QueueSettings
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS, QUEUES
from hub.store.unit import Unit, Units

_USERS = "record_user"
_COUNT_MS = 2000
DEFAULT_QUEUE = "general"


class QueueOut(TypedDict):
    """A queue and what lies in it. `sla_s`: the answer time aimed at, in seconds; `joinable`: who wants may join;
    `wrap_up_s`: so long after a call of it an agent has time for after-call work, 0 = none."""

    id: str
    name: str
    name_zh: str
    sla_s: int
    joinable: bool
    wrap_up_s: int
    members: list[str]
    mine: bool
    open: int
    unassigned: int
    waiting: int
    waiting_since: datetime | None


class Queues:
    """Reads and changes queues."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._db = units.db

    async def seed(self, settings: Mapping[str, QueueSettings]) -> None:
        """Make the queues that the settings name and the store lacks; members are named there by login."""
        wanted = {DEFAULT_QUEUE: QueueSettings(name="General", name_zh="通用")} | dict(settings)
        for queue, part in wanted.items():
            query = {"login": {"$in": list(part.members)}}
            members = [doc["_id"] async for doc in self._db[_USERS].find(query, {"_id": 1})]
            first = _document(
                queue, part.name, part.name_zh, part.sla_s, joinable=True, members=members, wrap_up_s=part.wrap_up_s
            )
            del first["_id"]
            await self._db[QUEUES].update_one({"_id": queue}, {"$setOnInsert": first}, upsert=True)

    async def list_all(self, caller: Caller) -> list[QueueOut]:
        """All queues with their counts, which take one aggregation."""
        queues = await self._db[QUEUES].find().sort("_id", 1).limit(1000).to_list()
        counts = await self._counts([queue["_id"] for queue in queues])
        return [_out(queue, counts.get(queue["_id"], {}), caller) for queue in queues]

    async def show(self, caller: Caller, queue: str) -> QueueOut:
        """One queue; raises `NotFound`."""
        doc = await self._db[QUEUES].find_one({"_id": queue})
        if doc is None:
            raise _missing(queue)
        return _out(doc, (await self._counts([queue])).get(queue, {}), caller)

    async def join(self, caller: Caller, queue: str, user: str | None = None) -> None:
        """Become a member, or make somebody one.

        Raises:
            Forbidden: the queue takes only those whom a supervisor puts in, or somebody else is meant.
        """
        await self._set_member(caller, queue, user or caller.user, member=True)

    async def leave(self, caller: Caller, queue: str, user: str | None = None) -> None:
        """Stop being a member, or take somebody out."""
        await self._set_member(caller, queue, user or caller.user, member=False)

    async def create(
        self, queue: str, *, name: str, name_zh: str, sla_s: int, joinable: bool, members: list[str], wrap_up_s: int = 0
    ) -> None:
        """A new queue.

        Raises:
            Conflict: there is one of that id.
            Invalid: a member is nobody.
        """
        doc = _document(
            queue, name, name_zh, sla_s, joinable=joinable, members=sorted(set(members)), wrap_up_s=wrap_up_s
        )

        async def work(unit: Unit) -> None:
            await _check_people(unit, doc["members"])
            if await unit.db[QUEUES].find_one({"_id": queue}, {"_id": 1}, session=unit.session):
                raise Conflict("there is a queue of this id already", queue=queue)
            await unit.db[QUEUES].insert_one(doc, session=unit.session)
            _announce(unit, doc, set(doc["members"]))

        try:
            await self._units.run(work)
        except DuplicateKeyError:
            raise Conflict("there is a queue of this id already", queue=queue) from None

    async def change(self, queue: str, changes: Mapping[str, Any]) -> None:
        """Set some of `name name_zh sla_s joinable wrap_up_s members`; raises `NotFound`, `Invalid`."""

        async def work(unit: Unit) -> None:
            before = await _load(unit, queue)
            after = {**before, **changes}
            after["members"] = sorted(set(after["members"]))
            moved = set(before["members"]) ^ set(after["members"])
            await _check_people(unit, [m for m in after["members"] if m in moved])
            await _store(unit, before, after)

        await self._units.run(work)

    async def _set_member(self, caller: Caller, queue: str, user: str, *, member: bool) -> None:
        by_right = caller.supervisor or caller.admin
        if user != caller.user and not by_right:
            raise Forbidden("only a supervisor puts others into a queue or takes them out")

        async def work(unit: Unit) -> None:
            before = await _load(unit, queue)
            if member and not before.get("joinable", True) and not by_right:
                raise Forbidden("a supervisor must put you into this queue", queue=queue)
            if member:
                await _check_people(unit, [user])
            members = set(before["members"]) | {user} if member else set(before["members"]) - {user}
            await _store(unit, before, {**before, "members": sorted(members)})

        await self._units.run(work)

    async def _counts(self, queues: list[str]) -> dict[str, Doc]:
        waits: dict[str, Any] = {"$gt": ["$waiting_since", None]}
        group = {
            "_id": "$queue",
            "open": {"$sum": 1},
            "unassigned": {"$sum": {"$cond": [{"$gt": ["$assignee", None]}, 0, 1]}},
            "waiting": {"$sum": {"$cond": [waits, 1, 0]}},
            "waiting_since": {"$min": "$waiting_since"},
        }
        pipeline: list[dict[str, Any]] = [{"$match": {"queue": {"$in": queues}, "state": "open"}}, {"$group": group}]
        found = await self._db[CONVERSATIONS].aggregate(pipeline, maxTimeMS=_COUNT_MS)
        return {doc["_id"]: doc async for doc in found}


async def _load(unit: Unit, queue: str) -> Doc:
    doc = await unit.db[QUEUES].find_one({"_id": queue}, session=unit.session)
    if doc is None:
        raise _missing(queue)
    return doc


async def _store(unit: Unit, before: Doc, after: Doc) -> None:
    if before != after:
        await unit.db[QUEUES].replace_one({"_id": after["_id"]}, after, session=unit.session)
        _announce(unit, after, set(before["members"]) ^ set(after["members"]))


async def _check_people(unit: Unit, users: list[str]) -> None:
    query = {"_id": {"$in": users}, "state": {"$ne": "left"}}
    known = {doc["_id"] async for doc in unit.db[_USERS].find(query, {"_id": 1}, session=unit.session)}
    if missing := [user for user in users if user not in known]:
        raise Invalid("members must be colleagues of the house", unknown=missing)


def _announce(unit: Unit, queue: Doc, moved: set[str]) -> None:
    unit.announce(QueueChanged(queue=queue["_id"], members=queue["members"]))
    for user in sorted(moved):
        unit.announce(RightsChanged(user=user))


def _document(
    queue: str, name: str, name_zh: str, sla_s: int, *, joinable: bool, members: list[str], wrap_up_s: int
) -> Doc:
    return {
        "_id": queue,
        "name": name,
        "name_zh": name_zh,
        "sla_s": sla_s,
        "joinable": joinable,
        "wrap_up_s": wrap_up_s,
        "members": members,
    }


def _out(queue: Doc, counts: Doc, caller: Caller) -> QueueOut:
    return QueueOut(
        id=queue["_id"],
        name=queue["name"],
        name_zh=queue["name_zh"],
        sla_s=queue["sla_s"],
        joinable=queue.get("joinable", True),
        wrap_up_s=queue.get("wrap_up_s", 0),
        members=queue["members"],
        mine=caller.user in queue["members"],
        open=counts.get("open", 0),
        unassigned=counts.get("unassigned", 0),
        waiting=counts.get("waiting", 0),
        waiting_since=counts.get("waiting_since"),
    )


def _missing(queue: str) -> NotFound:
    return NotFound("there is no such queue", queue=queue)
