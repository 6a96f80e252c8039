"""What somebody has begun to write in a conversation: kept here, so that it is there in every browser of theirs.

Drafts are nobody else's business and no part of the stream. They are saved while people type, so they go past the
one-writer turn of units: one document, one atomic write. The last write wins; its revision tells the person's other
consoles what is newer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.events import user_room
from hub.desk.sight import seen_conversation
from hub.feed.hints import Hints
from hub.identity.caller import Caller
from hub.model.message import FileOut
from hub.store.client import Database, Doc
from hub.store.desk_indexes import FILES
from hub.store.inbox_collections import DRAFTS

_MOST = 500
_TEXTS = ("reply", "note", "subject")
_LISTS = ("to", "cc", "bcc")
_ALONE = ("reply", "note", "subject", "to", "cc", "bcc", "files", "forward_of")
"""Any of these is worth keeping by itself."""
_OPTIONS: dict[str, Any] = {
    "account": None,
    "reply_all": False,
    "forward_of": None,
    "forward_as": "inline",
    "send_at": None,
}
_EMPTY: dict[str, Any] = dict.fromkeys(_TEXTS, "") | {name: [] for name in (*_LISTS, "files")} | _OPTIONS
NEW = ""
"""In place of a conversation: the first message of one that does not exist yet."""


class DraftOut(TypedDict):
    """A draft. `revision` is 0 where there is none; it grows with each write."""

    conversation: str
    kind: Literal["reply", "note"]
    reply: str
    note: str
    subject: str
    to: list[str]
    cc: list[str]
    bcc: list[str]
    files: list[FileOut]
    account: str | None
    reply_all: bool
    forward_of: str | None
    forward_as: Literal["inline", "attached"]
    send_at: datetime | None
    revision: int
    at: datetime | None


class DraftMark(TypedDict):
    """That there is a draft."""

    conversation: str
    revision: int
    at: datetime


class KeptDrafts:
    """The drafts of the people at the consoles."""

    def __init__(self, db: Database, hints: Hints) -> None:
        self._db = db
        self._hints = hints

    async def marks(self, caller: Caller) -> list[DraftMark]:
        """Where the caller has drafts, newest first."""
        found = self._db[DRAFTS].find(
            {"user": caller.user, "empty": False, "conversation": {"$ne": NEW}},
            {"conversation": 1, "revision": 1, "at": 1},
        )
        docs = await found.sort("at", -1).limit(_MOST).to_list()
        return [DraftMark(conversation=d["conversation"], revision=d["revision"], at=d["at"]) for d in docs]

    async def show(self, caller: Caller, conversation: str) -> DraftOut:
        """The caller's draft in a conversation, or of a `NEW` one; an empty one where there is none. Raises `NotFound`."""
        await self._check(caller, conversation)
        found: Doc | None = await self._db[DRAFTS].find_one({"_id": _key(caller, conversation)})
        return await self._out(caller, conversation, found)

    async def keep(self, caller: Caller, conversation: str, fields: Mapping[str, Any]) -> DraftOut:
        """Put this in its place; the last write wins. Raises `NotFound`."""
        await self._check(caller, conversation)
        content = {name: fields[name] for name in _EMPTY}
        doc = await self._write(caller, conversation, content, str(fields["kind"]))
        return await self._out(caller, conversation, doc)

    async def drop(self, caller: Caller, conversation: str) -> None:
        """Forget it: it was sent, or thrown away. Also where the conversation is out of sight by now."""
        if await self._db[DRAFTS].find_one({"_id": _key(caller, conversation), "empty": False}, {"_id": 1}):
            await self._write(caller, conversation, dict(_EMPTY), "reply")

    async def _check(self, caller: Caller, conversation: str) -> None:
        if conversation != NEW:
            await seen_conversation(self._db, caller, conversation)

    async def _write(self, caller: Caller, conversation: str, content: Doc, kind: str) -> Doc:
        """An emptied draft stays as a document until it is forgotten, so that revisions never go back."""
        empty = not any(content[name] for name in _ALONE)
        fixed = {"user": caller.user, "conversation": conversation, "kind": kind, "empty": empty, "at": now()}
        doc = await self._db[DRAFTS].find_one_and_update(
            {"_id": _key(caller, conversation)},
            {"$set": content | fixed, "$inc": {"revision": 1}},
            upsert=True,
            return_document=True,
        )
        assert doc is not None  # an upsert always leaves one
        said = {"conversation": conversation, "revision": doc["revision"], "on": not empty}
        await self._hints.send("draft", user_room(caller.user), said)
        return doc

    async def _out(self, caller: Caller, conversation: str, doc: Doc | None) -> DraftOut:
        kept: Doc = doc if doc is not None else {"kind": "reply", "revision": 0, "at": None}
        written = {name: kept.get(name) or nothing for name, nothing in _EMPTY.items()}
        files = await self._files(caller, kept.get("files") or [])
        facts = {"conversation": conversation, "kind": kept["kind"], "revision": kept["revision"], "at": kept["at"]}
        return {**facts, **written, "files": files}  # type: ignore[typeddict-item]

    async def _files(self, caller: Caller, ids: list[str]) -> list[FileOut]:
        """The caller's own uploads among these; what was swept meanwhile is left out."""
        if not ids:
            return []
        found = {doc["_id"]: doc async for doc in self._db[FILES].find({"_id": {"$in": ids}, "by": caller.user})}
        docs = [found[one] for one in ids if one in found]
        return [{"id": d["_id"], **{k: d[k] for k in ("name", "type", "size", "sha256")}} for d in docs]  # type: ignore[typeddict-item]


def _key(caller: Caller, conversation: str) -> str:
    return f"{caller.user}:{conversation}"
