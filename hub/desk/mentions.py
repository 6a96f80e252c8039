"""`@login` in an internal note: shows the conversation to that colleague, and tells them."""

from __future__ import annotations

import re

from hub.desk.sight import seen_conversation
from hub.events import NoticeRaised
from hub.identity.caller import Caller
from hub.store.client import Database
from hub.store.unit import Unit, Units
from hub.stream.conversations import save_conversation

_MENTION = re.compile(r"(?<![\w.@-])@([A-Za-z0-9][A-Za-z0-9._-]{0,63})")
_MOST = 20
_MOST_VIEWERS = 200


def mentioned_logins(text: str) -> list[str]:
    """The logins that a text mentions, each once, at most 20. A mail address mentions nobody."""
    found = (match.group(1).rstrip("._-").lower() for match in _MENTION.finditer(text))
    return list(dict.fromkeys(login for login in found if login))[:_MOST]


async def find_mentioned(db: Database, text: str) -> list[str]:
    """The ids of the active colleagues whom a text mentions."""
    logins = mentioned_logins(text)
    if not logins:
        return []
    users = db["record_user"].find({"login": {"$in": logins}, "state": "active"}, {"_id": 1}).limit(_MOST)
    return [doc["_id"] async for doc in users]


async def show_to(db: Database, units: Units, caller: Caller, conversation: str, users: list[str]) -> None:
    """Let these colleagues see the conversation, and raise a notice for each; done before the note is written."""
    others = [user for user in users if user != caller.user]
    if not others:
        return

    async def work(unit: Unit) -> None:
        before = await seen_conversation(db, caller, conversation, unit)
        viewers = list(dict.fromkeys([*before.get("viewers", ()), *others]))[:_MOST_VIEWERS]
        if viewers != before.get("viewers"):
            await save_conversation(unit, before, {"viewers": viewers})
        for user in others:
            about = {"conversation": conversation, "who": caller.name}
            text = f"{caller.name} mentioned you in: {before['subject'] or before['preview']}"[:300]
            unit.announce(NoticeRaised(kind="mention", text=text, about=about, user=user))

    await units.run(work)
