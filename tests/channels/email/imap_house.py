"""A mailbox on a real Dovecot, and an account of ours that reads it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from imaplib import IMAP4

import pytest

from channels.email.account import EmailAccount
from channels.email.channel import channel
from crm_core.ground.errors import MainstemError
from crm_core.ground.ids import new_id
from hub.store.client import Client, Doc
from hub.supervise import end_tasks
from tests.channels.email.conftest import make_account
from tests.channels.email.inlet import WatchedInlet, running_inlet
from tests.lab.dovecot import INSTALL, Dovecot, installed
from tests.lab.mail_server import PASSWORD

needs_dovecot = pytest.mark.skipif(not installed(), reason=INSTALL)


@dataclass
class Mailbox:
    """One user's mailbox, our account for it, and the inlet that what is read goes to."""

    dovecot: Dovecot
    inlet: WatchedInlet
    user: str
    troubles: list[str] = field(default_factory=list)

    def account(self, **more: object) -> EmailAccount:
        """Quick to notice, so that tests are."""
        given: dict[str, object] = {
            "door_port": None, "imap_host": "127.0.0.1", "imap_port": self.dovecot.imap, "username": self.user,
            "password": PASSWORD, "imap_timeout_s": 5, "imap_idle_s": 30, "imap_poll_s": 0.2,
        } | more  # fmt: skip
        return make_account(**given)

    def deliver(self, *mails: bytes) -> None:
        """Mail comes."""
        self.dovecot.deliver(mails, self.user)

    def client(self) -> IMAP4:
        """Another mail program."""
        return self.dovecot.imap_client(self.user)

    def flags(self, folder: str = "INBOX") -> dict[int, set[str]]:
        """What the server says of each mail, by UID."""
        client = self.client()
        client.select(f'"{folder}"', readonly=True)
        lines = client.uid("FETCH", "1:*", "(FLAGS)")[1]
        client.logout()
        found = [
            re.search(rb"UID (\d+) .*FLAGS \(([^)]*)\)|FLAGS \(([^)]*)\) UID (\d+)", each) for each in lines if each
        ]
        return {int(f[1] or f[4]): set((f[2] or f[3] or b"").decode().split()) - {"\\Recent"} for f in found if f}

    def change(self, command: str, *arguments: str, folder: str = "INBOX") -> None:
        """What another mail program does to it."""
        client = self.client()
        client.select(f'"{folder}"')
        assert client.uid(command, *arguments)[0] == "OK"
        client.logout()

    async def messages(self) -> list[Doc]:
        """What the stream has, in order."""
        return await self.inlet._parts.db["messages"].find().sort("seq", 1).to_list()

    async def stored(self, count: int, within_s: float = 20) -> list[Doc]:
        """The messages, as soon as there are so many."""
        await until(lambda: self._holds(count), within_s)
        return await self.messages()

    async def _holds(self, count: int) -> bool:
        return await self.inlet._parts.db["messages"].count_documents({}) >= count

    async def raws(self) -> int:
        """How many pieces of raw input are kept."""
        return await self.inlet._parts.db["raw"].count_documents({})

    @asynccontextmanager
    async def receiving(self, **more: object) -> AsyncIterator[asyncio.Task[None]]:
        """The account receives meanwhile, called again when it ends, as the hub does."""
        account = self.account(**more)

        async def again() -> None:
            while True:
                try:
                    await channel.receive(account, self.inlet)
                except MainstemError as error:
                    self.troubles.append(str(error))
                await asyncio.sleep(0.2)

        work = asyncio.ensure_future(again())
        try:
            yield work
        finally:
            await end_tasks([work])  # aioimaplib can lose a cancellation
            if not work.cancelled():
                work.result()


async def until(holds: Callable[[], Awaitable[bool]], within_s: float = 20) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: it did not come about.
    """
    async with asyncio.timeout(within_s):
        while not await holds():
            await asyncio.sleep(0.05)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """One server for all tests that leave it running; each test has a user of its own."""
    with Dovecot() as server:
        yield server


@pytest.fixture
async def mailbox(client: Client, dovecot: Dovecot) -> AsyncIterator[Mailbox]:
    """An empty mailbox."""
    async with running_inlet(client) as inlet:
        yield Mailbox(dovecot, inlet, f"u{new_id().lower()}")
