"""What people note on a call: on its document, announced, and on its message, which stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crm_core.ground.errors import NotFound
from hub.accounts.call_documents import call_out
from hub.accounts.call_telling import call_rooms
from hub.events import CallChanged
from hub.model.call import CallOut
from hub.store.call_collections import CALLS
from hub.store.client import Doc
from hub.store.unit import Unit, Units
from hub.stream.stream import Stream

Change = Callable[[Doc], Doc]
"""The call's document -> the notes that are different; empty = no change."""


class CallNotes:
    """Writes notes of calls. Doing it twice changes nothing."""

    def __init__(self, units: Units, stream: Stream) -> None:
        self._units, self._stream = units, stream

    async def write(self, call: str, change: Change, *, kept: bool = True) -> CallOut:
        """Note something.

        Args:
            call: the document's id.
            kept: whether the message has it too.
        """

        async def work(unit: Unit) -> Doc:
            doc: Doc | None = await unit.db[CALLS].find_one({"_id": call}, session=unit.session)
            if doc is None:
                raise NotFound("there is no such call", call=call)
            if changes := change(doc):
                doc["notes"] = doc.get("notes", {}) | changes
                fields: dict[str, Any] = {f"notes.{name}": value for name, value in changes.items()}
                await unit.db[CALLS].update_one({"_id": call}, {"$set": fields}, session=unit.session)
                unit.announce(CallChanged(call=call_out(doc), _rooms=await call_rooms(unit, doc)))
            return doc

        doc = await self._units.run(work)
        notes: Doc = doc.get("notes", {})
        if kept and doc["message"] and notes:
            await self._amend(doc["message"], {f"call.{name}": value for name, value in notes.items()})
        return call_out(doc)

    async def _amend(self, message: str, change: Doc) -> None:
        try:
            await self._stream.amend(message, change)
        except NotFound:  # taken out of the store by retention
            return
