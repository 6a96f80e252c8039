"""Who may have a file: its uploader until a message carries it, then whoever may see such a message's conversation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from crm_core.ground.errors import NotFound
from hub.desk.sight import seen_among
from hub.identity.caller import Caller
from hub.model.message import FileOut
from hub.store.client import Database
from hub.store.collections import MESSAGES
from hub.store.files import Files, StoredFile

_MOST_USES = 1000


class Attachments:
    """Files with the caller's eyes."""

    def __init__(self, db: Database, files: Files) -> None:
        self._db = db
        self._files = files

    async def upload(self, caller: Caller, content: AsyncIterator[bytes], name: str, type: str) -> FileOut:  # noqa: A002
        """Keep a file for the caller's next message; raises `TooLarge`."""
        return await self._files.put(content, name, type, by=caller.user)

    async def open(self, caller: Caller, file_id: str) -> StoredFile:
        """The file, ready to be read.

        Raises:
            NotFound: there is none, or the caller may not have it.
        """
        file = await self._files.open(file_id)
        carries = {"attachments.id": file_id, "removed": {"$exists": False}}
        uses = self._db[MESSAGES].find(carries, {"conversation": 1}).limit(_MOST_USES)
        conversations = {use["conversation"] async for use in uses}
        if conversations:
            allowed = bool(await seen_among(self._db, caller, conversations))
        else:
            allowed = file.by is not None and file.by == caller.user
        if not allowed:
            raise NotFound("there is no such file", file=file_id)
        return file

    async def check_usable(self, caller: Caller, file_ids: Sequence[str]) -> None:
        """Raise `NotFound` for a file that the caller may not put into a message."""
        for file_id in file_ids:
            await self.open(caller, file_id)
