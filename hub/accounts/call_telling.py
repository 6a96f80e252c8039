"""Who is told of a call, in one unit of work with the document that remembers it."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from datetime import datetime

from pymongo import ReplaceOne

from crm_core.ground.events import SUPERVISORS, Room, user_room
from hub.accounts.call_documents import call_out
from hub.accounts.recorded import expect_recordings
from hub.events import CallAnswered, CallChanged, CallEnded
from hub.model.call import PersonOut
from hub.model.conversation import conversation_rooms
from hub.model.message import MessageOut
from hub.store.call_collections import CALLS
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS
from hub.store.unit import Unit
from hub.stream.batch import Batch
from hub.stream.conversations import load_conversation, save_conversations

State = tuple[Doc | None, Doc]
"""The call's document as it was told last, and as it is now."""


async def tell(
    unit: Unit,
    *,
    states: Sequence[State],
    people: Mapping[str, PersonOut],
    messages: Sequence[MessageOut],
    batch: Batch | None,
) -> None:
    """Write the calls' documents and announce what is new in them.

    Args:
        people: extension -> who has it.
        messages: those of the calls, where something of them is new.
        batch: what wrote their messages in the same unit.
    """
    if not states:
        return
    conversations = await _conversations(unit, [after for _, after in states], batch)
    taken, over = dict(conversations), []
    stored_at = {message["id"]: message["stored_at"] for message in messages}
    for before, after in states:
        rooms = _rooms(after, taken.get(after["conversation"]))
        unit.announce(CallChanged(call=call_out(after), _rooms=rooms))
        if _answered(after) and not _answered(before):
            unit.announce(CallAnswered(call=call_out(after), _rooms=rooms))
            _take(after, people, taken, stored_at)
        if not after["live"] and (before is None or before["live"]):
            unit.announce(CallEnded(call=call_out(after), _rooms=rooms))
            over.append(after)
    await _save(unit, conversations, taken)
    await expect_recordings(unit, over)
    writes = [ReplaceOne({"_id": after["_id"]}, after, upsert=True) for _, after in states]
    await unit.db[CALLS].bulk_write(writes, ordered=False, session=unit.session)


async def _conversations(unit: Unit, calls: Sequence[Doc], batch: Batch | None) -> dict[str, Doc]:
    """The living conversation of each that there still is."""
    wanted = {call["conversation"] for call in calls if call["conversation"]}
    found = {each: doc for each in wanted if batch and (doc := batch.conversation(each))}
    if left := sorted(wanted - found.keys()):
        async for doc in unit.db[CONVERSATIONS].find({"_id": {"$in": left}}, session=unit.session):
            found[doc["_id"]] = doc
    for each, doc in found.items():
        if doc["state"] == "merged":
            found[each] = await load_conversation(unit, each)
    return found


def _answered(doc: Doc | None) -> bool:
    return doc is not None and doc["part"]["answered_at"] is not None


async def call_rooms(unit: Unit, call: Doc) -> frozenset[Room]:
    """Those who see its conversation, those whose phones were in it, and supervisors."""
    return _rooms(call, (await _conversations(unit, [call], None)).get(call["conversation"]))


def _rooms(call: Doc, conversation: Doc | None) -> frozenset[Room]:
    rooms = {SUPERVISORS, *map(user_room, call["users"])}
    return frozenset(rooms | (conversation_rooms(conversation) if conversation else set()))


def _take(
    call: Doc, people: Mapping[str, PersonOut], conversations: MutableMapping[str, Doc],
    stored_at: Mapping[str, datetime],
) -> None:  # fmt: skip
    """Who answers has the conversation, where nobody had it; and the caller does not wait for an answer any more, unless
    something else was waited for before."""
    before = conversations.get(call["conversation"])
    if before is None or call["part"]["direction"] != "inbound":  # taken out of the store meanwhile: nobody can have it
        return
    changes: Doc = {}
    person = next((people[each] for each in call["talking"] if each in people), None)
    if person and before["assignee"] is None:
        changes["assignee"] = {"id": person["id"], "name": person["name"]}
    if before["waiting_since"] and before["waiting_since"] == stored_at.get(call["message"]):
        changes["waiting_since"] = None
    if changes:
        conversations.update({each: before | changes for each, doc in conversations.items() if doc is before})


async def _save(unit: Unit, before: Mapping[str, Doc], after: Mapping[str, Doc]) -> None:
    """Those that were taken, once each: a joined-away id leads to the same one."""
    changed = {doc["_id"]: (before[each], doc) for each, doc in after.items() if doc is not before[each]}
    await save_conversations(unit, [*changed.values()])
