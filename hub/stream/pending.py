"""What a batch is about to write: new documents, changed conversations and messages, what is settled. Written at the end,
in as few commands as there are collections."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pymongo import InsertOne, ReplaceOne, UpdateOne

from hub.events import MessageAppended
from hub.model.conversation import conversation_out, conversation_rooms
from hub.model.message import message_hint
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS, LEDGER, MESSAGES, RAW, THREADS
from hub.store.mail_collections import ADDRESS_FACTS
from hub.store.unit import Unit
from hub.stream.found import Found


class Pending:
    """The changes of one batch, in memory.

    Attributes:
        unit: what they are written in.
        found: what the store held before.
        inserts: new documents by collection.
        settled_raw: raw input of which nothing more will be made.
        address_facts: what reports say of addresses.
    """

    def __init__(self, unit: Unit, found: Found) -> None:
        self.unit = unit
        self.found = found
        self.inserts: dict[str, list[Doc]] = defaultdict(list)
        self.settled_raw: list[str] = []
        self.address_facts: list[tuple[str, Doc]] = []
        self._before: dict[str, Doc] = {}
        self._fresh: set[str] = set()

    def open(self, conversation: Doc) -> Doc:
        """A new conversation."""
        self.found.conversations[conversation["_id"]] = conversation
        self._fresh.add(conversation["_id"])
        return conversation

    def is_fresh(self, conversation: str) -> bool:
        """Whether this batch opened it."""
        return conversation in self._fresh

    def touch(self, conversation: Doc) -> None:
        """Remember how a stored conversation was, before this batch changes it for the first time."""
        key = conversation["_id"]
        if key not in self._fresh and key not in self._before:
            self._before[key] = {k: [*v] if type(v) is list else v for k, v in conversation.items()}

    def append(self, doc: Doc, conversation: Doc) -> None:
        """A new message, with the event that tells of it."""
        self.inserts[MESSAGES].append(doc)
        event = MessageAppended(
            conversation=conversation_out(conversation),
            message=message_hint(doc),
            _rooms=conversation_rooms(conversation),
        )
        self.unit.announce(event, doc["seq"])

    async def write(self) -> None:
        """Write it all, within the unit."""
        db, session = self.unit.db, self.unit.session
        changes: list[Any] = [InsertOne(self.found.conversations[c]) for c in sorted(self._fresh)]
        changes += [self._change(c) for c in sorted(self._before)]
        if changes:
            await db[CONVERSATIONS].bulk_write(changes, ordered=False, session=session)
        self.inserts[THREADS] += [trace.document() for trace in self.found.traces.left]
        if places := [_once(place) for place in self.inserts.pop(LEDGER, ())]:
            await db[LEDGER].bulk_write(places, session=session)
        for name, docs in self.inserts.items():
            if docs:
                await db[name].insert_many(docs, session=session)
        changed = [doc for doc in self.found.amending.values() if doc.pop("_changed", False)]
        amendments = [ReplaceOne({"_id": doc["_id"]}, doc) for doc in changed]
        if amendments:
            await db[MESSAGES].bulk_write(amendments, ordered=False, session=session)
        if self.settled_raw:
            found = {"_id": {"$in": self.settled_raw}}
            await db[RAW].update_many(found, {"$unset": {"open": 1}}, session=session)
        facts = [UpdateOne({"_id": key}, {"$set": fact}, upsert=True) for key, fact in self.address_facts]
        if facts:
            await db[ADDRESS_FACTS].bulk_write(facts, session=session)

    def _change(self, conversation: str) -> UpdateOne:
        """Only what differs: the store then leaves the indexes of all other fields alone."""
        before, after = self._before[conversation], self.found.conversations[conversation]
        return UpdateOne({"_id": conversation}, {"$set": {k: v for k, v in after.items() if before.get(k) != v}})


def _once(place: Doc) -> UpdateOne:
    """A place is noted once: raw input that is replayed, and whoever fetched it, may both come with it."""
    key = {name: place[name] for name in ("account", "place")}
    return UpdateOne(key, {"$setOnInsert": {k: v for k, v in place.items() if k not in key}}, upsert=True)
