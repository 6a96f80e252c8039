"""Attachments: GridFS content, stored once per sha256, and one entry per file as somebody named it.

An entry is what the rest of the product calls a file; several entries may share one content. `records` of an entry are
the records that name it (see `record_files`), `kept` says whether the sweep must let it be. The content's
`metadata.touched` is renewed by each `put`, so that the sweep never removes what is being named again.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridfs.asynchronous import AsyncGridFSBucket
from gridfs.errors import FileExists, NoFile

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound, TooLarge
from crm_core.ground.ids import new_id
from hub.model.message import FileOut
from hub.store.client import Database, Doc
from hub.store.collections import MESSAGES
from hub.store.desk_indexes import CONTENTS, FILES
from hub.store.record_files import NOT_NAMED
from hub.store.sniff import clean_name, sniff

_CHUNK = 255 * 1024
_READ = 256 * 1024
_A_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file, ready to be read. `by` is the user who uploaded it; None when it came with a message. `records` are the
    places (`TYPE:ID`) of the records that name it."""

    about: FileOut
    by: str | None
    records: tuple[str, ...]
    content: str
    _bucket: AsyncGridFSBucket

    async def read(self, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` on, in pieces of at most 256 KiB."""
        left = self.about["size"] - start if length is None else length
        try:
            stream = await self._bucket.open_download_stream(self.content)
        except NoFile:
            raise NotFound(f"the content of file {self.about['id']} is gone", file=self.about["id"]) from None
        await stream.seek(start)
        while left > 0 and (piece := await stream.read(min(_READ, left))):
            left -= len(piece)
            yield piece


class Files:
    """Keeps files. `limit_bytes` bounds one file."""

    def __init__(self, db: Database, limit_bytes: int = 50 * 1024 * 1024) -> None:
        self._db = db
        self._limit = limit_bytes
        self._bucket = AsyncGridFSBucket(db, bucket_name="files", chunk_size_bytes=_CHUNK)

    async def put(
        self,
        content: bytes | AsyncIterator[bytes],
        name: str,
        type: str,  # noqa: A002 - the word of the API
        *,
        by: str | None = None,
        id: str | None = None,  # noqa: A002 - the word of the API
        sweep: bool | None = None,
    ) -> FileOut:
        """Store a file; the same bytes again cost one entry.

        Args:
            content: all of it, or pieces as they arrive.
            name: as given by whoever sent it; folders and control characters are dropped.
            type: the claimed media type; what is stored is `sniff`ed.
            by: the user who uploads; only that user may use the file before a message carries it.
            id: a name of its own, given beforehand: putting it again replaces it.
            sweep: remove it when no message carries it for a day; by default what has no `id` of its own.

        Raises:
            TooLarge: over the limit; nothing is kept.
        """
        if isinstance(content, bytes):
            stored, size, head = await self._put_bytes(content)
        else:
            stored, size, head = await self._put_stream(content)
        about: FileOut = {
            "id": id or new_id(),
            "name": clean_name(name),
            "type": sniff(head, type),
            "size": size,
            "sha256": stored["metadata"]["sha256"],
        }
        entry = {
            **about,
            "_id": about["id"],
            "content": stored["_id"],
            "by": by,
            "at": now(),
            "kept": bool(id) if sweep is None else not sweep,
        }
        del entry["id"]
        await self._db[FILES].replace_one({"_id": about["id"]}, entry, upsert=True)
        return about

    async def open(self, file_id: str) -> StoredFile:
        """The file of this id; whether somebody may have it is the caller's question.

        Raises:
            NotFound: there is none.
        """
        entry = await self._db[FILES].find_one({"_id": file_id})
        if entry is None:
            raise NotFound("there is no such file", file=file_id)
        return StoredFile(_about(entry), entry["by"], tuple(entry.get("records", ())), entry["content"], self._bucket)

    async def describe(self, file_id: str) -> FileOut:
        """What a message shows of the file; raises `NotFound`."""
        return (await self.open(file_id)).about

    async def forget(self, file_id: str) -> None:
        """Remove one file. Safe to repeat."""
        entry = await self._db[FILES].find_one_and_delete({"_id": file_id})
        if entry is not None:
            await self._forget_content(entry["content"], now() - _A_MOMENT)

    async def forget_unused(self, before: datetime) -> int:
        """Remove the files uploaded before then that no message carries and no record names; returns how many. Safe to
        repeat. What became of a file between being found and being removed is asked once more, by the removal itself."""
        removed = 0
        unused = {"kept": False, "at": {"$lt": before}, **NOT_NAMED}
        async for entry in self._db[FILES].find(unused):
            if await self._db[MESSAGES].find_one({"attachments.id": entry["_id"]}, {"_id": 1}):
                await self._db[FILES].update_one({"_id": entry["_id"]}, {"$set": {"kept": True}})
            elif (await self._db[FILES].delete_one({**unused, "_id": entry["_id"]})).deleted_count:
                await self._forget_content(entry["content"], before)
                removed += 1
        return removed

    async def _forget_content(self, content: str, before: datetime) -> None:
        if await self._db[FILES].find_one({"content": content}, {"_id": 1}):
            return
        gone = await self._db[CONTENTS].delete_one({"_id": content, "metadata.touched": {"$lt": before}})
        if gone.deleted_count:
            await self._db["files.chunks"].delete_many({"files_id": content})

    async def _put_bytes(self, content: bytes) -> tuple[Doc, int, bytes]:
        if len(content) > self._limit:
            raise self._too_large()
        known = await self._known(hashlib.sha256(content).hexdigest())
        if known:
            return known, len(content), content[:16]
        return await self._put_stream(_once(content))

    async def _put_stream(self, pieces: AsyncIterator[bytes]) -> tuple[Doc, int, bytes]:
        digest, size, head = hashlib.sha256(), 0, b""
        grid = self._bucket.open_upload_stream_with_id(new_id(), "")
        try:
            async for piece in pieces:
                size += len(piece)
                if size > self._limit:
                    raise self._too_large()
                head = head or piece[:16]
                digest.update(piece)
                await grid.write(piece)
        except BaseException:
            await grid.abort()
            raise
        sha256 = digest.hexdigest()
        if known := await self._known(sha256):
            await grid.abort()
            return known, size, head
        facts = {"sha256": sha256, "touched": now()}
        grid.metadata = facts
        try:
            await grid.close()
        except FileExists:  # somebody stored the same bytes meanwhile
            await grid.abort()
            return await self._must_know(sha256), size, head
        return {"_id": grid._id, "metadata": facts}, size, head  # noqa: SLF001 - the driver's name for the key

    async def _known(self, sha256: str) -> Doc | None:
        return await self._db[CONTENTS].find_one_and_update(
            {"metadata.sha256": sha256}, {"$set": {"metadata.touched": now()}}, return_document=True
        )

    async def _must_know(self, sha256: str) -> Doc:
        found = await self._known(sha256)
        if found is None:
            raise NotFound("the same file was stored and removed at once; send it again")
        return found

    def _too_large(self) -> TooLarge:
        return TooLarge(f"a file may have at most {self._limit} bytes", limit_bytes=self._limit)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    if content:
        yield content


def _about(entry: Doc) -> FileOut:
    return {
        "id": entry["_id"],
        "name": entry["name"],
        "type": entry["type"],
        "size": entry["size"],
        "sha256": entry["sha256"],
    }
