"""Real processes to kill: hubs over one MongoDB, a sender that behaves like a mail server, consoles that watch."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from email.message import EmailMessage
from pathlib import Path

import aiohttp
import aiosmtplib

from hub.settings import inherited_environment
from hub.store.client import Database
from tests.lab.ports import free_port

SUPPORT = """
[limits]
drain_s = 2.0
[queues.support]
name = "Support"
[accounts.support]
channel = "email"
queue = "support"
addresses = ["support@demo.local"]
"""
"""The account of a queue; how its mail comes is added."""
CONFIG = SUPPORT + "door_port = {door}\n"


STARTED: list[asyncio.subprocess.Process] = []
"""Every hub that a test started; tests/conftest.py kills what a failed test leaves behind."""


@dataclass(eq=False)
class HubProcess:
    """One `mainstem serve`, to be started and killed."""

    mongo_url: str
    database: str
    folder: Path
    door: int
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None
    config: str = CONFIG

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """As an operator would set it."""
        path = self.folder / "mainstem.toml"
        path.write_text(self.config.format(door=self.door))
        return inherited_environment(
            MAINSTEM_CONFIG=str(path),
            MAINSTEM_MONGO_URL=self.mongo_url,
            MAINSTEM_DATABASE=self.database,
            MAINSTEM_DATA=str(self.folder),
            MAINSTEM_PORT=str(self.port),
        )

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        log = (self.folder / f"hub-{self.port}.log").open("ab")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hub.cli", "serve", env=self.environment(), stdout=log, stderr=log
        )
        log.close()
        STARTED.append(self.process)
        await self.until_ready()

    async def until_ready(self, within_s: float = 90) -> None:
        """Wait for `/readyz`."""
        async with asyncio.timeout(within_s), aiohttp.ClientSession() as http:
            while True:
                try:
                    async with http.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """kill -9."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()

    def freeze(self) -> None:
        """Stop it where it is (SIGSTOP); its connections stay open."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    async def stop(self) -> int:
        """Stop as an operator does; returns the exit code."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 60)

    async def command(self, *arguments: str, stdin: str = "") -> tuple[int, str]:
        """Another `mainstem` command on the same settings: exit code and output."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub.cli", *arguments),
            env=self.environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 60)
        return process.returncode or 0, out.decode() + err.decode()


async def assert_free_within_ten_seconds(db: Database, name: str = "account:support") -> None:
    """What a killed hub held is free by itself in time, by the database's clock: how busy this machine is changes nothing."""
    lease = await db["leases"].find_one({"_id": name})
    here = (await db.command("hello"))["localTime"]
    assert lease is not None
    assert lease["until"] - here.replace(tzinfo=UTC) < timedelta(seconds=10)


def make_mails(count: int, seed: int) -> list[EmailMessage]:
    """Threads of mails, shuffled, every tenth twice: what a far side may throw at us."""
    chance = random.Random(seed)
    mails = []
    for number in range(count):
        mail = EmailMessage()
        customer = number // 4 % 97
        mail["From"] = f"Customer {customer} <c{customer}@example.com>"
        mail["To"] = "support@demo.local"
        mail["Subject"] = f"Case {number // 4}"
        mail["Message-ID"] = f"<{number}.{seed}@mail.example>"
        if number % 4:
            mail["References"] = f"<{number - 1}.{seed}@mail.example>"
        mail.set_content(f"Text {number}\n")
        mails += [mail] * (2 if number % 10 == 0 else 1)
    chance.shuffle(mails)
    return mails


async def deliver(mails: Sequence[EmailMessage], door: int, *, at_once: int = 10, within_s: float = 240) -> None:
    """Send each mail until it is taken: connection lost or 4xx means again, as any mail server does."""
    waiting = list(reversed(mails))

    async def worker() -> None:
        client: aiosmtplib.SMTP | None = None
        while waiting:
            mail = waiting.pop()
            while True:
                try:
                    if client is None:
                        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=door, timeout=20, start_tls=False)
                        await client.connect()
                    await client.send_message(mail)
                    break
                except (OSError, aiosmtplib.SMTPException) as error:
                    if isinstance(error, aiosmtplib.SMTPResponseException) and error.code >= 500:
                        raise
                    if client is not None:
                        client.close()
                        client = None
                    await asyncio.sleep(0.1)
        if client is not None:
            client.close()

    async with asyncio.timeout(within_s):
        await asyncio.gather(*(worker() for _ in range(at_once)))
