"""Who may have a file: whoever may see a conversation in which a message carries it, or read a record in a field that
names it; before anything does, its uploader."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence

from crm_core.ground.errors import NotFound
from hub.desk.sight import seen_among
from hub.identity.caller import Caller
from hub.model.message import FileOut
from hub.store.client import Database
from hub.store.collections import MESSAGES
from hub.store.files import Files, StoredFile
from hub.store.records import Records

_MOST_USES = 1000
_MOST_NAMED = 400
"""Files in one body of a record; more than fit into its fields is never looked up."""


class Attachments:
    """Files with the caller's eyes."""

    def __init__(self, db: Database, files: Files, records: Records) -> None:
        self._db = db
        self._files = files
        self._records = records

    async def upload(self, caller: Caller, content: AsyncIterator[bytes], name: str, type: str) -> FileOut:  # noqa: A002
        """Keep a file for the caller's next message or record; raises `TooLarge`."""
        return await self._files.put(content, name, type, by=caller.user)

    async def open(self, caller: Caller, file_id: str) -> StoredFile:
        """The file, ready to be read.

        Raises:
            NotFound: there is none, or the caller may not have it.
        """
        file = await self._files.open(file_id)
        conversations = await self._carried_in(file_id)
        if conversations or file.records:
            allowed = bool(await seen_among(self._db, caller, conversations)) or await self._records.names_file(
                caller.actor, file.records, file_id
            )
        else:
            allowed = file.by is not None and file.by == caller.user
        if not allowed:
            raise NotFound("there is no such file", file=file_id)
        return file

    async def check_usable(self, caller: Caller, file_ids: Sequence[str]) -> None:
        """Raise `NotFound` for a file that the caller may not put into a message."""
        for file_id in file_ids:
            await self.open(caller, file_id)

    async def usable(self, caller: Caller, file_ids: Collection[str]) -> frozenset[str]:
        """Those of the files that the caller may open, and so name in a record."""
        found = set()
        for file_id in sorted(file_ids)[:_MOST_NAMED]:
            try:
                await self.open(caller, file_id)
            except NotFound:
                continue
            found.add(file_id)
        return frozenset(found)

    async def _carried_in(self, file_id: str) -> set[str]:
        """The conversations in which a message carries the file."""
        carries = {"attachments.id": file_id, "removed": {"$exists": False}}
        uses = self._db[MESSAGES].find(carries, {"conversation": 1}).limit(_MOST_USES)
        return {use["conversation"] async for use in uses}
