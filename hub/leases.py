"""Who may do what only one hub may do at a time: own an account's connection, run a reader, sweep.

A lease is a document with an end. Ends are written and compared by the database's clock only, so the hubs' clocks do not
matter. A holder counts from *before* it asked, on its own monotonic clock, and stops `MARGIN` earlier than the document
ends: by the time another hub can take the lease, the work of the former holder has been cancelled.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError, PyMongoError

from crm_core.ground.ids import new_id
from hub.metrics import LEASES_HELD
from hub.store.client import Database
from hub.store.collections import LEASES

log = logging.getLogger(__name__)

TTL = timedelta(seconds=4.5)
RENEW = timedelta(seconds=1.5)
MARGIN_SHARE = 6
"""One part in so many of the life of a lease is left for cancelled work to stop in."""


@dataclass(slots=True, eq=False)
class Lease:
    """One holding of a lease. `holder` is new for every holding; `term` rises with every change of holder."""

    name: str
    holder: str
    term: int
    ends: float
    _guard: _Guard | None = field(default=None, repr=False)

    @property
    def held(self) -> bool:
        """Whether work may still be done under it; ask before an act that cannot be taken back."""
        return _clock() < self.ends

    def lose(self) -> None:
        """It is another's by now; the work under it is cancelled at once."""
        self.ends = _clock()
        if self._guard is not None:
            self._guard.check()


class _Lost(Exception):
    """The lease ended while the work went on."""


class _Guard:
    """Cancels the present task when the lease ends, and again until it obeys.

    `asyncio.timeout` cancels once; a library that waits with `asyncio.wait_for` (Python 3.11) can lose that, and the
    work would go on without its lease.
    """

    _AGAIN_S = 0.1

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._task = asyncio.current_task()
        self._timer: asyncio.TimerHandle | None = None
        self._cancels = 0

    def check(self) -> None:
        """Cancel if the lease has ended; look again when it would end, or soon."""
        if self._timer is not None:
            self._timer.cancel()
        at = self._lease.ends
        if not self._lease.held:
            assert self._task is not None
            self._cancels += 1
            self._task.cancel()
            at = _clock() + self._AGAIN_S
        self._timer = asyncio.get_running_loop().call_at(at, self.check)

    def __enter__(self) -> None:
        self._lease._guard = self  # noqa: SLF001 - the two classes are one mechanism
        self.check()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        assert self._task is not None
        assert self._timer is not None
        self._timer.cancel()
        self._lease._guard = None  # noqa: SLF001
        ours = self._cancels
        others = [self._task.uncancel() for _ in range(ours)][-1] if ours else 0
        if ours and not others and kind is asyncio.CancelledError:
            raise _Lost from error


class Leases:
    """The leases of one hub. `run` renews them and must run for as long as any is held."""

    def __init__(self, db: Database, hub_id: str, ttl: timedelta = TTL, renew: timedelta = RENEW) -> None:
        self.hub_id = hub_id
        self._documents = db[LEASES]
        self._ttl = ttl
        self._renew = renew
        self._life_s = ttl.total_seconds() * (1 - 1 / MARGIN_SHARE)
        self._held: dict[str, Lease] = {}

    async def run(self) -> None:
        """Renew what this hub holds until cancelled. A store that is away costs the leases, not the hub."""
        while True:
            await asyncio.sleep(self._renew.total_seconds())
            try:
                async with asyncio.timeout(self._ttl.total_seconds() / 3):
                    await self.renew()
            except (PyMongoError, TimeoutError) as error:
                log.warning("leases were not renewed", extra={"reason": str(error) or "timed out"})

    async def hold(self, name: str, work: Callable[[Lease], Awaitable[None]]) -> None:
        """Wait for the lease and do `work` under it; returns when the work does.

        Where the lease is lost the work is cancelled, and begins anew when the lease is held again.
        """
        while True:
            lease = await self._wait_for(name)
            try:
                with _Guard(lease):
                    await work(lease)
                return
            except _Lost:
                log.warning("lease lost, work stopped", extra={"lease": name})
            finally:
                await self.release(lease)
            await asyncio.sleep(
                self._renew.total_seconds() * 1.5
            )  # another hub may be in better health: let it try first

    async def acquire(self, name: str) -> Lease | None:
        """Take the lease if it is free, without waiting."""
        asked, holder = _clock(), f"{self.hub_id}/{new_id()}"
        try:
            document = await self._documents.find_one_and_update(
                {"_id": name}, [_take(holder, self.hub_id, self._ttl)], upsert=True, return_document=True
            )
        except DuplicateKeyError:
            return None  # another hub made the document in the same moment
        if document is None or document["holder"] != holder:
            return None
        lease = self._held[holder] = Lease(name, holder, document["term"], asked + self._life_s)
        LEASES_HELD.set(len(self._held))
        return lease

    async def renew(self) -> None:
        """Extend every lease that is still held, in one write; those that another hub took are lost at once."""
        asked = _clock()
        mine = [lease for lease in self._held.values() if lease.held]
        if not mine:
            return
        ours = {"_id": {"$in": [lease.name for lease in mine]}, "holder": {"$in": [lease.holder for lease in mine]}}
        result = await self._documents.update_many(ours, [{"$set": {"until": _end(self._ttl)}}])
        kept = {lease.holder for lease in mine}
        if result.matched_count < len(mine):
            kept = {document["holder"] async for document in self._documents.find(ours, {"holder": 1})}
        for lease in mine:
            if lease.holder in kept:
                lease.ends = asked + self._life_s
            else:
                lease.lose()

    async def release(self, lease: Lease) -> None:
        """Give the lease back, so that another hub need not wait for its end."""
        self._held.pop(lease.holder, None)
        LEASES_HELD.set(len(self._held))
        lease.ends = _clock()
        try:
            async with asyncio.timeout(self._ttl.total_seconds()):
                await self._documents.update_one({"_id": lease.name, "holder": lease.holder}, [_FREE])
        except (PyMongoError, TimeoutError) as error:
            log.warning("lease ends by itself", extra={"lease": lease.name, "reason": str(error) or "timed out"})

    async def _wait_for(self, name: str) -> Lease:
        while True:
            try:
                if lease := await self.acquire(name):
                    return lease
            except PyMongoError as error:
                log.warning("lease cannot be asked for", extra={"lease": name, "reason": str(error)})
            await asyncio.sleep(self._renew.total_seconds())


def _clock() -> float:
    return asyncio.get_running_loop().time()


def _end(ttl: timedelta) -> dict[str, Any]:
    return {"$add": ["$$NOW", ttl // timedelta(milliseconds=1)]}


_FREE: dict[str, Any] = {"$set": {"holder": None, "hub": None, "until": "$$NOW"}}


def _take(holder: str, hub: str, ttl: timedelta) -> dict[str, Any]:
    """One stage that takes a lease whose end has passed, and leaves any other as it is."""
    free = {"$lte": [{"$ifNull": ["$until", "$$NOW"]}, "$$NOW"]}
    taken: dict[str, Any] = {
        "holder": {"$literal": holder},
        "hub": {"$literal": hub},
        "until": _end(ttl),
        "term": {"$add": [{"$ifNull": ["$term", 0]}, 1]},
        "since": "$$NOW",
    }
    return {"$set": {key: {"$cond": [free, value, f"${key}"]} for key, value in taken.items()}}
