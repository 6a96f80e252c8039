"""What a person has put off until a moment: snoozed conversations, and messages that are to go out later."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from hub.identity.caller import Caller
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, MESSAGES, OUTBOX

_MOST = 50
_MOST_PLANNED = 1000
"""Messages of everybody that wait for a moment to come; those of mailings are due at once and not among them."""
_TIME_MS = 1000


class ScheduleEntry(TypedDict):
    """One thing and its moment. `message`: of a planned one. `who`: whom it is about, as far as it is known."""

    kind: Literal["snoozed", "planned"]
    at: datetime
    conversation: str
    message: str | None
    title: str
    who: str


class Schedule:
    """Asks the store afresh each time."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, caller: Caller) -> list[ScheduleEntry]:
        """The caller's own, soonest first, at most 50."""
        entries = [*await self._snoozed(caller), *await self._planned(caller)]
        return sorted(entries, key=lambda entry: entry["at"])[:_MOST]

    async def _snoozed(self, caller: Caller) -> list[ScheduleEntry]:
        where = {"assignee.id": caller.user, "state": "snoozed"}
        found = self._db[CONVERSATIONS].find(where, {"snoozed_until": 1, "subject": 1, "preview": 1, "parties": 1})
        docs = await found.sort("last_seq", -1).limit(_MOST_PLANNED).max_time_ms(_TIME_MS).to_list()
        return [_entry("snoozed", doc["snoozed_until"], doc["_id"], None, doc) for doc in docs if doc["snoozed_until"]]

    async def _planned(self, caller: Caller) -> list[ScheduleEntry]:
        due = {"state": "queued", "next_at": {"$gt": now()}, "attempts": 0}
        waiting = self._db[OUTBOX].find(due, {"next_at": 1}).sort("next_at", 1).limit(_MOST_PLANNED)
        moments = {doc["_id"]: doc["next_at"] async for doc in waiting.max_time_ms(_TIME_MS)}
        mine = {"_id": {"$in": list(moments)}, "author.id": caller.user}
        found = self._db[MESSAGES].find(mine, {"conversation": 1, "subject": 1, "text": 1, "to": 1})
        return [
            _entry("planned", moments[doc["_id"]], doc["conversation"], doc["_id"], doc)
            async for doc in found.max_time_ms(_TIME_MS)
        ]


def _entry(
    kind: Literal["snoozed", "planned"], at: datetime, conversation: str, message: str | None, doc: Doc
) -> ScheduleEntry:
    people = [one for one in doc.get("to") or doc.get("parties") or [] if one["kind"] in ("contact", "unknown")]
    title = doc["subject"] or doc.get("preview") or " ".join((doc.get("text") or "").split())[:120]
    who = ", ".join(one["name"] or one["address"] for one in people[:3])
    return {"kind": kind, "at": at, "conversation": conversation, "message": message, "title": title, "who": who}
