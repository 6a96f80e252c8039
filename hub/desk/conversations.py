"""What colleagues do with a conversation: move it, take it, put it off, hang records on it, join and split it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from crm_core.ground.clock import now
from crm_core.ground.errors import FieldError, Invalid, NotFound, StaleRevision
from hub.desk.assigned import tell_assignee
from hub.desk.ports import MayReadRecord
from hub.desk.sight import seen_among, seen_conversation
from hub.desk.superiors import Superiors
from hub.identity.caller import Caller
from hub.model.conversation import ConversationOut, conversation_out
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, MOVES, QUEUES
from hub.store.unit import Unit, Units
from hub.stream import moves
from hub.stream.conversations import save_conversation

_MOST_RECORDS = 100
_MOST_WOKEN = 200
_MOST_TAGS = 50

Decide = Callable[[Unit, Doc], Awaitable[Mapping[str, Any]]]


class Conversations:
    """Single conversations with the caller's eyes. Whoever may see one may work on it."""

    def __init__(self, db: Database, units: Units, records: MayReadRecord, superiors: Superiors | None = None) -> None:
        self._superiors = superiors
        self._db = db
        self._units = units
        self._records = records

    async def show(self, caller: Caller, conversation: str) -> ConversationOut:
        """The conversation, or the one it was joined into."""
        doc = await self._db[CONVERSATIONS].find_one({"_id": conversation}, {"state": 1, "merged_into": 1})
        if doc is not None and doc["state"] == "merged":
            return await self.show(caller, doc["merged_into"])
        if self._superiors is not None:
            return conversation_out(await self._superiors.conversation(caller, conversation))
        return conversation_out(await seen_conversation(self._db, caller, conversation))

    async def change(
        self, caller: Caller, conversation: str, fields: Mapping[str, Any], revision: int | None
    ) -> ConversationOut:
        """Change what the caller names.

        Args:
            fields: any of `state queue assignee subject tags snoozed_until`, and `add_tags remove_tags`;
                `assignee` is a user id, `me` or None.
            revision: the one that was read; None = whatever it is now.

        Raises:
            NotFound, StaleRevision: with the present revision in `data`.
            Invalid: the queue or person does not exist, or the state does not fit the time.
        """

        async def decide(unit: Unit, before: Doc) -> Mapping[str, Any]:
            changes = _with_tags(before, dict(fields))
            if "assignee" in changes:
                changes["assignee"] = await self._assignee(unit, caller, changes["assignee"])
            if changes.get("queue") is not None:
                await self._check_queue(unit, changes["queue"])
            touched = "state" in changes or "snoozed_until" in changes
            return _with_state(before, changes, now()) if touched else changes

        return await self._save(caller, conversation, decide, revision)

    async def attach(self, caller: Caller, conversation: str, record_type: str, record: str) -> ConversationOut:
        """Hang a record on the conversation; again is no change. Raises `NotFound` where the caller may not read it."""
        found = await self._records.readable(caller, record_type, [record])
        if record not in found:
            raise NotFound("there is no such record", type=record_type, record=record)
        ref = {"type": record_type, "id": record, "label": found[record]["label"]}

        async def decide(_unit: Unit, before: Doc) -> Mapping[str, Any]:
            others = [r for r in before["records"] if (r["type"], r["id"]) != (record_type, record)]
            if len(others) >= _MOST_RECORDS:
                raise Invalid(f"a conversation has at most {_MOST_RECORDS} records")
            return {} if ref in before["records"] else {"records": [*others, ref]}

        return await self._save(caller, conversation, decide)

    async def detach(self, caller: Caller, conversation: str, record_type: str, record: str) -> ConversationOut:
        """Take a record off the conversation; again is no change."""

        async def decide(_unit: Unit, before: Doc) -> Mapping[str, Any]:
            return {"records": [r for r in before["records"] if (r["type"], r["id"]) != (record_type, record)]}

        return await self._save(caller, conversation, decide)

    async def split(self, caller: Caller, conversation: str, messages: Sequence[str], subject: str | None) -> Doc:
        """Give these messages a conversation of their own; returns the move, whose `_id` undoes it."""
        await seen_conversation(self._db, caller, conversation)
        return await moves.split(self._units, conversation, list(messages), by=caller.user, subject=subject)

    async def join(self, caller: Caller, conversation: str, into: str) -> Doc:
        """Put all of the conversation into another that the caller sees; returns the move."""
        for one in (conversation, into):
            await seen_conversation(self._db, caller, one)
        return await moves.join(self._units, conversation, into, by=caller.user)

    async def undo(self, caller: Caller, conversation: str, move: str) -> Doc:
        """Take a move of this conversation back; the caller must see where the messages are now."""
        found = await self._db[MOVES].find_one({"_id": move, "conversations": conversation})
        if found is None or not await seen_among(self._db, caller, found["conversations"]):
            raise NotFound("there is no such move of this conversation", move=move)
        return await moves.undo(self._units, move, by=caller.user)

    async def wake_due(self, at: datetime) -> int:
        """Open the snoozed conversations whose time has come; returns how many. For a task of every minute."""
        due = (
            self._db[CONVERSATIONS]
            .find({"state": "snoozed", "snoozed_until": {"$lte": at}}, {"_id": 1})
            .limit(_MOST_WOKEN)
        )
        ids = [doc["_id"] async for doc in due]

        async def wake(unit: Unit, conversation: str) -> bool:
            before = await unit.db[CONVERSATIONS].find_one({"_id": conversation}, session=unit.session)
            if before is None or not before["snoozed_until"] or before["snoozed_until"] > at:
                return False  # somebody was quicker, or put it off again
            state = "open" if before["state"] == "snoozed" else before["state"]
            await save_conversation(unit, before, {"state": state, "snoozed_until": None})
            return True

        woken = [await self._units.run(lambda unit, one=one: wake(unit, one)) for one in ids]  # type: ignore[misc]
        return sum(woken)

    async def _save(
        self, caller: Caller, conversation: str, decide: Decide, revision: int | None = None
    ) -> ConversationOut:
        async def work(unit: Unit) -> ConversationOut:
            before = await seen_conversation(self._db, caller, conversation, unit)
            if revision is not None and before["revision"] != revision:
                raise StaleRevision(
                    "the conversation was changed meanwhile; read it again", revision=before["revision"]
                )
            changes = {k: v for k, v in (await decide(unit, before)).items() if before.get(k) != v}
            if changes.get("assignee"):
                tell_assignee(unit, caller, before, changes["assignee"]["id"])
            return conversation_out(await save_conversation(unit, before, changes) if changes else before)

        return await self._units.run(work)

    async def _assignee(self, unit: Unit, caller: Caller, person: str | None) -> Doc | None:
        if person is None:
            return None
        if person in ("me", caller.user):
            return {"id": caller.user, "name": caller.name}
        found = await unit.db["record_user"].find_one({"_id": person, "state": "active"}, session=unit.session)
        if found is None:
            raise _wrong("assignee", "there is no such active colleague", rule="no-colleague")
        return {"id": person, "name": found["name"]}

    async def _check_queue(self, unit: Unit, queue: str) -> None:
        if await unit.db[QUEUES].find_one({"_id": queue}, {"_id": 1}, session=unit.session) is None:
            raise _wrong("queue", f"there is no queue {queue!r}", rule="no-queue", what=queue)


