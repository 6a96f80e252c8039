"""Fills the search index: a durable reader of the stream, never in the way of a commit.

Each document is made of what the store holds *now*, so a repeat or a late event does no harm.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pymongo import DeleteOne, UpdateOne

from hub.desk.ports import MayReadRecord
from hub.desk.searchable import Kind, conversation_texts, message_texts, order
from hub.desk.terms import terms, words
from hub.readers import Reader
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, MESSAGES, SEARCH
from hub.store.desk_indexes import SEARCH_WORDS

_WANTS = frozenset({"message.appended", "message.amended", "conversation.changed", "record.changed"})
_MOST_KNOWN = 500_000
_TEXT = {"text": 1, "subject": 1, "author": 1, "attachments.name": 1, "seq": 1}
_HEAD = {"state": 1, "subject": 1, "parties": 1, "tags": 1, "records": 1}

Op = UpdateOne | DeleteOne


class SearchFiller:
    """Keeps the collections `search` and `search_words` in step with the stream."""

    def __init__(self, db: Database, records: MayReadRecord) -> None:
        self._db = db
        self._records = records
        self._known: set[str] = set()
        self._heard: set[str] = set()

    def reader(self) -> Reader:
        """For `Readers.run`."""
        return Reader("search", _WANTS, self.handle)

    async def handle(self, events: list[Doc]) -> None:
        """Bring everything that these events are about up to date."""
        messages: set[str] = set()
        conversations: dict[str, int] = {}
        records: dict[str, dict[str, int]] = defaultdict(dict)
        for event in events:
            data = event["data"]
            if "message" in data:
                messages.add(data["message"]["id"])
            if event["name"] == "record.changed":
                if "id" not in data:  # rows moved as a whole: their texts did not change
                    continue
                records[data["type"]][data["id"]] = event["_id"]
            elif isinstance(data.get("conversation"), dict):
                conversations.setdefault(data["conversation"]["id"], event["_id"])
            elif "conversation" not in data:  # gone from somebody's sight, perhaps joined away
                conversations.setdefault(data["id"], event["_id"])
        ops = [*await self._messages(messages), *await self._conversations(conversations)]
        for record_type, seqs in records.items():
            ops += await self._of_records(record_type, seqs)
        if ops:
            await self._learn()  # before the entries: a word is never in the index and unknown
            await self._db[SEARCH].bulk_write(ops, ordered=False)

    async def _messages(self, ids: set[str]) -> list[Op]:
        if not ids:
            return []
        found = await self._db[MESSAGES].find({"_id": {"$in": [*ids]}}, _TEXT).to_list()
        return [self._entry("message", d["_id"], message_texts(d), {"seq": d["seq"]}) for d in found]

    async def _conversations(self, seqs: dict[str, int]) -> list[Op]:
        if not seqs:
            return []
        ops: list[Op] = []
        async for doc in self._db[CONVERSATIONS].find({"_id": {"$in": [*seqs]}}, _HEAD):
            if doc["state"] == "merged":
                ops.append(DeleteOne({"_id": f"conversation:{doc['_id']}"}))
            else:
                first = {"first_seq": seqs[doc["_id"]]}
                ops.append(self._entry("conversation", doc["_id"], conversation_texts(doc), first))
        return ops

    async def _of_records(self, record_type: str, seqs: dict[str, int]) -> list[Op]:
        texts = await self._records.texts(record_type, [*seqs])
        gone: list[Op] = [DeleteOne({"_id": f"record:{record_type}:{r}"}) for r in seqs if r not in texts]
        return gone + [
            self._entry("record", record, texts[record], {"seq": seqs[record]}, record_type) for record in texts
        ]

    def _entry(
        self, kind: Kind, of: str, texts: list[str], place: dict[str, int], record_type: str | None = None
    ) -> Op:
        found = terms(texts)
        self._heard |= words(found)
        fields: dict[str, Any] = {"kind": kind, "of": of, "grams": sorted(found)}
        if record_type:
            fields["type"] = record_type
        change: dict[str, Any] = {"$set": fields}
        if "seq" in place:
            fields["seq"] = order(place["seq"], kind)
        else:  # a conversation keeps the place where it began: its messages carry the later ones
            change["$setOnInsert"] = {"seq": order(place["first_seq"], kind)}
        return UpdateOne({"_id": f"{kind}:{record_type}:{of}" if record_type else f"{kind}:{of}"}, change, upsert=True)

    async def _learn(self) -> None:
        new = self._heard - self._known
        if new:
            ops = [UpdateOne({"_id": word}, {"$setOnInsert": {"size": len(word)}}, upsert=True) for word in sorted(new)]
            await self._db[SEARCH_WORDS].bulk_write(ops, ordered=False)
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        self._known |= new
        self._heard.clear()
