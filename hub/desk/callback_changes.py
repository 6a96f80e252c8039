"""How a callback begins, ends and is told of. (S2.9.9)"""

from __future__ import annotations

from datetime import datetime

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.events import CallbackChanged
from hub.model.callback import callback_out, callback_rooms
from hub.store.call_desk_collections import CALLBACKS
from hub.store.client import Doc
from hub.store.unit import Unit


def blank(number: str, at: datetime) -> Doc:
    """A callback of which only number and time are known."""
    return {
        "_id": new_id(), "kind": "planned", "number": number, "name": "", "at": at, "assignee": None, "queue": None,
        "note": "", "conversation": None, "account": None, "calls": [], "messages": [], "state": "open", "dialled": None,
        "by": None, "created_at": now(), "announced_at": None, "closed_at": None, "closed_because": None,
    }  # fmt: skip


def ending(state: str, because: str) -> Doc:
    """What a callback that ends has become."""
    return {"state": state, "closed_at": now(), "closed_because": because}


async def close(unit: Unit, callback: str, state: str, because: str) -> Doc | None:
    """End an open callback; None where it is not open (any more)."""
    change = {"$set": ending(state, because), "$unset": {"open_lost": ""}}
    query = {"_id": callback, "state": "open"}
    after: Doc | None = await unit.db[CALLBACKS].find_one_and_update(
        query, change, return_document=True, session=unit.session
    )
    if after is not None:
        announce(unit, after)
    return after


def announce(unit: Unit, doc: Doc) -> None:
    """Tell who sees it."""
    unit.announce(CallbackChanged(callback=callback_out(doc, now()), _rooms=callback_rooms(doc)))
