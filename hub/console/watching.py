"""Who looks at a conversation now. The `watching` collection is the truth for all hubs; a hint tells that it changed."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, NotFound
from crm_core.ground.events import conversation_room
from hub.console.console import Console
from hub.console.consoles import Consoles
from hub.feed.hints import Hints
from hub.feed.rooms import may_see_conversations
from hub.identity.caller import Caller
from hub.store.client import Database
from hub.store.collections import CONVERSATIONS, Index

WATCHING = "watching"
WATCHING_INDEXES = (
    Index(WATCHING, {"conversation": 1}),
    Index(WATCHING, {"console": 1}),
    Index(WATCHING, {"until": 1}, expire_s=0),
)
VOUCHED_FOR = timedelta(seconds=60)
_MOST_AT_ONCE = 20


class Watch(BaseModel):
    """Which conversation."""

    model_config = ConfigDict(extra="forbid")

    conversation: str = Field(min_length=1, max_length=64)


class Watcher(TypedDict):
    """Somebody who looks at it."""

    id: str
    name: str


class WatchersOut(TypedDict):
    """Everybody who looks at a conversation now, on any hub."""

    conversation: str
    users: list[Watcher]


class Watching:
    """Keeps who watches what."""

    def __init__(self, db: Database, hints: Hints) -> None:
        self._db = db
        self._watching = db[WATCHING]
        self._hints = hints

    async def check_may_see(self, caller: Caller, conversation: str) -> None:
        """Raise `NotFound` where there is none, or the caller may not see it."""
        query = {"$and": [{"_id": conversation}, may_see_conversations(caller)]}
        if await self._db[CONVERSATIONS].find_one(query, {"_id": 1}) is None:
            raise NotFound("there is no such conversation")

    async def begin(self, console: Console, conversation: str) -> WatchersOut:
        """This console looks at it; the others who do are told."""
        who = console.caller
        entry = {"console": console.sid, "conversation": conversation, "user": who.user, "name": who.name}
        await self._watching.replace_one(
            {"_id": f"{console.sid}:{conversation}"}, {**entry, "until": now() + VOUCHED_FOR}, upsert=True
        )
        return await self._tell(conversation)

    async def end(self, sid: str, conversations: set[str]) -> None:
        """This console no longer looks at them."""
        await self._watching.delete_many({"_id": {"$in": [f"{sid}:{c}" for c in conversations]}})
        for conversation in conversations:
            await self._tell(conversation)

    async def vouch(self, consoles: list[str]) -> None:
        """These consoles are still there. What nobody vouches for runs out (a hub that was killed)."""
        if consoles:
            await self._watching.update_many({"console": {"$in": consoles}}, {"$set": {"until": now() + VOUCHED_FOR}})

    async def _tell(self, conversation: str) -> WatchersOut:
        query = {"conversation": conversation, "until": {"$gt": now()}}
        found = await self._watching.find(query).sort("_id", 1).limit(200).to_list()
        users = {doc["user"]: Watcher(id=doc["user"], name=doc["name"]) for doc in found}
        out = WatchersOut(conversation=conversation, users=list(users.values()))
        await self._hints.send("watching", conversation_room(conversation), dict(out))
        return out


async def watch(ask: Watch, console: Console, consoles: Consoles, watching: Watching) -> WatchersOut:
    """Look at a conversation: hear its passing hints, and who else is here."""
    await watching.check_may_see(console.caller, ask.conversation)
    watched = console.watched = console.watched or set()
    if len(watched) >= _MOST_AT_ONCE and ask.conversation not in watched:
        raise Conflict(f"a console looks at {_MOST_AT_ONCE} conversations at most; leave one first")
    if not console.gone:
        watched.add(ask.conversation)
        consoles.rooms.enter(console, [conversation_room(ask.conversation)])
    return await watching.begin(console, ask.conversation)


async def unwatch(ask: Watch, console: Console, consoles: Consoles, watching: Watching) -> None:
    """Look away."""
    if console.watched and ask.conversation in console.watched:
        console.watched.discard(ask.conversation)
        consoles.rooms.exit(console, [conversation_room(ask.conversation)])
        await watching.end(console.sid, {ask.conversation})