def _with_tags(before: Doc, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes with the whole list of tags that follows from those added and removed. Pure."""
    more: list[str] = changes.pop("add_tags", [])
    fewer: list[str] = changes.pop("remove_tags", [])
    if more or fewer:
        kept: list[str] = changes["tags"] if "tags" in changes else before["tags"]
        changes["tags"] = [tag for tag in dict.fromkeys(kept + more) if tag not in fewer][:_MOST_TAGS]
    return changes


def _with_state(before: Doc, changes: dict[str, Any], at: datetime) -> dict[str, Any]:
    """The changes with what follows from them: a snooze needs a time to come, a closed one waits for nobody. Pure."""
    until = changes.get("snoozed_until")
    state = changes.setdefault("state", "snoozed" if until else before["state"])
    if state == "snoozed":
        until = until or before["snoozed_until"]
        if until is None or until <= at:
            raise _wrong("snoozed_until", "say until when, in the future", rule="in-future")
        changes["snoozed_until"] = until
    elif until is not None:
        raise _wrong("snoozed_until", f"a conversation that is {state} is not snoozed")
    else:
        changes["snoozed_until"] = None
    if state in ("closed", "archived"):
        changes["waiting_since"] = None
    return changes


def _wrong(field: str, detail: str, **speaks_of: str | int) -> Invalid:
    return Invalid(f"{field}: {detail}", fields=(FieldError(field, "value", detail, speaks_of),))
