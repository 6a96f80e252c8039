"""`mainstem doctor`: looks at everything the product stands on and says what to mend. Changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from pydantic import SecretStr

from crm_core.ground.errors import MainstemError
from hub.accounts.directory import Directory, Entry
from hub.desk.doctor_house import Finding, examine_house
from hub.desk.doctor_store import examine_store, reachable
from hub.errors import SetupError
from hub.settings import Settings
from hub.store.client import Database, connect, database
from hub.store.collections import QUEUES
from hub.store.embedded import EmbeddedMongo
from hub.vault import Vault, installation_key

__all__ = ["Finding", "examine"]

PROBE_S = 30.0
"""Most time for one account's far side."""


async def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order in which they should be mended."""
    return [*examine_house(settings), *[finding async for finding in _examine_services(settings)]]


async def _examine_services(settings: Settings) -> AsyncIterator[Finding]:
    server = EmbeddedMongo(settings.data) if settings.mongo_url is None else None
    try:
        if server is not None:
            settings = settings.model_copy(update={"mongo_url": SecretStr(await server.start())})
    except (SetupError, OSError) as error:
        yield Finding(False, "private MongoDB", str(error))
        return
    try:
        async for finding in _examine_running(settings):
            yield finding
    finally:
        if server is not None:
            await server.stop()


async def _examine_running(settings: Settings) -> AsyncIterator[Finding]:
    assert settings.mongo_url is not None
    client = connect(settings.mongo_url.get_secret_value(), pool=2)
    db = database(client, settings.database)
    try:
        store = await examine_store(db)
        for finding in store:
            yield finding
        if settings.broker_url is not None:
            yield await reachable("broker", settings.broker_url.get_secret_value())
        if store[0].ok:
            async for finding in _accounts(settings, db):
                yield finding
    finally:
        await client.close()


async def _accounts(settings: Settings, db: Database) -> AsyncIterator[Finding]:
    try:
        vault = Vault(installation_key(settings))
    except SetupError:
        return  # the house has said so already, and no secret can be opened without it
    entries = await Directory(db, vault, settings.accounts).all()
    queues = {doc["_id"] async for doc in db[QUEUES].find({}, {"_id": 1})} | set(settings.queues)
    if not entries:
        yield Finding(True, "accounts: none yet", "write them into mainstem.toml or make them on screen")
    for findings in await asyncio.gather(*(_account(entry, sorted(queues)) for entry in entries)):
        for finding in findings:
            yield finding


async def _account(entry: Entry, queues: Sequence[str]) -> list[Finding]:
    what = f"account {entry.id} ({entry.kind})"
    if not entry.enabled:
        return [Finding(True, f"{what}: switched off")]
    try:
        channel, account = entry.ready()
        async with asyncio.timeout(PROBE_S):
            await channel.probe(account)
            remarks = await channel.examine(account, queues)
    except TimeoutError:
        late = f"its far side did not answer within {PROBE_S:.0f} s: check host, port and firewall"
        return [Finding(False, what, late)]
    except (MainstemError, OSError) as error:
        return [Finding(False, what, str(error) or type(error).__name__)]
    return [Finding(True, what), *(Finding(each.ok, f"{what}: {each.what}", each.advice) for each in remarks)]
