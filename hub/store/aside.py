"""Transactions beside the stream: what they write has no place in it, so they need no turn and keep nobody waiting."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from crm_core.ground.errors import Unavailable
from hub.store.client import Database
from hub.store.writer import Writer

T = TypeVar("T")

_PATIENCE_S = 30.0


class Aside:
    """Runs them one after the other. Its session is noted like that of the stream's writer, so that a process that is killed
    in the middle keeps nobody waiting for long (docs/decisions/0005)."""

    def __init__(self, db: Database) -> None:
        self._writer = Writer(db.client, db)
        self._one = asyncio.Lock()

    async def run(self, work: Callable[[AsyncClientSession], Awaitable[T]]) -> T:
        """Do `work` in a transaction, and again from the start when another writer was in the way.

        Raises:
            Unavailable: the store is busy beyond patience.
        """
        async with self._one:
            until = time.monotonic() + _PATIENCE_S
            try:
                while True:
                    try:
                        return await self._once(work)
                    except PyMongoError as error:
                        if not error.has_error_label("TransientTransactionError"):
                            raise
                        if time.monotonic() > until:
                            raise Unavailable("the store is busy; try again soon") from error
                        await self._writer.end_the_dead()
                    await asyncio.sleep(random.uniform(0.01, 0.1))  # noqa: S311 - spreads, keeps no secret
            finally:
                await self._writer.forget()

    async def _once(self, work: Callable[[AsyncClientSession], Awaitable[T]]) -> T:
        session = await self._writer.session()
        durable = WriteConcern(w="majority", j=True)
        async with await session.start_transaction(read_concern=ReadConcern("snapshot"), write_concern=durable):
            return await work(session)
