"""Whether this hub can do its work now: the store answers, the database is of this version, every needed task runs."""

from __future__ import annotations

import asyncio

from pymongo.errors import PyMongoError
from typing_extensions import TypedDict

from hub.store.client import Database
from hub.store.collections import MIGRATIONS
from hub.store.migrate import known_migrations
from hub.supervise import Supervisor

STORE_S = 2.0
"""How long the store may take to answer before the hub counts as not ready."""


class Check(TypedDict):
    """One thing that was looked at. `detail` says what is wrong."""

    name: str
    ok: bool
    detail: str


class Readiness:
    """Looks afresh at each call. `draining` is set when the hub begins to stop: no new work, please."""

    def __init__(self, db: Database, supervisor: Supervisor) -> None:
        self._db = db
        self._supervisor = supervisor
        self.draining = False

    async def checks(self) -> list[Check]:
        """Everything that must be right, each with its result."""
        stopping = Check(name="accepting", ok=not self.draining, detail="the hub is stopping" if self.draining else "")
        return [stopping, await self._store(), *self._tasks()]

    async def _store(self) -> Check:
        last = known_migrations()[-1]
        try:
            async with asyncio.timeout(STORE_S):
                done = await self._db[MIGRATIONS].find_one({"_id": last.name}, {"_id": 1})
        except (PyMongoError, TimeoutError) as error:
            return Check(name="store", ok=False, detail=type(error).__name__)
        return Check(name="store", ok=done is not None, detail="" if done else f"migration {last.name} is not done")

    def _tasks(self) -> list[Check]:
        needed = [task for task in self._supervisor.watched.values() if task.needed]
        if not needed:
            return [Check(name="tasks", ok=False, detail="nothing has been started")]
        return [
            Check(name=f"task {t.name}", ok=t.state == "running", detail="" if t.state == "running" else t.state)
            for t in needed
        ]
