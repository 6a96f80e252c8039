"""Callbacks with the caller's eyes: planned, listed, dialled, done; whose time has come are announced. (S2.9.9)"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, NamedTuple

from crm_core.ground.addresses import phone_key
from crm_core.ground.clock import as_stored, now
from crm_core.ground.errors import Conflict, FieldError, Invalid, MainstemError, NotFound
from hub.calling import new_reference
from hub.desk.callback_changes import announce, blank, close
from hub.desk.calls import Calls
from hub.desk.in_time import in_time
from hub.desk.sight import seen_conversation
from hub.errors import InDoubt
from hub.events import NoticeRaised
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.leases import Lease
from hub.model.callback import CallbackKind, CallbackOut, CallbackState, callback_out
from hub.store.call_collections import CALLS
from hub.store.call_desk_collections import CALLBACKS
from hub.store.client import Doc
from hub.store.collections import QUEUES
from hub.store.unit import Unit, Units

_SWEEP_S = 1.0
_AT_ONCE = 100
_USERS = "record_user"


class Plan(NamedTuple):
    """What somebody wants: a number or a conversation, a time, and a person or a queue (nobody named: oneself)."""

    number: str | None
    conversation: str | None
    at: datetime
    assignee: str | None
    queue: str | None
    note: str


class Callbacks:
    """Whoever does it, asked for it, is in its queue or supervises sees it, and may end it."""

    def __init__(self, units: Units, calls: Calls, audit: Audit, region: str) -> None:
        self._units, self._calls, self._audit, self._region = units, calls, audit, region
        self._db = units.db

    async def plan(self, caller: Caller, wanted: Plan, far: FarEnd) -> CallbackOut:
        """Plan one.

        Raises:
            Invalid: that is no number, the conversation shows none, or the person or queue does not exist.
            NotFound: there is no such conversation.
        """
        number, name = await self._number(caller, wanted)
        doc = blank(number, as_stored(wanted.at)) | {
            "name": name, "conversation": wanted.conversation, "note": wanted.note, "queue": wanted.queue,
            "by": {"id": caller.user, "name": caller.name},
        }  # fmt: skip

        async def work(unit: Unit) -> None:
            doc["assignee"] = await self._assignee(unit, caller, wanted)
            await self._check_queue(unit, wanted.queue)
            await unit.db[CALLBACKS].insert_one(doc, session=unit.session)
            await self._audit.write("callback.planned", who=caller.user, far=far, about=doc["_id"], unit=unit)
            announce(unit, doc)

        await self._units.run(work)
        return callback_out(doc, now())

    async def page(
        self,
        caller: Caller,
        *,
        state: CallbackState,
        mine: bool,
        queue: str | None,
        limit: int,
        after: str | None,
        kind: CallbackKind | None = None,
    ) -> list[CallbackOut]:
        """Those the caller sees, the earliest first. `after` is the id of the last one seen."""
        where: list[Doc] = [{"state": state}, _seen_by(caller)]
        if kind is not None:
            where.append({"kind": kind})
        if mine:
            where.append({"assignee.id": caller.user})
        if queue is not None:
            where.append({"queue": queue})
        if after is not None:
            last = await self._db[CALLBACKS].find_one({"_id": after}, {"at": 1})
            if last is not None:
                where.append({"$or": [{"at": {"$gt": last["at"]}}, {"at": last["at"], "_id": {"$gt": after}}]})
        found = self._db[CALLBACKS].find({"$and": where}).sort([("at", 1), ("_id", 1)]).limit(limit)
        return [callback_out(doc, now()) async for doc in found]

    async def end(self, caller: Caller, callback: str, state: CallbackState, far: FarEnd) -> CallbackOut:
        """It is done, or not wanted any more; again is no change. Raises `NotFound`, `Conflict`."""
        before = await self._found(caller, callback)
        if before["state"] == "open":

            async def work(unit: Unit) -> None:
                if await close(unit, callback, state, "by-hand"):
                    await self._audit.write(f"callback.{state}", who=caller.user, far=far, about=callback, unit=unit)

            await self._units.run(work)
        after = await self._found(caller, callback)
        if after["state"] != state:
            raise Conflict(f"the callback is {after['state']} already")
        return callback_out(after, now())

    async def dial(self, caller: Caller, callback: str, account: str | None, far: FarEnd) -> tuple[str, str]:
        """Call the number: rings the caller's own phone first. When it is answered, the callback is done.

        Which call it is to be is written down before; a call that the PBX may be making stays so, one that it refused is
        taken back.

        Raises:
            NotFound: there is none.
            Conflict: it is not open, somebody calls it now, or the caller has no extension.
            Late: this hub stood still meanwhile; nothing was dialled.
            InDoubt: the PBX may be making the call.
        """
        linkedid = new_reference()
        mine = {"_id": callback, "state": "open", "dialled": linkedid}

        async def holds() -> bool:
            return await self._db[CALLBACKS].find_one(mine, {"_id": 1}) is not None

        still = in_time(holds)
        before = await self._found(caller, callback)
        if before["state"] != "open":
            raise Conflict(f"the callback is {before['state']} already")
        now_mine = {"dialled": linkedid, "assignee": {"id": caller.user, "name": caller.name}}
        as_read = {"_id": callback, "state": "open", "dialled": before["dialled"]}
        if await self._is_called(before) or not await self._change(as_read, now_mine):
            raise Conflict("somebody calls this number now")
        try:
            return await self._calls.dial(caller, before["number"], account or before["account"], far, linkedid, still)
        except InDoubt:
            raise
        except MainstemError:
            was = {"dialled": before["dialled"], "assignee": before["assignee"]}
            await self._change({"_id": callback, "dialled": linkedid}, was)
            raise

    async def _is_called(self, callback: Doc) -> bool:
        """Its call goes on."""
        call = {"linkedids": callback["dialled"], "live": True}
        return callback["dialled"] is not None and await self._db[CALLS].find_one(call, {"_id": 1}) is not None

    async def _change(self, where: Doc, change: Doc) -> bool:
        async def work(unit: Unit) -> bool:
            after = await unit.db[CALLBACKS].find_one_and_update(
                where, {"$set": change}, return_document=True, session=unit.session
            )
            if after is not None:
                announce(unit, after)
            return after is not None

        return await self._units.run(work)

    async def run(self, _lease: Lease) -> None:
        """Announce what is due, until cancelled; on one hub at a time."""
        while True:
            await self.sweep()
            await asyncio.sleep(_SWEEP_S)

    async def sweep(self) -> int:
        """One round; returns how many were announced."""
        where = {"state": "open", "at": {"$lte": now()}, "announced_at": None}
        due = [doc["_id"] async for doc in self._db[CALLBACKS].find(where, {"_id": 1}).limit(_AT_ONCE)]
        return sum([await self._units.run(lambda unit, one=one: self._tell(unit, one)) for one in due])  # type: ignore[misc]

    async def _tell(self, unit: Unit, callback: str) -> bool:
        query = {"_id": callback, "state": "open", "announced_at": None}
        doc = await unit.db[CALLBACKS].find_one_and_update(
            query, {"$set": {"announced_at": now()}}, return_document=True, session=unit.session
        )
        if doc is None:
            return False
        announce(unit, doc)
        title = doc["name"] or doc["number"]
        about = {"callback": callback, "conversation": doc["conversation"], "title": title}
        text = f"Call back {title}" + (f": {doc['note']}" if doc["note"] else "")
        for user in await self._told(unit, doc):
            unit.announce(NoticeRaised(kind="callback", text=text[:300], about=about, user=user))
        return True

    async def _told(self, unit: Unit, doc: Doc) -> list[str | None]:
        """Who does it, else the queue's members, else supervisors (None)."""
        if doc["assignee"]:
            return [doc["assignee"]["id"]]
        queue = await unit.db[QUEUES].find_one({"_id": doc["queue"]}, {"members": 1}, session=unit.session)
        members: list[str | None] = list(queue["members"]) if queue else []
        return members or [None]

    async def _found(self, caller: Caller, callback: str) -> Doc:
        doc = await self._db[CALLBACKS].find_one({"$and": [{"_id": callback}, _seen_by(caller)]})
        if doc is None:
            raise NotFound("there is no such callback", callback=callback)
        return doc

    async def _number(self, caller: Caller, wanted: Plan) -> tuple[str, str]:
        links: list[Any] = []
        if wanted.conversation is not None:
            links = (await seen_conversation(self._db, caller, wanted.conversation))["links"]
        key = phone_key(wanted.number, self._region) if wanted.number else None
        if wanted.number and key is None:
            raise _wrong("number", "write a number, such as +86 139 0013 9000", rule="phone")
        key = key or next((str(link) for link in links if str(link).startswith("phone:")), None)
        if key is None:
            raise _wrong("number", "the conversation shows no phone number: write one", rule="number-needed")
        named = await self._db["record_contact"].find_one({"addresses": key, "state": "active"}, {"name": 1})
        return key.removeprefix("phone:"), (named or {}).get("name") or ""

    async def _assignee(self, unit: Unit, caller: Caller, wanted: Plan) -> Doc | None:
        if wanted.assignee in ("me", caller.user) or (wanted.assignee is None and wanted.queue is None):
            return {"id": caller.user, "name": caller.name}
        if wanted.assignee is None:
            return None
        query = {"_id": wanted.assignee, "state": "active"}
        found = await unit.db[_USERS].find_one(query, {"name": 1}, session=unit.session)
        if found is None:
            raise _wrong("assignee", "there is no such active colleague", rule="no-colleague")
        return {"id": found["_id"], "name": found["name"]}

    async def _check_queue(self, unit: Unit, queue: str | None) -> None:
        if queue and await unit.db[QUEUES].find_one({"_id": queue}, {"_id": 1}, session=unit.session) is None:
            raise _wrong("queue", f"there is no queue {queue!r}", rule="no-queue", what=queue)


def _seen_by(caller: Caller) -> Doc:
    if caller.supervisor or caller.admin:
        return {}
    return {"$or": [{"assignee.id": caller.user}, {"by.id": caller.user}, {"queue": {"$in": sorted(caller.queues)}}]}


def _wrong(field: str, detail: str, **speaks_of: str | int) -> Invalid:
    return Invalid(f"{field}: {detail}", fields=(FieldError(field, "value", detail, speaks_of),))
