"""The one commit loop of a hub: gathers what is waiting (no timer), commits it as one batch, isolates poison."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass

from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    NotPrimaryError,
    PyMongoError,
    WTimeoutError,
)

from crm_core.ground.errors import MainstemError, Unavailable
from hub.errors import Poisoned
from hub.metrics import COMMIT_BATCH, COMMIT_SECONDS, COMMIT_WAITING, QUARANTINED
from hub.model.message import MessageOut
from hub.store.collections import QUARANTINE, RAW
from hub.store.unit import Unit, Units
from hub.stream.batch import Batch, Outcome
from hub.stream.bookkeeping import quarantine_document
from hub.stream.ops import Arrival, Op

log = logging.getLogger(__name__)

AWAY = (ConnectionFailure, NotPrimaryError, ExecutionTimeout, WTimeoutError, ConfigurationError)
"""What says nothing about the envelope. A server that is just starting is "configured" wrongly, for a moment."""


@dataclass(slots=True)
class _Waiting:
    op: Op
    done: asyncio.Future[MessageOut]


class CommitLoop:
    """Takes operations from anybody, commits them in order. `run` is kept by the supervisor."""

    def __init__(self, units: Units, limit: int) -> None:
        self._units = units
        self._limit = limit
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._busy = False
        self._ended = False

    async def submit(self, op: Op) -> MessageOut:
        """Returns when the operation is durable.

        Raises:
            Unavailable: the store is away.
            Poisoned: it cannot be stored; it is in quarantine.
            MainstemError: the operation itself is refused.
        """
        if self._ended:
            raise Unavailable("the hub is stopping; try again soon")
        done: asyncio.Future[MessageOut] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait(_Waiting(op, done))
        return await done

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is being committed."""
        return self._queue.empty() and not self._busy

    async def run(self) -> None:
        """Commit batch after batch. Whoever still waits when it ends is told so."""
        self._ended = False
        try:
            while True:
                batch = [await self._queue.get()]
                while len(batch) < self._limit and not self._queue.empty():
                    batch.append(self._queue.get_nowait())
                await self._measured(batch)
        finally:
            self._ended = True
            while not self._queue.empty():
                _give_up(self._queue.get_nowait())

    async def _measured(self, batch: list[_Waiting]) -> None:
        self._busy = True
        COMMIT_BATCH.observe(len(batch))
        COMMIT_WAITING.set(self._queue.qsize())
        started = time.perf_counter()
        try:
            await self._commit(batch)
        finally:
            self._busy = False
            for waiting in batch:
                _give_up(waiting)
        COMMIT_SECONDS.observe(time.perf_counter() - started)

    async def _commit(self, batch: list[_Waiting]) -> None:
        async def work(unit: Unit) -> list[Outcome]:
            return await Batch(unit, [waiting.op for waiting in batch]).run()

        try:
            outcomes = await self._units.run(work, places=len(batch))
        except AWAY as error:
            self._fail(batch, Unavailable("the store is away; try again soon"), error)
        except Unavailable as error:
            self._fail(batch, error, None)
        except Exception as error:
            if len(batch) == 1:
                await self._isolate(batch[0], error)
            else:  # find the one that spoils it
                half = len(batch) // 2
                await self._commit(batch[:half])
                await self._commit(batch[half:])
        else:
            for waiting, outcome in zip(batch, outcomes, strict=True):
                if waiting.done.done():
                    continue
                if isinstance(outcome, MainstemError):
                    waiting.done.set_exception(outcome)
                else:
                    waiting.done.set_result(outcome)

    def _fail(self, batch: list[_Waiting], error: MainstemError, cause: BaseException | None) -> None:
        log.warning("batch not committed", extra={"size": len(batch), "reason": str(cause or error)})
        for waiting in batch:
            if not waiting.done.done():
                waiting.done.set_exception(error)

    async def _isolate(self, waiting: _Waiting, error: Exception) -> None:
        """One operation that cannot be stored: what came in goes to quarantine, what we wrote is refused."""
        if waiting.done.done():
            return
        if not isinstance(waiting.op, Arrival):
            log.error("message could not be written", exc_info=error)
            waiting.done.set_exception(Poisoned(f"this could not be stored: {error}"))
            return
        envelope, raw = waiting.op.envelope, waiting.op.raw
        doc = quarantine_document(waiting.op, error)
        log.warning("envelope quarantined", extra={"account": envelope.account, "raw": envelope.raw}, exc_info=error)

        async def work(unit: Unit) -> None:
            await unit.db[QUARANTINE].insert_one(doc, session=unit.session)
            if raw:
                await unit.db[RAW].insert_one(raw, session=unit.session)
            await unit.db[RAW].update_one({"_id": envelope.raw}, {"$unset": {"open": 1}}, session=unit.session)

        try:
            await self._units.run(work)
        except (PyMongoError, Unavailable) as failure:
            waiting.done.set_exception(Unavailable(f"the store is away; try again soon ({failure})"))
            return
        QUARANTINED.labels(channel=envelope.channel).inc()
        waiting.done.set_exception(Poisoned("kept in quarantine", quarantine=doc["_id"]))


def _give_up(waiting: _Waiting) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(Unavailable("the hub is stopping; try again soon"))
