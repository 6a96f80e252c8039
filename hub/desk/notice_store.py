"""Storing notices: each person is told of one thing once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.desk.notices import MOST_COUNTED, count_unread
from hub.events import NoticeChanged
from hub.model.notice import kind_of, notice_out
from hub.store.client import Database, Doc
from hub.store.notice_collections import NOTICES
from hub.store.unit import Unit, Units, at_once

AT_ONCE = 50
_LONGEST_TITLE, _LONGEST_TEXT = 300, 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What one person is to be told. The same `key` again is the same notice. `by` is (id, name) of a colleague."""

    user: str
    key: str
    cause: str
    title: str = ""
    text: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
    by: tuple[str, str] | None = None


async def store_news(units: Units, news: Sequence[News]) -> None:
    """Store them, some in each unit of work, and tell the people's consoles. Doing it twice changes nothing."""
    for start in range(0, len(news), AT_ONCE):
        chunk = list(news[start : start + AT_ONCE])
        if await _fresh(units.db, chunk):
            await units.run(partial(store_some, news=chunk))


async def _fresh(db: Database, news: Sequence[News], session: AsyncClientSession | None = None) -> list[News]:
    """Those that are not stored yet, each once."""
    asked = {(each.user, each.key): each for each in news}
    users, keys = ({each[part] for each in asked} for part in (0, 1))
    where = {"user": {"$in": sorted(users)}, "key": {"$in": sorted(keys)}}
    async for doc in db[NOTICES].find(where, {"user": 1, "key": 1}, session=session):
        asked.pop((doc["user"], doc["key"]), None)
    return [*asked.values()]


async def store_some(unit: Unit, news: Sequence[News]) -> None:
    """One unit's share: at most `AT_ONCE`."""
    docs = [_document(each) for each in await _fresh(unit.db, news, unit.session)]
    if not docs:
        return
    await unit.db[NOTICES].insert_many(docs, session=unit.session)
    counts = await _unread_after(unit, docs)
    for doc in docs:
        unit.announce(NoticeChanged(notice=notice_out(doc), unread=counts[doc["user"]], _user=doc["user"]))


async def _unread_after(unit: Unit, added: Sequence[Doc]) -> dict[str, dict[str, int]]:
    """User -> what is unread by kind, once these are stored. What was there before is counted at once, beside the unit."""
    counts: dict[str, dict[str, int]] = {}

    async def count(user: str) -> None:
        counts[user] = await count_unread(unit.beside, user)

    await at_once(*(count(user) for user in {doc["user"] for doc in added}))
    for doc in added:
        unread = counts[doc["user"]]
        unread[doc["kind"]] = min(unread[doc["kind"]] + 1, MOST_COUNTED)
    return counts


def _document(news: News) -> Doc:
    return {
        "_id": new_id(),
        "user": news.user,
        "key": news.key,
        "kind": kind_of(news.cause),
        "cause": news.cause,
        "title": news.title[:_LONGEST_TITLE],
        "text": news.text[:_LONGEST_TEXT],
        "about": dict(news.about),
        "by": {"id": news.by[0], "name": news.by[1]} if news.by else None,
        "state": "unread",
        "at": now(),
        "read_at": None,
    }
