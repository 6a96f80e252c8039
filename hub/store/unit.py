"""Units of work: documents and the events that tell of them are committed together, or not at all.

All units of the whole system run one after the other: each takes *the turn* (a write to one counter document) as its
first act, so a second transaction that wants it waits and then sees everything the first wrote. This gives the stream
its total order: `seq` order is commit order. What was measured stands in docs/decisions/0002.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from operator import itemgetter
from typing import Any, TypeVar

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ConfigurationError, ConnectionFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from crm_core.ground.clock import now
from crm_core.ground.errors import Unavailable
from crm_core.ground.events import Event
from hub.log import correlation
from hub.store.announced import Announced
from hub.store.client import Client, Database, Doc
from hub.store.collections import COUNTERS, EVENTS
from hub.store.turn import Turn
from hub.store.writer import Writer

T = TypeVar("T")

_AWAY = (ConnectionFailure, ConfigurationError)
"""A server that is just starting is "configured" wrongly, for a moment."""
_PATIENCE_S = 30.0
_TRIES_AWAY = 3
_COMMIT_TRIES = 10


class Unit:
    """One transaction. Keep it short: while it runs, nobody else writes to the stream."""

    def __init__(self, db: Database, session: AsyncClientSession) -> None:
        self.db = db
        self.session = session
        self.beside = db.with_options(read_concern=ReadConcern("local"))
        """For look-ups that precede the writes of the unit: not in the transaction, so that several run at once. While
        a unit has the turn no other can write, so what is committed is what the transaction would find."""
        self.first_seq = 0
        """The first of the places that were asked for with `Units.run(places=)`."""
        self._spare = 0
        """So many places after those that were asked for are reserved as well, for announcements."""
        self._spare_from = 0
        self._events: list[Doc] = []
        self._unnumbered: list[tuple[Event, str | None]] = []
        self._mark = random.getrandbits(62)

    def announce(self, event: Event, seq: int | None = None) -> None:
        """Tell the consoles when (and only when) this unit commits.

        Args:
            event: what happened.
            seq: its place, where `take_seq` reserved one; else it gets the next.
        """
        if seq is None:
            self._unnumbered.append((event, correlation.get()))
        else:
            self._events.append(_document(event, seq, correlation.get(), self._mark))

    async def take_seq(self, count: int) -> int:
        """Reserve `count` places of the stream; returns the first."""
        counter = await self.db[COUNTERS].find_one_and_update(
            {"_id": "seq"}, {"$inc": {"value": count}}, return_document=True, session=self.session
        )
        if counter is None:
            raise Unavailable("the store is not set up: no stream counter (migrations did not run)")
        value: int = counter["value"]
        return value - count + 1

    async def _take_turn(self, places: int, spare: int) -> None:
        """The first act: whoever writes to the counter keeps the others waiting until the end of the unit."""
        counter = await self.db[COUNTERS].find_one_and_update(
            {"_id": "seq"}, {"$inc": {"turn": 1, "value": places + spare}}, return_document=True, session=self.session
        )
        if counter is None:
            raise Unavailable("the store is not set up: no stream counter (migrations did not run)")
        self._spare, self._spare_from = spare, counter["value"] - spare + 1
        self.first_seq = self._spare_from - places

    async def _flush(self) -> None:
        if self._unnumbered:
            count = len(self._unnumbered)
            first = self._spare_from if count <= self._spare else await self.take_seq(count)
            self._events += [_document(e, first + i, c, self._mark) for i, (e, c) in enumerate(self._unnumbered)]
        if self._events:
            self._events.sort(key=itemgetter("_id"))
            await self.db[EVENTS].insert_many(self._events, ordered=True, session=self.session)


async def at_once(*look_ups: Coroutine[Any, Any, None]) -> None:
    """Do look-ups beside the transaction at the same time; all have ended when this returns, or raises."""
    for outcome in await asyncio.gather(*look_ups, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def _document(event: Event, seq: int, correlation_id: str | None, unit: int) -> Doc:
    return {
        "_id": seq,
        "name": event.name,
        "rooms": sorted(event.rooms()),
        "data": event.data(),
        "at": now(),
        "correlation": correlation_id,
        "unit": unit,
    }


class Units:
    """Runs units of work against one database."""

    def __init__(self, client: Client, db: Database, announced: Announced | None = None) -> None:
        self.db = db
        self._announced = announced or Announced()
        self._writer = Writer(client, db)
        self._turn = Turn()

    async def run(
        self, work: Callable[[Unit], Awaitable[T]], *, places: int = 0, spare: int = 0, urgent: bool = False
    ) -> T:
        """Do `work` in a transaction, and do it again from the start when another writer was in the way.

        `work` must therefore act on the store only through `unit`, and have no other effect.

        Args:
            work: what to do.
            places: so many places of the stream are reserved beforehand, from `unit.first_seq` on.
            spare: so many announcements are expected beside those; a place that is not used stays empty.
            urgent: somebody waits for it this moment: it goes before other units of this process. Short ones only.

        Raises:
            Unavailable: the store is away, or busy beyond patience.
        """
        async with self._turn.held(urgent=urgent):  # writers of this process need not collide with each other
            patience = _Patience()
            while True:
                try:
                    return await self._once(work, places, spare)
                except PyMongoError as error:
                    away = isinstance(error, _AWAY)
                    if not _worth_repeating(error) and not (away and patience.fresh):
                        raise
                    if away:
                        await self._writer.renew()
                    await patience.wait(error)
                if patience.asks_who_is_in_the_way():
                    await self._writer.end_the_dead()

    @property
    def idle(self) -> bool:
        """No unit of this process runs or waits."""
        return self._turn.free

    async def tend(self) -> None:
        """Say every second that this process lives, and end the transactions of those that died. Runs until cancelled."""
        while True:
            await self._writer.session()
            await self._writer.end_the_dead()
            await asyncio.sleep(1.0)

    async def forget(self) -> None:
        """This process ends cleanly: nothing of it is left to be ended by others."""
        await self._writer.forget()

    async def _once(self, work: Callable[[Unit], Awaitable[T]], places: int, spare: int) -> T:
        session = await self._writer.session()
        await session.start_transaction(
            read_concern=ReadConcern("local"), write_concern=WriteConcern(w="majority", j=True)
        )
        try:
            unit = Unit(self.db, session)
            await unit._take_turn(places, spare)  # noqa: SLF001 - the two classes are one mechanism
            result = await work(unit)
            await unit._flush()  # noqa: SLF001
        except BaseException:
            if session.in_transaction:
                await _abort(session)
            raise
        self._announced.put(unit._mark, unit._events)  # noqa: SLF001
        try:
            await _commit(session)
        except BaseException:
            self._announced.drop(unit._mark)  # noqa: SLF001
            raise
        return result


class _Patience:
    """How long a unit tries: 30 s while others are in the way, 3 tries while the store is away."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._asked = self._started
        self._tries = 0
        self._away = 0

    @property
    def fresh(self) -> bool:
        """Whether a store that is away deserves another try."""
        return self._away < _TRIES_AWAY

    async def wait(self, error: PyMongoError) -> None:
        """Wait a little, by chance; raises `Unavailable` when patience is at its end."""
        self._tries += 1
        if isinstance(error, _AWAY):
            self._away += 1
            if self._away >= _TRIES_AWAY:
                raise Unavailable("the store is away; try again soon") from error
        if time.monotonic() - self._started > _PATIENCE_S:
            raise Unavailable("the store is busy; try again soon") from error
        await asyncio.sleep(random.uniform(0.001, 0.02 * min(self._tries, 10)))  # noqa: S311 - spreads, keeps no secret

    def asks_who_is_in_the_way(self) -> bool:
        """True once in a second of waiting."""
        if time.monotonic() - self._asked < 1.0:
            return False
        self._asked = time.monotonic()
        return True


async def _commit(session: AsyncClientSession) -> None:
    """Commit; where the answer is lost, commit again: the server knows the transaction by its number."""
    for attempt in range(_COMMIT_TRIES):
        try:
            await session.commit_transaction()
            return
        except PyMongoError as error:
            if not error.has_error_label("UnknownTransactionCommitResult") or attempt == _COMMIT_TRIES - 1:
                raise
            await asyncio.sleep(0.05 * (attempt + 1))


async def _abort(session: AsyncClientSession) -> None:
    try:
        await session.abort_transaction()
    except PyMongoError:
        return  # the server ends an abandoned transaction by itself; the first error is the one that matters


def _worth_repeating(error: PyMongoError) -> bool:
    return error.has_error_label("TransientTransactionError")
