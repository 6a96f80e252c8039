"""Reading one conversation or message with the caller's eyes: what may not be seen is not found."""

from __future__ import annotations

from collections.abc import Iterable

from crm_core.ground.errors import NotFound
from hub.feed.rooms import may_see_conversations
from hub.identity.caller import Caller
from hub.model.message import as_shown
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, MESSAGES
from hub.store.unit import Unit


async def seen_conversation(db: Database, caller: Caller, conversation: str, unit: Unit | None = None) -> Doc:
    """The conversation's document, read inside `unit` where one is given.

    Raises:
        NotFound: there is none, or the caller may not see it.
    """
    rule = {"$and": [{"_id": conversation}, may_see_conversations(caller)]}
    found = await db[CONVERSATIONS].find_one(rule, session=unit.session if unit else None)
    if found is None:
        raise NotFound("there is no such conversation", conversation=conversation)
    return found


async def seen_among(db: Database, caller: Caller, conversations: Iterable[str]) -> set[str]:
    """Which of these conversations the caller may see now; one query."""
    wanted = list(set(conversations))
    if not wanted:
        return set()
    rule = {"$and": [{"_id": {"$in": wanted}}, may_see_conversations(caller)]}
    return {doc["_id"] async for doc in db[CONVERSATIONS].find(rule, {"_id": 1})}


async def seen_message(db: Database, caller: Caller, message: str) -> Doc:
    """The message's document; of a removed one without its content.

    Raises:
        NotFound: there is none, or it stands in a conversation that the caller may not see.
    """
    found = await db[MESSAGES].find_one({"_id": message})
    if found is None or not await seen_among(db, caller, [found["conversation"]]):
        raise NotFound("there is no such message", message=message)
    return as_shown(found)
