"""Killed anywhere between handing a mail over and filing its copy: one mail at the customer's, one copy in our folder, and a
message that tells the truth (S2.9.3)."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from pymongo.errors import PyMongoError
from typing_extensions import override

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.model.address import Address
from hub.model.draft import Draft
from hub.model.envelope import Envelope, ThreadKey
from hub.store.client import Client, Database, Doc, connect, database
from hub.store.embedded import EmbeddedMongo
from hub.store.files import Files
from hub.store.unit import Units
from hub.stream.commit import CommitLoop
from hub.stream.stream import Stream
from hub.supervise import Supervisor
from tests.faults.house import SUPPORT, HubProcess
from tests.lab.certificates import self_signed
from tests.lab.dovecot import INSTALL, Dovecot, installed
from tests.lab.mail_server import PASSWORD
from tests.lab.ports import free_port
from tests.lab.smtp_sink import SmtpSink, Stage
from tests.lab.tripwire import Tripwire, Way, Wire

pytestmark = [pytest.mark.fault, pytest.mark.skipif(not installed(), reason=INSTALL)]

CONFIG = f"""{SUPPORT}imap_host = "127.0.0.1"
imap_port = {{door}}
imap_tls = "none"
tls = "starttls"
smtp_ca = "CERTIFICATE"
username = "support"
password = "{PASSWORD}"
imap_timeout_s = 40
smtp_host = "127.0.0.1"
smtp_port = SINK
in_doubt = "hold"
sent_copies = "MODE"
"""


class Sink(SmtpSink):
    """A mail server that does something when a mail is there, before it answers."""

    on_data: Callable[[], None] | None = None

    @override
    def planned(self, stage: Stage) -> str:
        if stage == "data" and self.on_data is not None:
            act, self.on_data = self.on_data, None
            act()
        return super().planned(stage)


@dataclass
class Lab:
    """A hub to be killed, between a mail server and a mailbox whose lines are watched."""

    hub: HubProcess
    sink: Sink
    line: Tripwire
    dovecot: Dovecot
    db: Database

    def kill(self) -> None:
        """kill -9, at once."""
        assert self.hub.process is not None
        self.hub.process.kill()

    async def next_hub(self) -> None:
        """The hub is dead; start it again."""
        assert self.hub.process is not None
        await asyncio.wait_for(self.hub.process.wait(), 150)  # a first try may run into its time limit, and waits then
        await self.hub.start()

    async def delivery(self, message: str, *states: str) -> Doc:
        """The message's delivery, once it is in one of the states."""
        async with asyncio.timeout(120):
            while True:
                try:
                    doc = await self.db["messages"].find_one({"_id": message})
                except PyMongoError:
                    doc = None
                if doc and doc["delivery"]["state"] in states:
                    found: Doc = doc["delivery"]
                    return found
                await asyncio.sleep(0.05)

    async def nothing_owed(self) -> None:
        """Every copy is filed."""
        async with asyncio.timeout(120):
            while await self.db["outbox"].count_documents({"copy_at": {"$exists": True}}):
                await asyncio.sleep(0.05)

    def copies(self) -> int:
        """How many mails lie in our folder of sent mail."""
        client = self.dovecot.imap_client()
        count = int(client.select("Sent", readonly=True)[1][0] or b"0")
        client.logout()
        return count

    def file_as_the_server_does(self) -> None:
        """A copy, as mail services file it themselves."""
        client = self.dovecot.imap_client()
        client.append("Sent", "", "", self.sink.mails[-1].content)
        client.logout()


def _sink(folder: Path) -> Sink:
    certificate, key = self_signed(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return Sink(login=("support", PASSWORD), tls=context)


async def _lab(
    mongo_url: str, db: Database, folder: Path, sink: Sink, line: Tripwire, dovecot: Dovecot, mode: str
) -> Lab:
    config = CONFIG.replace("SINK", str(sink.port)).replace("MODE", mode)
    config = config.replace("CERTIFICATE", str(folder / "certificate.pem"))
    lab = Lab(HubProcess(mongo_url, db.name, folder, door=line.port, config=config), sink, line, dovecot, db)
    await lab.hub.start()
    return lab


async def _write(stream: Stream) -> str:
    """An answer to a customer; returns the message."""
    message = await stream.ingest(
        Envelope(
            account="support", channel="email", external_id=f"{new_id()}@example.com", sender=Address("mail:ada@example.com"),
            at=now(), text="hello", thread_keys=(ThreadKey("exact", new_id()),),
        )
    )  # fmt: skip
    draft = Draft(conversation=message["conversation"], author="u1", author_name="Agent", text="We come.")
    return (await stream.send(draft))["id"]


STEPS: list[tuple[str, Way, bytes, bool]] = [
    ("the copy is looked for", "up", b"HEADER MESSAGE-ID", True),
    ("the copy is about to be filed", "up", b"APPEND", True),
    ("the copy is being filed", "up", b"APPEND", False),
    ("the copy is filed, unknown to us", "down", b"APPENDUID", True),
    ("the copy is filed, just told to us", "down", b"APPENDUID", False),
]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("way", "text", "before"), [step[1:] for step in STEPS], ids=[step[0] for step in STEPS])
async def test_a_kill_while_the_copy_is_filed_leaves_one_mail_and_one_copy(
    mongo_url: str, db: Database, stream: Stream, tmp_path: Path, way: Way, text: bytes, before: bool
) -> None:
    with Dovecot() as dovecot:
        async with _sink(tmp_path) as sink, Tripwire(dovecot.imap) as line:
            lab = await _lab(mongo_url, db, tmp_path, sink, line, dovecot, "append")
            wire = line.wire = Wire(way, text, lab.kill, before)
            message = await _write(stream)
            await lab.next_hub()
            assert wire.touched
            await lab.delivery(message, "sent")
            await lab.nothing_owed()
            assert (len(sink.mails), lab.copies()) == (1, 1)
            assert await lab.hub.stop() == 0


