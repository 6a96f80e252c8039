"""The hub's own inlet on a real database, watched, and told to fail where a test needs the store to be away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from typing_extensions import override

from crm_core.ground.ids import new_id
from hub.accounts.health import HealthBook
from hub.accounts.inlet import AccountInlet, Inlets
from hub.channel import Raw
from hub.model.envelope import Envelope
from hub.model.message import MessageOut
from hub.store.client import Client, Database, database
from hub.store.files import Files
from hub.store.migrate import migrate
from hub.store.unit import Units
from hub.stream.commit import CommitLoop
from hub.stream.raw import RawKeeper
from hub.stream.stream import Stream
from hub.supervise import Supervisor
from hub.vault import Signer


class WatchedInlet(AccountInlet):
    """`refuse` is raised by the next calls of `ingest`, `refuse_raw` by those of `keep_raw` and `take_raw`; `detail` is what health was told."""

    def __init__(self, parts: Inlets) -> None:
        super().__init__(parts, "mail", None)
        self.raws: list[Raw] = []
        self.envelopes: list[Envelope] = []
        self.refuse: Exception | None = None
        self.refuse_raw: Exception | None = None
        self.detail = ""

    @override
    async def keep_raw(self, content: bytes, note: Mapping[str, Any] | None = None) -> Raw:
        if self.refuse_raw:
            raise self.refuse_raw
        self.raws.append(await super().keep_raw(content, note))
        return self.raws[-1]

    @override
    async def take_raw(self, content: bytes, note: Mapping[str, Any] | None = None) -> Raw:
        if self.refuse_raw:
            raise self.refuse_raw
        self.raws.append(await super().take_raw(content, note))
        return self.raws[-1]

    @override
    async def ingest(self, envelope: Envelope, raw: Raw | None = None) -> MessageOut:
        if self.refuse:
            raise self.refuse
        stored = await super().ingest(envelope, raw)
        self.envelopes.append(envelope)
        return stored

    @override
    def connected(self, detail: str = "") -> None:
        super().connected(detail)
        self.detail = detail


def inlet_on(client: Client, db: Database, loop: CommitLoop, raws: RawKeeper) -> WatchedInlet:
    """An inlet of these parts."""
    stream = Stream(db, Units(client, db), Files(db), loop)
    return WatchedInlet(Inlets(db, stream, raws, Signer(bytes(range(32))), HealthBook(db, "test")))


@asynccontextmanager
async def running_inlet(client: Client) -> AsyncIterator[WatchedInlet]:
    """An inlet whose stream runs, on a database without indexes: these tests look at single messages."""
    db = database(client, f"t_{new_id()}")
    await migrate(db, ())
    loop, raws, supervisor = CommitLoop(Units(client, db), 200), RawKeeper(db), Supervisor()
    supervisor.keep("commit", loop.run)
    supervisor.keep("raws", raws.run)
    try:
        yield inlet_on(client, db, loop, raws)
    finally:
        await supervisor.stop()
        await client.drop_database(db.name)
