"""Callers of a queue whom nobody answered: one open callback each, closed by itself when they are talked to. (S2.9.9)"""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.events import CallbackChanged
from hub.model.callback import callback_out, callback_rooms
from hub.store.call_collections import CALLS
from hub.store.call_desk_collections import CALLBACKS
from hub.store.client import Doc
from hub.store.collections import QUEUES
from hub.store.unit import Unit, Units

_PHONE = "phone:"


class LostCallers:
    """Keeps the callbacks in step with calls. Seeing a call twice changes nothing."""

    def __init__(self, units: Units) -> None:
        self._units, self._db = units, units.db

    async def note(self, call: Doc) -> None:
        """A call is over (`CallOut`): was it a caller of a queue whom nobody answered?"""
        part, key = call["part"], f"{call['account']}|{call['call']}"
        lost = part["direction"] == "inbound" and part["outcome"] in ("abandoned", "no_answer") and part["queues"]
        if not lost or await self._db[CALLBACKS].find_one({"calls": key}, {"_id": 1}):
            return
        party = await self._party(key)
        if party is not None:
            await self._units.run(lambda unit: self._open(unit, call, key, party))

    async def reached(self, calls: Sequence[Doc]) -> None:
        """Somebody talks with somebody (`CallOut`): whoever waits for being called back does not any more."""
        if not calls:
            return
        keys = [f"{call['account']}|{call['call']}" for call in calls]
        parties = self._db[CALLS].find({"_id": {"$in": keys}, "merged_into": None}, {"party": 1})
        numbers = [number async for doc in parties if (number := _number(doc)) is not None]
        linkedids = [linkedid for call in calls for linkedid in call["linkedids"]]
        which = [{"dialled": {"$in": linkedids}}, {"open_lost": {"$in": numbers}}]
        async for doc in self._db[CALLBACKS].find({"state": "open", "$or": which}, {"_id": 1}):
            await self._units.run(lambda unit, one=doc["_id"]: close(unit, one, "done", "reached"))  # type: ignore[misc]

    async def _party(self, key: str) -> Doc | None:
        """The other side's number and name; None where none was shown, or the call is part of another."""
        doc = await self._db[CALLS].find_one({"_id": key, "merged_into": None}, {"party": 1})
        number = _number(doc) if doc else None
        return {"number": number, "name": doc["party"]["name"]} if doc and number else None

    async def _open(self, unit: Unit, call: Doc, key: str, party: Doc) -> None:
        before = await unit.db[CALLBACKS].find_one({"open_lost": party["number"]}, session=unit.session)
        if before is not None and key in before["calls"]:
            return
        doc = before or await self._first(unit, call, party)
        doc["calls"] = [*doc["calls"], key]
        doc["messages"] = [*doc["messages"], *([call["id"]] if call["id"] else [])]
        await unit.db[CALLBACKS].replace_one({"_id": doc["_id"]}, doc, upsert=True, session=unit.session)
        announce(unit, doc)

    async def _first(self, unit: Unit, call: Doc, party: Doc) -> Doc:
        queue = call["part"]["queue"]
        known = await unit.db[QUEUES].find_one({"_id": queue}, {"_id": 1}, session=unit.session)
        at = now()
        return blank(party["number"], at) | {
            "kind": "lost", "name": party["name"], "queue": queue if known else None, "account": call["account"],
            "conversation": call["conversation"], "announced_at": at, "open_lost": party["number"],
        }  # fmt: skip


def _number(call: Doc) -> str | None:
    key: str = call["party"]["key"]
    return key.removeprefix(_PHONE) if key.startswith(_PHONE) else None


def blank(number: str, at: object) -> Doc:
    """A callback of which only number and time are known."""
    return {
        "_id": new_id(), "kind": "planned", "number": number, "name": "", "at": at, "assignee": None, "queue": None,
        "note": "", "conversation": None, "account": None, "calls": [], "messages": [], "state": "open", "dialled": None,
        "by": None, "created_at": now(), "announced_at": None, "closed_at": None, "closed_because": None,
    }  # fmt: skip


async def close(unit: Unit, callback: str, state: str, because: str) -> Doc | None:
    """End an open callback; None where it is not open (any more)."""
    change = {
        "$set": {"state": state, "closed_at": now(), "closed_because": because}, "$unset": {"open_lost": ""},
    }  # fmt: skip
    query = {"_id": callback, "state": "open"}
    after: Doc | None = await unit.db[CALLBACKS].find_one_and_update(
        query, change, return_document=True, session=unit.session
    )
    if after is not None:
        announce(unit, after)
    return after


def announce(unit: Unit, doc: Doc) -> None:
    """Tell who sees it."""
    unit.announce(CallbackChanged(callback=callback_out(doc, now()), _rooms=callback_rooms(doc)))
