"""The pages of messages with HTML, and the remote pictures in them, with the caller's eyes.

A remote picture tells its sender who reads, when and where. So it is fetched by the hub, once, when a reader asks for
it, and kept for a week: the sender's server sees one call of the hub, whoever looks and however often.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from crm_core.ground.clock import now
from crm_core.ground.errors import MainstemError, NotFound
from hub.desk.mail_page import Look, absolute, mail_page, remote_pictures
from hub.desk.sight import seen_message
from hub.desk.superiors import Superiors
from hub.identity.caller import Caller
from hub.store.client import Database, Doc
from hub.store.desk_indexes import PICTURES
from hub.store.sniff import SAFE_IMAGES, sniff

FetchPicture = Callable[[str], Awaitable[bytes]]
"""Fetches an address; raises `PictureUnavailable` with the reason."""
_HEAD_BYTES = 16
_LONG = 50_000
"""Characters of HTML from which cleaning leaves the event loop."""


class PictureUnavailable(MainstemError):
    """A remote picture cannot be shown; the detail says why."""

    code, status, title = "picture-unavailable", 404, "Picture unavailable"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, its type judged by its bytes."""

    type: str
    content: bytes


class Pictures:
    """Pages and pictures of messages that the caller may see."""

    def __init__(self, db: Database, fetch: FetchPicture, superiors: Superiors | None = None) -> None:
        self._db = db
        self._kept = db[PICTURES]
        self.fetch = fetch
        self._superiors = superiors

    async def page(self, caller: Caller, message: str, look: Look) -> str:
        """The message's HTML as a document; raises `NotFound` where there is no such message, or no HTML in it."""
        doc = await self._with_html(caller, message)
        inline = _inline(doc)

        def fetched(address: str) -> str:
            return f"/api/messages/{message}/pictures?u={quote(address, safe='')}"

        def make() -> str:
            title = doc.get("subject") or ""
            return mail_page(doc["html"], look, title=title, inline=inline, fetched=fetched)

        return await asyncio.to_thread(make) if len(doc["html"]) > _LONG else make()

    async def picture(self, caller: Caller, message: str, address: str) -> Picture:
        """A remote picture of a message.

        Raises:
            NotFound: the message, for this caller; or the address does not stand in it.
            PictureUnavailable: it cannot be fetched, or is no picture that may be shown.
        """
        doc = await self._with_html(caller, message)
        if address not in await asyncio.to_thread(remote_pictures, doc["html"]):
            raise NotFound("there is no such picture in this message", message=message)
        key = hashlib.sha256(f"{message}\n{address}".encode()).hexdigest()
        if kept := await self._kept.find_one({"_id": key}):
            return Picture(kept["type"], bytes(kept["content"]))
        content = await self.fetch(absolute(address))
        picture = Picture(_safe_type(content), content)
        await self._keep(key, picture, now())
        return picture

    async def _keep(self, key: str, picture: Picture, at: datetime) -> None:
        fields: dict[str, Any] = {"type": picture.type, "content": picture.content, "at": at}
        await self._kept.replace_one({"_id": key}, fields, upsert=True)

    async def _with_html(self, caller: Caller, message: str) -> Doc:
        if self._superiors is None:
            doc = await seen_message(self._db, caller, message)
        else:
            doc = await self._superiors.message(caller, message)
        if not doc.get("html"):
            raise NotFound("this message has no HTML", message=message)
        return doc


def _inline(doc: Doc) -> dict[str, str]:
    """Content id -> address, of the pictures that came with the message."""
    files = [file for file in doc.get("attachments", ()) if file.get("content_id")]
    pictures = [file for file in files if file["type"] in SAFE_IMAGES]
    return {file["content_id"].strip("<>"): f"/api/files/{file['id']}" for file in pictures}


def _safe_type(content: bytes) -> str:
    kind = sniff(content[:_HEAD_BYTES], "")
    if kind not in SAFE_IMAGES:
        raise PictureUnavailable("what is there is no PNG, JPEG, GIF or WebP picture")
    return kind
