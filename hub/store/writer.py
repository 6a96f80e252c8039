"""The writing session of a process, known to the others by name.

A process that is killed in the middle of a transaction leaves it open at the server, which by default waits a minute
before it gives up; meanwhile nobody gets the turn, and nobody may write what it had written. So every process writes
through one session, notes it in `writers` with an end, and the others end the sessions whose end has passed.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from hub.store.client import Client, Database

log = logging.getLogger(__name__)

WRITERS = "writers"
ALIVE_MS = 4000
"""A transaction that lasts longer is taken for a dead process's."""
_NOTE_EVERY_S = 1.0


class Writer:
    """One session, kept for the life of the process and made anew after a fault."""

    def __init__(self, client: Client, db: Database) -> None:
        self._client = client
        self._writers = db[WRITERS]
        self._admin = client.admin
        self._session: AsyncClientSession | None = None
        self._noted_at = float("-inf")

    async def session(self) -> AsyncClientSession:
        """The session, noted as alive for the next seconds."""
        if self._session is None:
            self._session = self._client.start_session()
            self._noted_at = float("-inf")
        if time.monotonic() - self._noted_at > _NOTE_EVERY_S:
            alive: list[dict[str, Any]] = [{"$set": {"until": {"$add": ["$$NOW", ALIVE_MS]}}}]
            await self._writers.update_one({"_id": self._session.session_id["id"]}, alive, upsert=True)
            self._noted_at = time.monotonic()
        return self._session

    async def renew(self) -> None:
        """Use another session from now on; this one met a fault."""
        session, self._session = self._session, None
        if session is not None:
            await session.end_session()

    async def forget(self) -> None:
        """Take the note back."""
        if self._session is not None:
            try:
                await self._writers.delete_one({"_id": self._session.session_id["id"]})
            except PyMongoError as error:
                log.info("the writer's note stays until others remove it", extra={"reason": str(error)})
        await self.renew()

    async def end_the_dead(self) -> None:
        """End the transactions of processes that are gone."""
        own = self._session.session_id["id"] if self._session else None
        gone = {"$expr": {"$lt": ["$until", "$$NOW"]}, "_id": {"$ne": own}}
        try:
            async for writer in self._writers.find(gone):
                await self._admin.command({"killSessions": [{"id": writer["_id"]}]})
                await self._writers.delete_one({"_id": writer["_id"]})
                log.warning("ended the writing session of a process that is gone")
        except PyMongoError as error:
            log.warning("could not end dead writing sessions", extra={"reason": str(error)})
