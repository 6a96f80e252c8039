"""Call lists: written as drafts, started, paused, ended. Supervisors make them, those who work them see them."""

from __future__ import annotations

from typing import Any

from crm_core.ground.addresses import phone_key
from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, FieldError, Invalid, NotFound
from crm_core.ground.ids import new_id
from hub.desk.call_outcomes import CallOutcomes
from hub.desk.calls import Calls
from hub.desk.outbound.rules import PBX_OUTCOMES, USUAL_RETRIES
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.call_list import USUAL_MODE, CallListOut, ListState
from hub.store.client import Doc
from hub.store.collections import QUEUES
from hub.store.jobs import ask_for
from hub.store.outbound_collections import CALL_ENTRIES, CALL_LISTS
from hub.store.unit import Unit, Units

FILL = "call-list.fill"
_USERS = "record_user"
_MOVES: dict[ListState, tuple[ListState, ...]] = {
    "running": ("draft", "paused"),
    "paused": ("running",),
    "done": ("running", "paused"),
    "draft": (),
}
_ONLY_IN_DRAFT = ("segments", "numbers")


class CallLists:
    """Keeps the lists."""

    def __init__(self, units: Units, calls: Calls, outcomes: CallOutcomes, audit: Audit, region: str) -> None:
        self._units, self._calls, self._outcomes = units, calls, outcomes
        self._audit, self._region = audit, region
        self._db = units.db

    async def create(self, caller: Caller, fields: Doc, far: FarEnd) -> CallListOut:
        """Write a draft.

        Raises:
            Invalid: a number is none, or a queue, colleague, account or outcome does not exist.
        """
        checked = await self._checked(fields)
        doc: Doc = {"retries": USUAL_RETRIES} | USUAL_MODE | checked | {
            "_id": new_id(), "state": "draft", "filled": False, "reason": None, "problem": None, "left_out": {},
            "by": {"id": caller.user, "name": caller.name}, "made_at": now(), "started_at": None, "ended_at": None,
        }  # fmt: skip

        async def work(unit: Unit) -> None:
            await unit.db[CALL_LISTS].insert_one(doc, session=unit.session)
            await self._audit.write(
                "call-list.made", who=caller.user, far=far, about=doc["_id"], unit=unit, name=doc["name"]
            )

        await self._units.run(work)
        return await self._out(doc)

    async def page(
        self, caller: Caller, *, state: ListState | None, limit: int, after: str | None
    ) -> list[CallListOut]:
        """Those the caller sees, the newest first."""
        where: list[Doc] = [_seen_by(caller)] + ([{"state": state}] if state else [])
        if after is not None:
            where.append({"_id": {"$lt": after}})
        found = self._db[CALL_LISTS].find({"$and": where}).sort("_id", -1).limit(limit)
        return [await self._out(doc) async for doc in found]

    async def show(self, caller: Caller, call_list: str) -> CallListOut:
        """One of them; raises `NotFound`."""
        return await self._out(await self.found(caller, call_list))

    async def change(self, caller: Caller, call_list: str, fields: Doc, far: FarEnd) -> CallListOut:
        """Change fields, or move it on (`state`); the same state again is no change.

        Raises:
            NotFound: there is none.
            Conflict: it cannot go into this state now, or has people on it already.
            Invalid: see `create`.
        """
        before = await self.found(caller, call_list)
        wanted: ListState | None = fields.pop("state", None)
        checked = await self._checked(fields, before)

        async def work(unit: Unit) -> Doc:
            doc: Doc | None = await unit.db[CALL_LISTS].find_one({"_id": call_list}, session=unit.session)
            assert doc is not None, "lists are not removed"
            _check_changeable(doc, checked)
            change = checked | (_moved(doc | checked, wanted) if wanted not in (None, doc["state"]) else {})
            if not change:
                return doc
            await unit.db[CALL_LISTS].update_one({"_id": call_list}, {"$set": change}, session=unit.session)
            if change.get("state") == "running" and not doc["filled"]:
                await ask_for(unit, FILL, {"call_list": call_list, "person": caller.user}, user=caller.user)
            await self._audit.write(
                "call-list.changed", who=caller.user, far=far, about=call_list, unit=unit,
                fields=sorted(checked), state=change.get("state", doc["state"]),
            )  # fmt: skip
            return doc | change

        return await self._out(await self._units.run(work))

    async def found(self, caller: Caller, call_list: str) -> Doc:
        """The document of a list that the caller sees; raises `NotFound`."""
        doc = await self._db[CALL_LISTS].find_one({"$and": [{"_id": call_list}, _seen_by(caller)]})
        if doc is None:
            raise NotFound("there is no such call list", list=call_list)
        return doc

    async def _checked(self, fields: Doc, before: Doc | None = None) -> Doc:
        checked = dict(fields)
        after = (before or {}) | fields
        if not after.get("queue") and not after.get("agents"):
            raise _wrong("queue", "say who calls: a queue, or agents", rule="queue-or-agents")
        if fields.get("numbers"):
            checked["numbers"] = self._numbers(fields["numbers"])
        if fields.get("account"):
            await self._calls.pbx(fields["account"])
        if fields.get("queue") and await self._db[QUEUES].find_one({"_id": fields["queue"]}, {"_id": 1}) is None:
            raise _wrong("queue", f"there is no queue {fields['queue']!r}", rule="no-queue", what=fields["queue"])
        for at, person in enumerate(fields.get("agents") or ()):
            if await self._db[_USERS].find_one({"_id": person, "state": "active"}, {"_id": 1}) is None:
                raise _wrong(f"agents.{at}", "there is no such active colleague", rule="no-colleague")
        if fields.get("retries"):
            await self._check_retries(fields["retries"])
        return checked

    async def _check_retries(self, retries: Doc) -> None:
        known = PBX_OUTCOMES | {each["code"] for each in await self._outcomes.all()}
        if unknown := sorted(set(retries) - known):
            raise _wrong(
                "retries", f"there is no outcome {', '.join(unknown)}", rule="no-outcome", what=", ".join(unknown)
            )

    def _numbers(self, numbers: list[str]) -> list[str]:
        keys = [phone_key(number, self._region) for number in numbers]
        wrong = [
            FieldError(
                f"numbers.{at}", "number", f"{numbers[at][:64]!r} is no phone number", {"what": numbers[at][:64]}
            )
            for at, key in enumerate(keys)
            if key is None
        ]
        if wrong:
            raise Invalid(wrong[0].detail, fields=tuple(wrong))
        return list(dict.fromkeys(key.removeprefix("phone:") for key in keys if key))

    async def _out(self, doc: Doc) -> CallListOut:
        names = (
            "name", "state", "queue", "agents", "account", "segments", "numbers", "script", "retries", "hours", "filled",
            "mode", "pace_s", "reason", "problem", "left_out", "by", "made_at", "started_at", "ended_at",
        )  # fmt: skip
        shown: dict[str, Any] = {"id": doc["_id"]} | {
            name: ({"problem": None} | USUAL_MODE | doc)[name] for name in names
        }
        return shown | await self._counted(doc["_id"])  # type: ignore[return-value]

    async def _counted(self, call_list: str) -> Doc:
        by = {"state": "$state", "result": "$result"}
        group = {"_id": by, "count": {"$sum": 1}, "attempts": {"$sum": {"$size": "$attempts"}}}
        cursor = await self._db[CALL_ENTRIES].aggregate([{"$match": {"list": call_list}}, {"$group": group}])
        entries: dict[str, int] = {}
        results: dict[str, int] = {}
        attempts = 0
        async for each in cursor:
            key, count = each["_id"], each["count"]
            attempts += each["attempts"]
            entries[key["state"]] = entries.get(key["state"], 0) + count
            if key["state"] == "done":
                results[key["result"]] = results.get(key["result"], 0) + count
        return {"entries": entries, "results": results, "attempts": attempts}


