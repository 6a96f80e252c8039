"""The parts of one hub that have to do with accounts, running, without HTTP: two of them on one database are two hubs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from crm_core.access.actor import Actor
from hub.accounts.changes import Changes
from hub.accounts.directory import Directory
from hub.accounts.health import AccountHealth, HealthBook
from hub.accounts.inlet import Inlets
from hub.accounts.keeper import Keeper, Patience
from hub.accounts.marks import MarkBook, MarkLanes
from hub.accounts.replays import Replays
from hub.channel import AnyChannel, load
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.leases import Leases
from hub.model.address import Address
from hub.model.draft import Draft
from hub.model.envelope import Envelope, ThreadKey
from hub.model.message import MessageOut
from hub.outbox.afterthoughts import Afterthoughts
from hub.outbox.journal import Journal
from hub.outbox.lane import LaneParts
from hub.outbox.outbox import Outbox
from hub.settings import AccountSettings
from hub.store.client import Client, Database, Doc
from hub.store.collections import MESSAGES, OUTBOX
from hub.store.files import Files
from hub.store.unit import Units
from hub.stream.commit import CommitLoop
from hub.stream.raw import RawKeeper
from hub.stream.stream import Stream
from hub.supervise import Backoff, Supervisor
from hub.vault import Signer, Vault
from tests.lab import echo_channel

KEY = bytes(range(32))
QUICK = Patience(Backoff(first=0.02, most=0.1), Backoff(first=0.05, most=0.2))
SUPERVISOR = Caller(
    user="u-super", login="sue", name="Sue", admin=False, supervisor=True, queues=frozenset(), actor=Actor(user="u-super"), sign_in="s",
)  # fmt: skip


class House:
    """One hub. `start` runs what the hub's main would run."""

    def __init__(
        self,
        client: Client,
        db: Database,
        hub_id: str,
        accounts: dict[str, dict[str, Any]] | None = None,
        *,
        ttl_s: float = 0.9,
    ) -> None:
        echo_channel.install()
        self.db, self.hub_id = db, hub_id
        self.supervisor = Supervisor()
        self.units = Units(client, db)
        self.commit = CommitLoop(self.units, 200)
        self.files = Files(db)
        self.stream = Stream(db, self.units, self.files, self.commit)
        self.raws = RawKeeper(db)
        self.vault, self.signer = Vault(KEY), Signer(KEY)
        self.leases = Leases(db, hub_id, ttl=timedelta(seconds=ttl_s), renew=timedelta(seconds=ttl_s / 4))
        in_file = {name: AccountSettings.model_validate(fields) for name, fields in (accounts or {}).items()}
        self.directory = Directory(db, self.vault, in_file, self._load)
        self.health = HealthBook(db, hub_id)
        self.inlets = Inlets(db, self.stream, self.raws, self.signer, self.health)
        self.replays = Replays(self.directory, self.inlets, self.leases)
        self.keeper = Keeper(self.directory, self.leases, self.inlets, self.replays, self.supervisor, QUICK)
        self.journal = Journal(self.units, self.stream)
        self.lanes = LaneParts(journal=self.journal, files=self.files, inlets=self.inlets, sweep_s=0.1)
        self.outbox = Outbox(self.directory, self.leases, self.lanes, self.supervisor)
        self.afterthoughts = Afterthoughts(self.units, self.stream, self.journal)
        self.marks = MarkBook(db)
        self.mark_lanes = MarkLanes(db, self.directory, self.inlets, self.leases, self.supervisor, sweep_s=0.05)
        self.changes = Changes(self.units, self.directory, self.vault, Audit(db))

    async def start(self, *, receive: bool = False, send: bool = False) -> House:
        """Run the common parts, and accounts and outbox where asked for."""
        parts: dict[str, Callable[[], Awaitable[None]]] = {
            "commit": self.commit.run,
            "writers": self.units.tend,
            "raws": self.raws.run,
            "leases": self.leases.run,
            "health": self.health.run,
        }
        if receive:
            parts["accounts"] = self.keeper.run
        if send:
            parts["outbox"] = self.outbox.run
        for name, work in parts.items():
            self.supervisor.keep(name, work)
        return self

    async def stop(self) -> None:
        """Stop as a drained hub does: leases are given back."""
        await self.supervisor.stop()

    async def freeze(self) -> None:
        """Stop renewing leases, as a hub that hangs: its accounts go on for as long as they may."""
        await self.supervisor.drop("leases")

    async def opened(self, who: str = "ada@example.com", *, account: str = "echo") -> str:
        """A conversation that this address began."""
        from crm_core.ground.clock import now
        from crm_core.ground.ids import new_id

        message = await self.stream.ingest(
            Envelope(
                account=account, channel="echo", external_id=new_id(), sender=Address(f"mail:{who}"), at=now(),
                text="hello", thread_keys=(ThreadKey("exact", f"echo:{account}:{who}"),),
            )
        )  # fmt: skip
        return message["conversation"]

    async def answer(self, conversation: str, text: str, **more: Any) -> MessageOut:
        """Queue an answer."""
        return await self.stream.send(
            Draft(conversation=conversation, author="u-agent", author_name="Agent", text=text, **more)
        )

    async def message(self, message: str) -> Doc:
        """The stored message."""
        doc = await self.db[MESSAGES].find_one({"_id": message})
        assert doc is not None
        return doc

    async def waiting(self, message: str) -> Doc:
        """Its outbox document."""
        doc = await self.db[OUTBOX].find_one({"_id": message})
        assert doc is not None
        return doc

    async def delivery(self, message: str, state: str, within_s: float = 30.0) -> Doc:
        """The message's delivery, once it has this state and the try is closed."""

        async def reached() -> bool:
            closed = (await self.waiting(message))["state"] != "sending"
            return closed and str((await self.message(message))["delivery"]["state"]) == state

        await until(reached, within_s, lambda: f"{message} never was {state}")
        delivery: Doc = (await self.message(message))["delivery"]
        return delivery

    async def healths(self) -> dict[str, AccountHealth]:
        """How all accounts are."""
        return {health["id"]: health for health in await self.health.of(await self.directory.all())}

    def _load(self, kind: str) -> AnyChannel:
        return load(kind)


async def until(
    reached: Callable[[], Awaitable[bool]], within_s: float = 30.0, why: Callable[[], str] = lambda: "not reached"
) -> None:
    """Wait for a condition, with a bound."""
    try:
        async with asyncio.timeout(within_s):
            while not await reached():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(why()) from None
