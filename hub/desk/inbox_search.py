"""The inbox as a whole: lists, also of what a search found, and the counts of its views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hub.desk.counts import Counts, count_views, count_wanted
from hub.desk.inbox import Wanted, list_conversations
from hub.desk.search import Search
from hub.desk.superiors import Superiors
from hub.identity.caller import Caller
from hub.model.conversation import ConversationOut, conversation_out
from hub.store.client import Database

MOST_FOUND = 500
"""A list by `q` chooses among so many conversations with the newest hits."""


class Inbox:
    """Lists of conversations with the caller's eyes."""

    def __init__(self, db: Database, search: Search, superiors: Superiors | None = None) -> None:
        self._superiors = superiors
        self._db = db
        self._search = search

    async def page(
        self, caller: Caller, wanted: Wanted, q: str, limit: int, before_seq: int | None
    ) -> tuple[list[ConversationOut], bool]:
        """At most `limit` conversations before a place, newest activity first; and whether `q` was cut short."""
        partial = False
        if q.strip():
            found, partial = await self._search.conversations(caller, q, MOST_FOUND)
            wanted = replace(wanted, among=tuple(found))
        more = await self._superiors.sight_of(caller, wanted.assignee) if self._superiors else None
        docs = await list_conversations(self._db, caller, wanted, limit=limit, before_seq=before_seq, more_sight=more)
        return [conversation_out(doc) for doc in docs], partial

    async def counts(self, caller: Caller) -> Counts:
        """Open conversations per view."""
        return await count_views(self._db, caller)

    async def count(self, caller: Caller, wanted: Mapping[str, Wanted]) -> dict[str, int | None]:
        """Conversations per question, by the question's key."""
        return await count_wanted(self._db, caller, wanted)
