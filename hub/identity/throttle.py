"""Guesses at passwords and codes are slowed down, per login and per address, for all hubs together.

A try is counted *before* the password is looked at, in one atomic step, so that many guesses at once count as many.
A success gives the try back. Hubs compare times of their own clocks; a few seconds between them do no harm.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from crm_core.ground.clock import now
from crm_core.ground.errors import Throttled
from hub.store.client import Database, Doc
from hub.store.collections import THROTTLE

_MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class Patience:
    """How many tries are free, how long the waits grow, and after what quiet time all is forgotten."""

    free: int
    most_s: float
    forget: timedelta

    def wait_s(self, failures: int) -> float:
        """Seconds to wait after this many failures in a row: 0, then 1, 2, 4 ... up to the most."""
        if failures < self.free:
            return 0.0
        return min(self.most_s, 2.0 ** min(failures - self.free, _MOST_DOUBLINGS))


LOGIN = Patience(free=5, most_s=300, forget=timedelta(hours=1))
"""A stranger can thus make a colleague wait for five minutes at most, and guess 288 times a day at most."""
ADDRESS = Patience(free=20, most_s=900, forget=timedelta(hours=1))
"""More is free, because a whole office may share one address."""


class Throttle:
    """Counts tries in the store."""

    def __init__(self, db: Database) -> None:
        self._tries = db[THROTTLE]

    async def take(self, login: str, address: str) -> None:
        """Count one try.

        Raises:
            Throttled: too many before; `retry_after` says how many seconds to wait.
        """
        await self._count(_login_key(login), LOGIN)
        try:
            await self._count(_address_key(address), ADDRESS)
        except Throttled:
            await self._give_back(_login_key(login))
            raise

    async def give_back(self, login: str, address: str) -> None:
        """The try was no guess (the password was right, only the code is still missing)."""
        await self._give_back(_login_key(login))
        await self._give_back(_address_key(address))

    async def succeed(self, login: str, address: str) -> None:
        """The try was right: the login starts afresh. The address does not, or one own account would wash it clean."""
        await self._tries.delete_one({"_id": _login_key(login)})
        await self._give_back(_address_key(address))

    async def _count(self, key: str, patience: Patience) -> None:
        at = now()
        try:
            await self._tries.update_one(
                {"_id": key, "blocked_until": {"$not": {"$gt": at}}}, _one_more(at, patience), upsert=True
            )
        except DuplicateKeyError:  # it is there and blocked, or another try was first just now
            await self._refuse_or_recount(key, at, patience)

    async def _refuse_or_recount(self, key: str, at: datetime, patience: Patience) -> None:
        found = await self._tries.find_one({"_id": key})
        until: datetime = (found and found["blocked_until"]) or at
        wait = max((until - at).total_seconds(), 0.0)
        if wait == 0:
            done = await self._tries.update_one(
                {"_id": key, "blocked_until": {"$not": {"$gt": at}}}, _one_more(at, patience)
            )
            if done.matched_count:
                return
        raise Throttled("too many failed tries; wait before the next one", retry_after=max(wait, 1.0))

    async def _give_back(self, key: str) -> None:
        await self._tries.update_one({"_id": key, "failures": {"$gt": 0}}, {"$inc": {"failures": -1}})


def _one_more(at: datetime, patience: Patience) -> list[Doc]:
    """The same rule as `Patience.wait_s`, as an update that the store does in one step."""
    known: Doc = {"$gt": ["$expires_at", at]}
    doublings: Doc = {"$min": [{"$subtract": ["$failures", patience.free]}, _MOST_DOUBLINGS]}
    wait: Doc = {"$min": [patience.most_s, {"$pow": [2, doublings]}]}
    until: Doc = {"$add": [at, {"$multiply": [1000, wait]}]}
    # None and not `at` while tries are free: a hub whose clock is a little behind must not take it for a block.
    blocked: Doc = {"$cond": [{"$lt": ["$failures", patience.free]}, None, until]}
    return [
        {"$set": {"failures": {"$cond": [known, {"$add": ["$failures", 1]}, 1]}, "expires_at": at + patience.forget}},
        {"$set": {"blocked_until": blocked}},
    ]


def _login_key(login: str) -> str:
    """A digest: people now and then type their password where the login belongs."""
    return "login:" + hashlib.sha256(login.encode()).hexdigest()


def _address_key(address: str) -> str:
    """One IPv6 customer has a whole /64, so that is what counts."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return f"address:{address[:64]}"
    if ip.version == 6 and ip.ipv4_mapped is None:
        return f"address:{ipaddress.ip_network((ip, 64), strict=False)}"
    return f"address:{ip}"
