"""Fills the search index: a durable reader of the stream, never in the way of a commit.

Each document is made of what the store holds *now*, so a repeat or a late event does no harm.
"""

from __future__ import annotations

from collections import defaultdict

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError
from pymongo.write_concern import WriteConcern

from hub.desk.ports import MayReadRecord
from hub.desk.searchable import Kind, conversation_texts, message_texts, order
from hub.desk.terms import terms, words
from hub.readers import Reader
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, MESSAGES, SEARCH
from hub.store.desk_indexes import SEARCH_WORDS

_WANTS = frozenset({"message.appended", "message.amended", "conversation.changed", "record.changed"})
_FIELDS = ("message.id", "conversation.id", "id", "type")
_MOST_KNOWN = 500_000
_TEXT = {"text": 1, "subject": 1, "author": 1, "attachments.name": 1, "seq": 1, "removed": 1}
_HEAD = {"state": 1, "subject": 1, "parties": 1, "tags": 1, "records": 1}

_DUPLICATE = 11000


class SearchFiller:
    """Keeps the collections `search` and `search_words` in step with the stream."""

    def __init__(self, db: Database, records: MayReadRecord) -> None:
        self._db = db
        # Not waited for one by one: the bookmark after each batch is, and what a majority has, it has in order.
        lightly = WriteConcern(w=1)
        self._search = db[SEARCH].with_options(write_concern=lightly)
        self._words = db[SEARCH_WORDS].with_options(write_concern=lightly)
        self._records = records
        self._known: set[str] = set()
        self._heard: set[str] = set()

    def reader(self) -> Reader:
        """For `Readers.run`."""
        return Reader("search", _WANTS, self.handle, _FIELDS, patient=True)

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
            elif "id" in data:  # gone from somebody's sight, perhaps joined away
                conversations.setdefault(data["id"], event["_id"])
        entries = [*await self._messages(messages), *await self._conversations(conversations)]
        for record_type, seqs in records.items():
            entries += await self._of_records(record_type, seqs)
        await self._learn()  # before the entries: a word is never in the index and unknown
        await self._write(entries)

    async def _messages(self, ids: set[str]) -> list[Doc]:
        if not ids:
            return []
        found = await self._db[MESSAGES].find({"_id": {"$in": [*ids]}}, _TEXT).to_list()
        return [self._entry("message", d["_id"], message_texts(d), d["seq"]) for d in found]

    async def _conversations(self, seqs: dict[str, int]) -> list[Doc]:
        """A conversation keeps the place where it was first seen: its messages carry the later ones."""
        if not seqs:
            return []
        entries: list[Doc] = []
        async for doc in self._db[CONVERSATIONS].find({"_id": {"$in": [*seqs]}}, _HEAD):
            if doc["state"] == "merged":
                await self._search.delete_one({"_id": f"conversation:{doc['_id']}"})
            else:
                entries.append(self._entry("conversation", doc["_id"], conversation_texts(doc), seqs[doc["_id"]]))
        return entries

    async def _of_records(self, record_type: str, seqs: dict[str, int]) -> list[Doc]:
        texts = await self._records.texts(record_type, [*seqs])
        gone = [f"record:{record_type}:{record}" for record in seqs if record not in texts]
        if gone:
            await self._search.delete_many({"_id": {"$in": gone}})
        return [self._entry("record", record, texts[record], seqs[record], record_type) for record in texts]

    def _entry(self, kind: Kind, of: str, texts: list[str], seq: int, record_type: str | None = None) -> Doc:
        found = terms(texts)
        self._heard |= words(found)
        entry: Doc = {"_id": f"{kind}:{of}", "kind": kind, "of": of, "grams": sorted(found), "seq": order(seq, kind)}
        if record_type:
            entry |= {"_id": f"{kind}:{record_type}:{of}", "type": record_type}
        return entry

    async def _write(self, entries: list[Doc]) -> None:
        """Insert, which is quick and nearly always right; what is there already is changed where it stands."""
        if not entries:
            return
        try:
            await self._search.insert_many(entries, ordered=False)
        except BulkWriteError as error:
            failed = error.details["writeErrors"]
            if any(each["code"] != _DUPLICATE for each in failed):
                raise
            await self._search.bulk_write([_change(entries[each["index"]]) for each in failed], ordered=False)

    async def _learn(self) -> None:
        new = self._heard - self._known
        if new:
            await self._insert_words(sorted(new))
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        self._known |= new
        self._heard.clear()

    async def _insert_words(self, new: list[str]) -> None:
        try:
            await self._words.insert_many([{"_id": word} for word in new], ordered=False)
        except BulkWriteError as error:
            if any(each["code"] != _DUPLICATE for each in error.details["writeErrors"]):
                raise


def _change(entry: Doc) -> UpdateOne:
    kept = {"_id", "seq"} if entry["kind"] == "conversation" else {"_id"}
    return UpdateOne({"_id": entry["_id"]}, {"$set": {k: v for k, v in entry.items() if k not in kept}})
