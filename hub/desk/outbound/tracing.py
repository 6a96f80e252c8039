"""What became of a call that was dialled and of which the store knows nothing. (S2.9.9-06)"""

from __future__ import annotations

from crm_core.ground.errors import Invalid
from hub.calling import DialledCall
from hub.desk.calls import Calls
from hub.errors import ChannelError, SetupError
from hub.store.call_collections import CALL_EVENTS
from hub.store.client import Database, Doc
from hub.store.outbound_collections import CALL_LISTS


class Tracing:
    """Asks the kept events and the PBX."""

    def __init__(self, db: Database, calls: Calls) -> None:
        self._db, self._calls = db, calls

    async def of(self, entry: Doc, *, gone: bool = False) -> DialledCall | None:
        """The word of the PBX; None while nobody can say, or what was heard of it is not in the store yet (`gone`: it is)."""
        listed = await self._db[CALL_LISTS].find_one({"_id": entry["list"]}, {"account": 1}) or {"account": None}
        try:
            pbx, control, account = await self._calls.pbx(listed["account"])
            heard = {"account": account.id, "linkedid": entry["linkedid"]}
            if not gone and await self._db[CALL_EVENTS].find_one(heard, {"_id": 1}) is not None:
                return None
            return await control.trace(pbx, entry["linkedid"])
        except (ChannelError, SetupError, Invalid):
            return None