@pytest.mark.timeout(300)
async def test_a_kill_before_the_answer_of_the_mail_server_is_decided_where_the_server_files_copies(
    mongo_url: str, db: Database, stream: Stream, tmp_path: Path
) -> None:
    """Taken and filed: sent. Not taken: sent again. In neither case does a person have to look."""
    with Dovecot() as dovecot:
        async with _sink(tmp_path) as sink, Tripwire(dovecot.imap) as line:
            lab = await _lab(mongo_url, db, tmp_path, sink, line, dovecot, "server")
            sink.answer("data", "take", times=10)
            sink.on_data = lab.kill
            first = await _write(stream)
            await sink.wait_for(1, 120)
            await asyncio.to_thread(lab.file_as_the_server_does)
            await lab.next_hub()
            found = await lab.delivery(first, "sent", "failed")
            assert (found["state"], found["reason"]) == ("sent", "found in the folder of sent mail")
            assert len(sink.mails) == 1

            sink.answer("data", "451 not taken", times=1)
            sink.on_data = lab.kill
            second = await _write(stream)
            await lab.next_hub()
            assert (await lab.delivery(second, "sent", "failed"))["state"] == "sent"
            assert len(sink.mails) == 2, "it was not taken before, so it had to be sent again"
            assert await lab.hub.stop() == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("after_s", [None, 0.0, 0.01, 0.05])
async def test_a_kill_around_the_answer_of_a_plain_mail_server_never_sends_twice(
    mongo_url: str, db: Database, stream: Stream, tmp_path: Path, after_s: float | None
) -> None:
    """None: before the answer. What cannot be decided is shown as in doubt; what is shown as sent has its copy."""
    with Dovecot() as dovecot:
        async with _sink(tmp_path) as sink, Tripwire(dovecot.imap) as line:
            lab = await _lab(mongo_url, db, tmp_path, sink, line, dovecot, "append")
            sink.on_data = lab.kill if after_s is None else partial(_kill_later, lab, after_s)
            message = await _write(stream)
            await lab.next_hub()
            found = await lab.delivery(message, "sent", "failed")
            await lab.nothing_owed()
            assert len(sink.mails) == 1
            assert found["state"] == "sent" or "in doubt" in found["reason"]
            assert after_s is not None or found["state"] == "failed"
            assert lab.copies() == (1 if found["state"] == "sent" else 0)
            assert await lab.hub.stop() == 0


def _kill_later(lab: Lab, after_s: float) -> None:
    asyncio.get_running_loop().call_later(after_s, lab.kill)


@pytest.mark.timeout(300)
async def test_where_the_store_dies_with_the_answer_the_copy_is_the_witness(tmp_path: Path) -> None:
    """The database is killed while the mail is handed over, and then the hub: the copy says that it went out."""
    port = free_port()
    mongo = EmbeddedMongo(tmp_path, port)
    url = await mongo.start()
    client = connect(url)
    db = database(client, "faults")
    with Dovecot() as dovecot:
        async with _sink(tmp_path) as sink, Tripwire(dovecot.imap) as line:
            lab = await _lab(url, db, tmp_path, sink, line, dovecot, "append")
            pid = mongo.pid
            assert pid is not None
            sink.on_data = lambda: os.kill(pid, signal.SIGKILL)
            message = await _written(client, db)
            await sink.wait_for(1, 120)
            async with asyncio.timeout(120):
                while await asyncio.to_thread(lab.copies) == 0:
                    await asyncio.sleep(0.1)
            lab.kill()
            async with asyncio.timeout(90):
                while Path(f"/proc/{pid}").exists():
                    await asyncio.sleep(0.02)
            mongo = EmbeddedMongo(tmp_path, port)
            await mongo.start()
            await lab.next_hub()
            assert (await lab.delivery(message, "sent", "failed"))["state"] == "sent"
            await lab.nothing_owed()
            assert (len(sink.mails), lab.copies()) == (1, 1)
            assert await lab.hub.stop() == 0
    await client.close()
    await mongo.stop()


async def _written(client: Client, db: Database) -> str:
    units = Units(client, db)
    loop, supervisor = CommitLoop(units, 200), Supervisor()
    supervisor.keep("commit", loop.run)
    try:
        return await _write(Stream(db, units, Files(db), loop))
    finally:
        await supervisor.stop()
