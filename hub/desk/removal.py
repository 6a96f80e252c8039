"""Taking a message out of sight. Its document and raw input stay (nothing is lost by a slip of the hand, and the next
sync finds it known); nobody is shown its content, and the far side is told to delete its copy."""

from __future__ import annotations

from typing import Any

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, NotFound
from hub.accounts.marks import MarkBook
from hub.desk.sight import seen_message
from hub.events import MessageAmended
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.conversation import conversation_rooms
from hub.model.message import MessageOut, message_hint, message_out
from hub.store.collections import EVENTS, MESSAGES, OUTBOX
from hub.store.unit import Unit, Units
from hub.stream.conversations import load_conversation, save_conversation
from hub.stream.moves import summary_of


class Removal:
    """Removes messages and brings them back; both are audited."""

    def __init__(self, units: Units, marks: MarkBook, audit: Audit) -> None:
        self._units = units
        self._marks = marks
        self._audit = audit

    async def remove(self, caller: Caller, message: str, far: FarEnd) -> None:
        """Hide a message; again is no change.

        Raises:
            NotFound: there is none, for this caller.
            Conflict: it still waits to be sent; cancel it first.
        """
        doc = await seen_message(self._units.db, caller, message)
        if not doc.get("removed"):
            removed = {"by": caller.user, "name": caller.name, "at": now()}
            await self._change(message, {"$set": {"removed": removed}}, "message.removed", caller, far)
        await self._marks.deleted(doc)

    async def restore(self, caller: Caller, message: str, far: FarEnd) -> MessageOut:
        """Show it again. The far side's copy stays deleted."""
        doc = await seen_message(self._units.db, caller, message)
        if not doc.get("removed"):
            return message_out(doc)
        return await self._change(message, {"$unset": {"removed": ""}}, "message.restored", caller, far)

    async def _change(self, message: str, change: dict[str, Any], what: str, by: Caller, far: FarEnd) -> MessageOut:
        async def work(unit: Unit) -> MessageOut:
            waiting = {"_id": message, "state": {"$in": ["queued", "sending"]}}
            if await unit.db[OUTBOX].find_one(waiting, {"_id": 1}, session=unit.session):
                raise Conflict("this message waits to be sent; cancel it first", message=message)
            after = await unit.db[MESSAGES].find_one_and_update(
                {"_id": message}, {**change, "$inc": {"revision": 1}}, return_document=True, session=unit.session
            )
            if after is None:
                raise NotFound("there is no such message", message=message)
            conversation = await load_conversation(unit, after["conversation"])
            rooms = conversation_rooms(conversation)
            shown = message_hint(after)
            if "removed" in after:  # consoles that come back are told from the events of the last days
                told = {"_id": after["seq"], "name": "message.appended"}
                hidden = {"$set": {"data.message": shown, "data.conversation.preview": ""}}
                await unit.db[EVENTS].update_one(told, hidden, session=unit.session)
            unit.announce(MessageAmended(conversation=conversation["_id"], message=shown, _rooms=rooms))
            summary = await summary_of(unit, conversation["_id"])
            kept = {name: summary[name] for name in ("message_count", "preview")}
            await save_conversation(unit, conversation, kept)
            await self._audit.write(what, who=by.user, far=far, about=f"message:{message}", unit=unit)
            return message_out(after)

        return await self._units.run(work)
