"""What happens becomes notices of the people it concerns: a durable reader of the stream.

Mentions, assignments and failed deliveries are raised where they happen (`notice.raised`); new mail, records that were
given to somebody, internal messages and announcements are seen here. Seeing an event twice stores nothing twice.
(S2.1.2-02, -10, S2.9.1-04..06)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from crm_core.ground.ports import HISTORY
from hub.desk.addressed import supervisors
from hub.desk.announcements import receivers_of
from hub.desk.notice_store import News, store_news
from hub.identity.people import USERS
from hub.readers import Reader
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS
from hub.store.notice_collections import ANNOUNCEMENTS, INTERNAL_MESSAGES
from hub.store.record_codec import collection_name, records_of
from hub.store.unit import Units

_WANTS = frozenset({"notice.raised", "message.appended", "record.changed", "internal.changed", "announcement.changed"})
_FIELDS = (
    "kind", "text", "about", "user",
    "conversation.id", "conversation.assignee", "conversation.subject", "conversation.preview",
    "message.id", "message.direction", "message.automatic", "message.author.name",
    "type", "id", "revision", "change", "actor", "sent", "made",
)  # fmt: skip
_SAID_ELSEWHERE = frozenset({"who", "title"})


class NoticeReader:
    """Stores notices for what the stream tells."""

    def __init__(self, units: Units) -> None:
        self._units, self._db = units, units.db

    def reader(self) -> Reader:
        """The durable reader, for `hub.main`."""
        return Reader("notices", _WANTS, self.handle, _FIELDS, patient=True)

    async def handle(self, batch: Sequence[Doc]) -> None:
        """A batch of events, in order."""
        await store_news(self._units, [news for event in batch async for news in self._news(event)])

    async def _news(self, event: Doc) -> AsyncIterator[News]:
        data: Doc = event["data"]
        match event["name"]:
            case "notice.raised":
                async for news in self._raised(event["_id"], data):
                    yield news
            case "message.appended":
                if news_of_mail := mail_news(data):
                    yield news_of_mail
            case "record.changed":
                if given := await self._given(data):
                    yield given
            case "internal.changed" if data.get("sent"):
                async for news in self._internal(data["id"]):
                    yield news
            case "announcement.changed" if data.get("made"):
                async for news in self._announced(data["id"]):
                    yield news

    async def _raised(self, seq: int, data: Doc) -> AsyncIterator[News]:
        about = dict(data.get("about") or {})
        title = str(about.get("title") or await self._subject(about.get("conversation")))
        told = [data["user"]] if data.get("user") else await supervisors(self._db)
        for user in told:
            yield News(
                user=user,
                key=f"event:{seq}",
                cause=data["kind"],
                title=title,
                text=data.get("text") or "",
                about={key: value for key, value in about.items() if key not in _SAID_ELSEWHERE and value},
                by=("", str(about["who"])) if about.get("who") else None,
            )

    async def _subject(self, conversation: str | None) -> str:
        if conversation is None:
            return ""
        found = await self._db[CONVERSATIONS].find_one({"_id": conversation}, {"subject": 1, "preview": 1})
        return (found["subject"] or found["preview"]) if found else ""

    async def _given(self, data: Doc) -> News | None:
        """A record whose owner this change named, where it is not the one who made the change."""
        if data.get("change") not in ("created", "changed") or "revision" not in data:
            return None
        where = {"type": data["type"], "record": data["id"], "revision": data["revision"]}
        entry = await self._db[collection_name(HISTORY)].find_one(where, {"fields": 1, "actor": 1})
        owner = next((f.get("new") for f in (entry or {}).get("fields", ()) if f["field"] == "owner"), None)
        if entry is None or not owner or owner in (entry["actor"], data["id"]):  # people own their own records
            return None
        record = await records_of(self._db, data["type"]).find_one({"_id": data["id"]}, {"name": 1, "number": 1})
        return News(
            user=owner,
            key=f"record:{data['type']}:{data['id']}:{data['revision']}",
            cause="record",
            title=str((record or {}).get("name") or (record or {}).get("number") or ""),
            about={"type": data["type"], "record": data["id"]},
            by=await self._person(entry["actor"]),
        )

    async def _person(self, user: str) -> tuple[str, str] | None:
        found = await self._db[USERS].find_one({"_id": user}, {"name": 1})
        return (user, found["name"]) if found else None

    async def _internal(self, message: str) -> AsyncIterator[News]:
        doc = await self._db[INTERNAL_MESSAGES].find_one({"_id": message})
        for user in doc["receivers"] if doc else ():
            assert doc is not None
            yield News(
                user=user,
                key=f"internal:{message}",
                cause="internal",
                title=doc["subject"],
                text=doc["text"],
                about={**doc["about"], "internal": message},
                by=(doc["by"], doc["by_name"]),
            )

    async def _announced(self, announcement: str) -> AsyncIterator[News]:
        doc = await self._db[ANNOUNCEMENTS].find_one({"_id": announcement, "withdrawn_at": None})
        if doc is None:
            return
        for user in await receivers_of(self._units, doc["departments"], lenient=True):
            if user != doc["by"]:
                yield News(
                    user=user,
                    key=f"announcement:{announcement}",
                    cause="announcement",
                    title=doc["title"],
                    text=doc["text"],
                    about={"announcement": announcement},
                    by=(doc["by"], doc["by_name"]),
                )


def mail_news(data: dict[str, Any]) -> News | None:
    """New input of a customer in a conversation that somebody works on. Pure."""
    message, conversation = data["message"], data["conversation"]
    assignee = conversation.get("assignee")
    if not assignee or message.get("direction") != "inbound" or message.get("automatic"):
        return None
    name = (message.get("author") or {}).get("name") or ""
    return News(
        user=assignee["id"],
        key=f"message:{message['id']}",
        cause="mail",
        title=conversation.get("subject") or "",
        text=conversation.get("preview") or "",
        about={"conversation": conversation["id"], "message": message["id"]},
        by=("", name) if name else None,
    )
