"""Examining the servers: MongoDB as the stream needs it, and whether something answers at an address."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from crm_core.ground.clock import now
from hub.desk.doctor_house import Finding
from hub.desk.floor.sums_check import compare_sums
from hub.store.client import Database, Doc
from hub.store.collections import MIGRATIONS
from hub.store.migrate import known_migrations

OLDEST = (6, 0)
"""The oldest MongoDB that the tests run against."""
MOST_SKEW = timedelta(seconds=2)
_LEAST_FREE = 2 * 1024**3
_CONNECT_S = 5.0
_SHOWN = 5
_PORTS = {"amqp": 5672, "amqps": 5671, "redis": 6379, "rediss": 6379, "mongodb": 27017}


async def examine_store(db: Database) -> list[Finding]:
    """The first finding says whether the store answers; where it does not, it is the only one."""
    try:
        asked = now()
        hello: Doc = await db.client.admin.command("hello", codec_options=db.codec_options)
        answered = now()
        version = str((await db.client.admin.command("buildInfo"))["version"])
        return [
            Finding(True, "MongoDB answers"),
            _version(version),
            _replica_set(hello),
            await _transactions(db),
            _clock(hello["localTime"], asked, answered),
            await _space(db),
            await _migrations(db),
            *await _sums(db),
        ]
    except PyMongoError as error:
        return [Finding(False, "MongoDB", f"it does not answer as asked: {_short(error)}; check MAINSTEM_MONGO_URL")]


def _version(version: str) -> Finding:
    found = tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".")[:2])
    return Finding(found >= OLDEST, f"MongoDB {version}", "" if found >= OLDEST else "update it to 6.0 or newer")


def _replica_set(hello: Doc) -> Finding:
    name = hello.get("setName")
    if name is None and hello.get("msg") != "isdbgrid":
        advice = "it is no replica set: start mongod with --replSet rs0 and run rs.initiate(); one node is enough"
        return Finding(False, "replica set", advice)
    return Finding(True, f"replica set {name or '(sharded)'}, {len(hello.get('hosts', ()))} nodes")


async def _transactions(db: Database) -> Finding:
    """A real transaction over a collection of ours, taken back at its end."""

    async def work(session: AsyncClientSession) -> None:
        await db[MIGRATIONS].insert_one({"_id": "doctor"}, session=session)
        await session.abort_transaction()

    async with db.client.start_session() as session:
        try:
            await session.start_transaction()
            await work(session)
        except PyMongoError as error:
            return Finding(False, "transactions", _short(error))
    return Finding(True, "transactions")


def _clock(theirs: datetime, asked: datetime, answered: datetime) -> Finding:
    """The server's clock against ours; the way there and back is not held against it."""
    skew = max(timedelta(0), asked - theirs, theirs - answered)
    shown = f"clocks differ by {skew.total_seconds():.1f} s"
    return Finding(skew <= MOST_SKEW, shown, "" if skew <= MOST_SKEW else "let both machines keep time by NTP")


async def _space(db: Database) -> Finding:
    stats: Doc = await db.command("dbStats")
    free = int(stats.get("fsTotalSize", 0) - stats.get("fsUsedSize", 0))
    if not stats.get("fsTotalSize"):
        return Finding(True, "MongoDB's disk (not told by the server)")
    advice = "" if free >= _LEAST_FREE else "make room, or the store will stop taking writes"
    return Finding(not advice, f"MongoDB's disk: {free / 1024**3:.0f} GiB free", advice)


async def _migrations(db: Database) -> Finding:
    last = known_migrations()[-1]
    newest = await db[MIGRATIONS].find_one({"number": {"$type": "int"}}, sort=[("number", -1)])
    if newest is None:
        return Finding(True, f"database {db.name} is empty", "it is set up at the first start")
    if newest["number"] > last.number:
        return Finding(
            False, f"database {db.name}: version {newest['number']}", "it is newer: install the newer program"
        )
    older = newest["number"] < last.number
    return Finding(
        True, f"database {db.name}: version {newest['number']}", "upgraded at the next start" if older else ""
    )


async def _sums(db: Database) -> list[Finding]:
    """Nothing is said where no day of calls is added up yet."""
    compared = await compare_sums(db)
    if compared.differing:
        differ = f"sums of calls differ from the facts: {', '.join(compared.differing[:_SHOWN])}"
        return [
            Finding(False, differ, "run mainstem calls rebuild-facts; reports read the facts until they are made anew")
        ]
    equal = f"sums of calls equal the facts: the newest {compared.count} days and weeks"
    return [Finding(True, equal)] if compared.count else []


async def reachable(what: str, url: str) -> Finding:
    """Whether something answers at the URL's host and port. Says nothing of the password in it."""
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or _PORTS.get(parts.scheme, 0)
    try:
        async with asyncio.timeout(_CONNECT_S):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        return Finding(False, f"{what} at {host}:{port}", f"cannot be reached: {_short(error)}")
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return Finding(True, f"{what} at {host}:{port}")


def _short(error: Exception) -> str:
    return (str(error) or type(error).__name__).split(", Timeout:")[0][:200]
