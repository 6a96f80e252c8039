"""Raw input, kept durably before anything is made of it, or together with what is made of it.

Small input lies in the document itself (one batched insert for whatever is waiting), large input in GridFS. `open`
stays until a message, a repeat or a quarantine entry settles it; what is open after a crash is replayed. Small input
that the far side keeps until it is answered is not stored before its message but with it (docs/decisions/0009).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from bson import Binary
from gridfs.asynchronous import AsyncGridFSBucket
from pymongo.errors import PyMongoError

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound, Unavailable
from crm_core.ground.ids import new_id
from hub.channel import Raw
from hub.log import correlation
from hub.store.client import Database, Doc
from hub.store.collections import RAW

INLINE_BYTES = 1024 * 1024
CARRIED_BYTES = 64 * 1024
"""Up to here raw input may wait in memory for its message: a whole batch of it fits one transaction."""
_BATCH = 200
_BATCH_BYTES = 8 * 1024 * 1024


class RawKeeper:
    """Keeps and reads raw input. `run` must be running (the supervisor does that) for `keep` to return."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._bucket = AsyncGridFSBucket(db, "rawfiles")
        self._waiting: asyncio.Queue[tuple[Doc, asyncio.Future[None]]] = asyncio.Queue()

    async def keep(self, account: str, content: bytes, note: Mapping[str, Any] | None = None) -> Raw:
        """Durable when it returns.

        Raises:
            Unavailable: the store is away; do not acknowledge to the far side.
        """
        raw = _new(account, content, note, kept=True)
        doc = raw_document(raw) | {"open": True}
        if len(content) > INLINE_BYTES:
            del doc["content"]
            doc["file"] = await self._keep_large(raw.id, content)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((doc, done))
        await done
        return raw

    async def take(self, account: str, content: bytes, note: Mapping[str, Any] | None = None) -> Raw:
        """Input that the far side still has: where it is small, it is stored with its message, in one commit.

        Raises:
            Unavailable: the store is away; do not acknowledge to the far side.
        """
        if len(content) > CARRIED_BYTES:
            return await self.keep(account, content, note)
        return _new(account, content, note, kept=False)

    async def run(self) -> None:
        """Insert whatever is waiting, batch after batch."""
        while True:
            batch = [await self._waiting.get()]
            size = batch[0][0]["size"]
            while not self._waiting.empty() and len(batch) < _BATCH and size < _BATCH_BYTES:
                batch.append(self._waiting.get_nowait())
                size += batch[-1][0]["size"]
            await self._insert(batch)

    async def _insert(self, batch: list[tuple[Doc, asyncio.Future[None]]]) -> None:
        error: BaseException | None = None
        try:
            await self._db[RAW].insert_many([doc for doc, _ in batch], ordered=False)
        except PyMongoError as failure:
            error = Unavailable("the store cannot keep raw input now; try again soon")
            error.__cause__ = failure
        except BaseException as failure:
            error = failure
            raise
        finally:
            for _, done in batch:
                if not done.done():
                    done.set_exception(error) if error else done.set_result(None)

    async def read(self, raw_id: str) -> Raw:
        """The raw input, byte for byte."""
        doc = await self._db[RAW].find_one({"_id": raw_id})
        if doc is None:
            raise NotFound("there is no such raw input")
        return await self._raw(doc)

    async def open_of(self, account: str, before: datetime) -> AsyncIterator[Raw]:
        """What came in before and was never finished, oldest first."""
        query = {"account": account, "open": True, "at": {"$lt": before}}
        async for doc in self._db[RAW].find(query).sort("_id", 1):
            yield await self._raw(doc)

    async def settle(self, raw_id: str) -> None:
        """Nothing more will be made of it (it is in quarantine, or it was no message)."""
        await self._db[RAW].update_one({"_id": raw_id}, {"$unset": {"open": 1}})

    async def _raw(self, doc: Doc) -> Raw:
        content = bytes(doc["content"]) if "content" in doc else await self._read_large(doc["file"])
        return Raw(
            id=doc["_id"],
            account=doc["account"],
            content=content,
            at=doc["at"],
            note=doc["note"],
            correlation=doc["correlation"],
        )

    async def _keep_large(self, raw_id: str, content: bytes) -> str:
        try:
            await self._bucket.upload_from_stream_with_id(raw_id, raw_id, content)
        except PyMongoError as failure:
            raise Unavailable("the store cannot keep raw input now; try again soon") from failure
        return raw_id

    async def _read_large(self, file_id: str) -> bytes:
        stream = await self._bucket.open_download_stream(file_id)
        content: bytes = await stream.read()
        return content


def raw_document(raw: Raw) -> Doc:
    """As stored, with its content in it."""
    return {
        "_id": raw.id,
        "account": raw.account,
        "at": raw.at,
        "size": len(raw.content),
        "sha256": hashlib.sha256(raw.content).hexdigest(),
        "note": raw.note,
        "correlation": raw.correlation,
        "content": Binary(raw.content),
    }


def _new(account: str, content: bytes, note: Mapping[str, Any] | None, *, kept: bool) -> Raw:
    return Raw(
        id=new_id(),
        account=account,
        content=content,
        at=now(),
        note=dict(note or {}),
        correlation=correlation.get() or new_id(),
        kept=kept,
    )
