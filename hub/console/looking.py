"""Whose console stands in a visible tab now: such a person needs no push. The collection is the truth for all hubs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from crm_core.ground.clock import now
from hub.console.console import Console
from hub.console.consoles import Consoles
from hub.store.client import Database
from hub.store.push_collections import LOOKING

VOUCHED_FOR = timedelta(seconds=30)
_SWEEP_S = 2.0
_VOUCH_EVERY = 5


class Look(BaseModel):
    """Whether this console's tab is visible."""

    model_config = ConfigDict(extra="forbid")

    visible: bool


class Looking:
    """Keeps who looks."""

    def __init__(self, db: Database, consoles: Consoles) -> None:
        self._looking, self._consoles = db[LOOKING], consoles
        self._told: set[str] = set()

    async def tell(self, console: Console, visible: bool) -> None:
        """A tab was shown or hidden."""
        console.visible = visible
        if visible and not console.gone:
            entry = {"user": console.caller.user, "until": now() + VOUCHED_FOR}
            await self._looking.replace_one({"_id": console.sid}, entry, upsert=True)
            self._told.add(console.sid)
        else:
            await self._looking.delete_one({"_id": console.sid})

    async def run(self) -> None:
        """Vouch for those that are still there, take out those that left. What nobody vouches for runs out."""
        turn = 0
        while True:
            await self.sweep(vouch=turn == 0)
            turn = (turn + 1) % _VOUCH_EVERY
            await asyncio.sleep(_SWEEP_S)

    async def sweep(self, vouch: bool) -> None:
        """One round."""
        present = {console.sid for console in self._consoles if console.visible and not console.gone}
        if gone := self._told - present:
            await self._looking.delete_many({"_id": {"$in": sorted(gone)}})
            self._told -= gone
        if vouch and present:
            await self._looking.update_many({"_id": {"$in": sorted(present)}}, {"$set": {"until": now() + VOUCHED_FOR}})


async def look(ask: Look, console: Console, looking: Looking) -> None:
    """Say whether this console's tab is visible."""
    await looking.tell(console, ask.visible)