async def finish(unit: Unit, call_list: str) -> None:
    """A list on which nothing is left to do is done."""
    open_ = {"list": call_list, "state": {"$ne": "done"}}
    if await unit.db[CALL_ENTRIES].find_one(open_, {"_id": 1}, session=unit.session) is None:
        where = {"_id": call_list, "filled": True, "state": {"$in": ["running", "paused"]}}
        change = {"$set": {"state": "done", "ended_at": now()}}
        await unit.db[CALL_LISTS].update_one(where, change, session=unit.session)


def _check_changeable(doc: Doc, checked: Doc) -> None:
    if doc["state"] == "done" and checked:
        raise Conflict("the list is done")
    if doc["state"] != "draft" and any(name in checked for name in _ONLY_IN_DRAFT):
        raise Conflict("who is on the list stands since it was started: make another list")


def _moved(doc: Doc, wanted: ListState | None) -> Doc:
    assert wanted is not None
    if doc["state"] not in _MOVES[wanted]:
        raise Conflict(f"a list that is {doc['state']} cannot become {wanted}")
    if wanted == "running" and not doc["segments"] and not doc["numbers"]:
        raise _wrong("segments", "say whom to call: segments, or numbers", rule="whom-to-call")
    if wanted == "running":
        return {"state": wanted, "reason": None, "problem": None, "started_at": doc["started_at"] or now()}
    return {"state": wanted} | ({"ended_at": now()} if wanted == "done" else {})


def _seen_by(caller: Caller) -> Doc:
    if caller.supervisor or caller.admin:
        return {}
    mine: list[Doc] = [{"agents": caller.user}, {"queue": {"$in": sorted(caller.queues)}}]
    return {"$or": mine, "state": {"$ne": "draft"}}


def _wrong(field: str, detail: str, **speaks_of: str | int) -> Invalid:
    return Invalid(f"{field}: {detail}", fields=(FieldError(field, "value", detail, speaks_of),))
