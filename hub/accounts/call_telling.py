"""Who is told of a call, in one unit of work with the document that remembers it."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

from pymongo import ReplaceOne

from crm_core.ground.clock import as_stored, now
from crm_core.ground.events import SUPERVISORS, Room, user_room
from hub.accounts.call_people import Pop
from hub.accounts.recorded import expect_recordings
from hub.events import CallAnswered, CallChanged, CallEnded, CallRinging
from hub.model.call import CallNews, CallOut, PersonOut, RingOut
from hub.model.conversation import conversation_rooms
from hub.store.call_collections import CALLS
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS, MESSAGES
from hub.store.unit import Unit
from hub.stream.batch import Batch
from hub.stream.conversations import load_conversation, save_conversation

State = tuple[Doc | None, Doc, CallNews]
"""The call's document before and after, and what it was made of."""


async def tell(
    unit: Unit,
    *,
    states: Sequence[State],
    people: Mapping[str, PersonOut],
    pops: Mapping[str, Pop],
    batch: Batch | None,
) -> None:
    """Write the calls' documents and announce what is new in them.

    Args:
        people: extension -> who has it.
        pops: ring -> what its screen pop shows, of those that nobody was told of.
        batch: what wrote their messages in the same unit.
    """
    if not states:
        return
    await _keep_notes(unit, [after for _, after, _ in states])
    conversations = await _conversations(unit, [after for _, after, _ in states], batch)
    for before, after, news in states:
        rooms = _rooms(after, conversations.get(after["conversation"]))
        for ring in news.rings:
            if ring["id"] not in (before or {}).get("rang", ()):
                unit.announce(_ringing(after, news, ring, people.get(ring["extension"]), pops[ring["id"]]))
        unit.announce(CallChanged(call=call_out(after), _rooms=rooms))
        if _answered(after) and not _answered(before):
            unit.announce(CallAnswered(call=call_out(after), _rooms=rooms))
            await _taken(unit, after, people, conversations)
        if not after["live"] and (before is None or before["live"]):
            unit.announce(CallEnded(call=call_out(after), _rooms=rooms))
            await expect_recordings(unit, after)
    writes = [ReplaceOne({"_id": after["_id"]}, after, upsert=True) for _, after, _ in states]
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


async def _keep_notes(unit: Unit, calls: Sequence[Doc]) -> None:
    """What people noted meanwhile stays on the documents that are written anew."""
    where = {"_id": {"$in": [call["_id"] for call in calls]}, "notes": {"$exists": True}}
    noted = {doc["_id"]: doc["notes"] async for doc in unit.db[CALLS].find(where, {"notes": 1}, session=unit.session)}
    for call in calls:
        if call["_id"] in noted:
            call["notes"] = noted[call["_id"]]


def call_out(doc: Doc) -> CallOut:
    """The call from its document, with what people noted."""
    return {
        "id": doc["message"],
        "call": doc["call"],
        "account": doc["account"],
        "conversation": doc["conversation"],
        "state": doc["state"],
        "linkedids": doc["linkedids"],
        "part": doc["part"] | doc.get("notes", {}),
        "at": doc["began_at"],
    }


def _answered(doc: Doc | None) -> bool:
    return doc is not None and doc["part"]["answered_at"] is not None


async def call_rooms(unit: Unit, call: Doc) -> frozenset[Room]:
    """Those who see its conversation, those whose phones were in it, and supervisors."""
    return _rooms(call, (await _conversations(unit, [call], None)).get(call["conversation"]))


def _rooms(call: Doc, conversation: Doc | None) -> frozenset[Room]:
    rooms = {SUPERVISORS, *map(user_room, call["users"])}
    return frozenset(rooms | (conversation_rooms(conversation) if conversation else set()))


def _ringing(call: Doc, news: CallNews, ring: RingOut, person: PersonOut | None, pop: Pop) -> CallRinging:
    """The screen pop: all that it paints, so that no second request is needed."""
    since = ring["since"] or news.heard_at
    return CallRinging(
        call=call_out(call),
        ring=ring["id"],
        number=news.party.text,
        caller_name=news.party.name,
        extension=ring["extension"],
        queue=ring["queue"] or call["part"]["queue"],
        waited_s=round(max(0.0, (since - news.began_at).total_seconds()), 3),
        candidates=pop.candidates,
        conversations=pop.conversations,
        stamps={"pbx": as_stored(since), "heard": as_stored(news.heard_at), "told": now()},
        _user=person["id"] if person else None,
    )


async def _taken(
    unit: Unit, call: Doc, people: Mapping[str, PersonOut], conversations: MutableMapping[str, Doc]
) -> None:
    """Who answers has the conversation, where nobody had it; and the caller does not wait for an answer any more."""
    before = conversations.get(call["conversation"])
    if before is None or call["part"]["direction"] != "inbound":  # taken out of the store meanwhile: nobody can have it
        return
    changes: Doc = {}
    person = next((people[each] for each in call["talking"] if each in people), None)
    if person and before["assignee"] is None:
        changes["assignee"] = {"id": person["id"], "name": person["name"]}
    if before["waiting_since"]:
        message = await unit.db[MESSAGES].find_one({"_id": call["message"]}, {"stored_at": 1}, session=unit.session)
        if message and before["waiting_since"] == message["stored_at"]:
            changes["waiting_since"] = None
    if changes:
        after = await save_conversation(unit, before, changes)
        conversations.update({each: after for each, doc in conversations.items() if doc is before})
