"""How a conversation document begins and changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pymongo import ReplaceOne

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound
from hub.events import ConversationChanged, ConversationGone
from hub.model.conversation import conversation_out, conversation_rooms
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS
from hub.store.unit import Unit

DEFAULT_QUEUE = "general"


def new_conversation(conversation: str, *, queue: str | None, subject: str, at: datetime) -> Doc:
    """An empty conversation. `viewers` (user ids it is shown to by name) is absent while there are none: its index
    holds only conversations that have some."""
    return {
        "_id": conversation,
        "state": "open",
        "queue": queue or DEFAULT_QUEUE,
        "assignee": None,
        "subject": subject,
        "channels": [],
        "accounts": [],
        "parties": [],
        "party_keys": [],
        "contacts": [],
        "customers": [],
        "records": [],
        "tags": [],
        "links": [],
        "preview": "",
        "last_at": at,
        "last_seq": 0,
        "message_count": 0,
        "waiting_since": None,
        "snoozed_until": None,
        "last_inbound": None,
        "apart": [],
        "created_at": at,
        "revision": 0,
    }


def add_unique(into: list[Any], values: Iterable[Any]) -> None:
    """Append what is not there yet."""
    for value in values:
        if value is not None and value not in into:
            into.append(value)


def links_of(doc: Doc) -> list[str]:
    """All that a conversation can be found by, in one indexed list: address keys, `contact:ID`, `customer:ID`,
    `record:TYPE:ID`, `tag:TEXT`."""
    return [
        *doc["party_keys"],
        *(f"contact:{c}" for c in doc["contacts"]),
        *(f"customer:{c}" for c in doc["customers"]),
        *(f"record:{r['type']}:{r['id']}" for r in doc["records"]),
        *(f"tag:{t}" for t in doc["tags"]),
    ]


async def load_conversation(unit: Unit, conversation: str) -> Doc:
    """The conversation inside a unit; a joined-away one leads to where it went.

    Raises:
        NotFound: there is none.
    """
    doc = await unit.db[CONVERSATIONS].find_one({"_id": conversation}, session=unit.session)
    if doc is not None and doc["state"] == "merged":
        return await load_conversation(unit, doc["merged_into"])
    if doc is None:
        raise NotFound("there is no such conversation", conversation=conversation)
    return doc


async def save_conversation(unit: Unit, before: Doc, changes: Mapping[str, Any], *, moved: bool = False) -> Doc:
    """Change a conversation outside the commit loop; announces it.

    Args:
        before: the document as read in this unit.
        changes: top-level fields and their new values.
        moved: messages came or went.
    """
    [after] = await save_conversations(unit, [(before, {**before, **changes})], moved=moved)
    return after


async def save_conversations(unit: Unit, changed: Sequence[tuple[Doc, Doc]], *, moved: bool = False) -> list[Doc]:
    """The one way to change conversations outside the commit loop; announces them. Each once.

    Args:
        changed: each as it was read in this unit, and as it is to be, but for what follows from that.
    """
    saved = [(before, _complete(before, after)) for before, after in changed]
    if saved:
        writes = [ReplaceOne({"_id": before["_id"]}, after) for before, after in saved]
        await unit.db[CONVERSATIONS].bulk_write(writes, ordered=False, session=unit.session)
    for before, after in saved:
        announce_conversation(unit, before, after, moved=moved)
    return [after for _, after in saved]


def _complete(before: Doc, after: Doc) -> Doc:
    after = {**after, "revision": before["revision"] + 1, "changed_at": now()}
    after["links"] = links_of(after)
    if not after.get("viewers"):
        after.pop("viewers", None)  # absent while empty: its index holds only what somebody was shown
    return after


def announce_conversation(unit: Unit, before: Doc | None, after: Doc, *, moved: bool = False) -> None:
    """Tell those who see it how it is now, and those who no longer do that it is gone, and nothing else."""
    rooms = conversation_rooms(after) if after["state"] != "merged" else frozenset()
    lost = (conversation_rooms(before) if before else frozenset()) - rooms
    if lost:
        unit.announce(ConversationGone(id=after["_id"], _rooms=lost))
    if rooms:
        unit.announce(ConversationChanged(conversation=conversation_out(after), moved=moved, _rooms=rooms))


async def relink(
    unit: Unit, conversation: str, contacts: list[str], customers: list[str], parties: list[dict[str, Any]]
) -> Doc:
    """Put newly known contacts and customers on a conversation; does nothing when they are there already."""
    before = await load_conversation(unit, conversation)
    after_contacts, after_customers = [*before["contacts"]], [*before["customers"]]
    add_unique(after_contacts, contacts)
    add_unique(after_customers, customers)
    changes = {"contacts": after_contacts, "customers": after_customers, "parties": parties}
    if all(before[key] == value for key, value in changes.items()):
        return before
    return await save_conversation(unit, before, changes)
