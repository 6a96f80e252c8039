"""Migrations: numbered, idempotent, run once under a lease. A newer database is refused, an older one upgrades itself."""

from __future__ import annotations

import asyncio
import importlib
import logging
import pkgutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from pymongo.errors import DuplicateKeyError, PyMongoError

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.errors import SetupError
from hub.store import migrations
from hub.store.client import Database
from hub.store.collections import MIGRATIONS, Index, ensure_indexes
from hub.supervise import run_beside, unbroken

log = logging.getLogger(__name__)

_LOCK = "lock"
_LOCK_FOR = timedelta(seconds=20)
_RENEW_S = 4.0


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number and name from the module (`m0001_counter`), and what it does."""

    number: int
    name: str
    run: Callable[[Database], Awaitable[None]]


def known_migrations() -> list[Migration]:
    """The migrations this version knows, in order."""
    found = []
    for module in pkgutil.iter_modules(migrations.__path__):
        loaded = importlib.import_module(f"{migrations.__name__}.{module.name}")
        run = cast(Callable[[Database], Awaitable[None]], loaded.run)
        found.append(Migration(int(module.name[1:5]), module.name, run))
    return sorted(found, key=lambda m: m.number)


async def migrate(db: Database, indexes: Iterable[Index]) -> int:
    """Bring the database to this version; returns how many steps ran.

    Raises:
        SetupError: the database belongs to a newer version, or another process holds the lock too long.
    """
    steps = known_migrations()
    newest = await db[MIGRATIONS].find_one({"number": {"$type": "int"}}, sort=[("number", -1)])
    if newest and newest["number"] > steps[-1].number:
        raise SetupError(
            f"the database is at version {newest['number']} ({newest['_id']}), this program knows {steps[-1].number}: "
            "install the newer program, or restore a backup of the older database"
        )
    holder, ran = new_id(), list[str]()
    try:
        await _lock(db, holder)
        await run_beside(_run(db, steps, indexes, ran), _renew(db, holder))
    finally:  # also where it was broken off before that was known
        await db[MIGRATIONS].delete_one({"_id": _LOCK, "holder": holder})
    return len(ran)


async def _run(db: Database, steps: Iterable[Migration], indexes: Iterable[Index], ran: list[str]) -> None:
    done = {m["_id"] async for m in db[MIGRATIONS].find({"number": {"$type": "int"}})}
    for step in steps:
        if step.name in done:
            continue
        log.info("migration", extra={"step": step.name})
        await step.run(db)
        await db[MIGRATIONS].insert_one({"_id": step.name, "number": step.number, "at": now()})
        ran.append(step.name)
    await ensure_indexes(db, indexes)


async def _renew(db: Database, holder: str) -> None:
    """Keep the lock for as long as it takes. A killed process does not, so the next one need not wait long."""
    while True:
        await asyncio.sleep(_RENEW_S)
        mine = {"_id": _LOCK, "holder": holder}
        try:
            kept = await db[MIGRATIONS].update_one(mine, {"$set": {"until": now() + _LOCK_FOR}})
        except PyMongoError as error:
            log.warning("the lock of the migrations was not renewed", extra={"reason": str(error)})
            continue
        if not kept.matched_count:
            raise SetupError("another process took the migration over while this one was out of touch; start again")


async def _lock(db: Database, holder: str) -> None:
    for _ in range(240):
        try:
            await unbroken(_take(db, holder))
            return
        except DuplicateKeyError:
            await asyncio.sleep(0.5)
    raise SetupError("another process has been migrating the database for two minutes; see its log")


async def _take(db: Database, holder: str) -> None:
    free = {"_id": _LOCK, "until": {"$lt": now()}}
    taken = {"$set": {"holder": holder, "until": now() + _LOCK_FOR}}
    await db[MIGRATIONS].find_one_and_update(free, taken, upsert=True)
