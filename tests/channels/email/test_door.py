"""The SMTP door over real sockets: what it takes, what it refuses, and when it says so."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiosmtplib
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels.email.account import EmailAccount
from channels.email.channel import channel
from crm_core.ground.errors import Unavailable
from hub.errors import Permanent, Poisoned, Transient
from tests.channels.email.conftest import OpenDoor, make_account, open_door
from tests.channels.email.inlet import WatchedInlet

MAIL = b"From: Ada <ada@example.com>\r\nTo: support@demo.local\r\nMessage-ID: <1@example.com>\r\nSubject: hi\r\n\r\nHello\r\n"


class Line:
    """A bare connection, to say what no client library would."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, command: bytes) -> str:
        self.writer.write(command)
        return await self.answer()

    async def answer(self) -> str:
        """The last line of one answer."""
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 5)).decode()
            if line[3:4] != "-":
                return line.strip()

    async def begin(self, to: bytes = b"support@demo.local") -> None:
        await self.ask(b"EHLO here\r\n")
        await self.ask(b"MAIL FROM:<ada@example.com>\r\n")
        await self.ask(b"RCPT TO:<" + to + b">\r\n")
        assert (await self.ask(b"DATA\r\n")).startswith("354")

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


async def line(port: int) -> Line:
    opened = Line(*await asyncio.open_connection("127.0.0.1", port))
    assert (await opened.answer()).startswith("220")
    return opened


async def deliver(port: int, mail: bytes, *, to: str = "support@demo.local", sender: str = "ada@example.com") -> str:
    """Send one mail with a real client; the server's last words."""
    async with aiosmtplib.SMTP(
        hostname="127.0.0.1", port=port, start_tls=False, timeout=5, local_hostname="here"
    ) as client:
        return (await client.sendmail(sender, [to], mail))[1]


async def test_a_mail_is_kept_raw_and_in_the_stream_before_it_is_acknowledged(door: OpenDoor) -> None:
    said = await deliver(door.port, MAIL)
    [raw], [envelope] = door.inlet.raws, door.inlet.envelopes
    assert raw.id in said
    assert raw.content == MAIL
    assert raw.note["mail_from"] == "ada@example.com"
    assert raw.note["recipients"] == ["support@demo.local"]
    assert (envelope.external_id, envelope.text, envelope.raw) == ("1@example.com", "Hello", raw.id)


async def test_the_sender_keeps_the_mail_when_the_store_is_away(door: OpenDoor) -> None:
    for away in (Unavailable("store"), Transient("store"), ConnectionError("store")):
        for at_raw, at_ingest in ((away, None), (None, away)):
            door.inlet.refuse_raw, door.inlet.refuse = at_raw, at_ingest
            with pytest.raises(aiosmtplib.SMTPDataError) as refused:
                await deliver(door.port, MAIL)
            assert refused.value.code == 451
    door.inlet.refuse_raw = door.inlet.refuse = None
    await deliver(door.port, MAIL)
    assert len(door.inlet.envelopes) == 1


async def test_a_fault_of_ours_puts_the_mail_off_and_is_logged(door: OpenDoor, expected_errors: list[str]) -> None:
    expected_errors.append("mail put off by a fault")
    door.inlet.refuse = KeyError("bug")
    with pytest.raises(aiosmtplib.SMTPDataError) as refused:
        await deliver(door.port, MAIL)
    assert refused.value.code == 451
    assert "bug" not in refused.value.message


async def test_a_quarantined_mail_is_acknowledged_because_it_is_kept(door: OpenDoor) -> None:
    door.inlet.refuse = Poisoned("cannot be stored")
    await deliver(door.port, MAIL)
    assert len(door.inlet.raws) == 1


async def test_the_door_takes_mail_for_its_own_addresses_and_relays_nothing(door: OpenDoor) -> None:
    own = ("support@demo.local", "SUPPORT@Demo.Local", "support+c.token@demo.local", "anyone@shop.example")
    foreign = ("eve@elsewhere.example", "support%demo.local@x.example", "ssupport@demo.local", "x@sub.shop.example",
               "support@demo.local@evil.example", "@demo.local", "a@demo.local")  # fmt: skip
    client = await line(door.port)
    await client.ask(b"EHLO here\r\n")
    await client.ask(b"MAIL FROM:<ada@example.com>\r\n")
    answers = {to: await client.ask(f"RCPT TO:<{to}>\r\n".encode()) for to in (*own, *foreign)}
    assert {to for to, said in answers.items() if said.startswith("250")} == set(own)
    assert {said[0] for to, said in answers.items() if to in foreign} == {"5"}
    await client.close()


async def test_a_bounce_with_an_empty_sender_is_taken(door: OpenDoor) -> None:
    client = await line(door.port)
    await client.ask(b"EHLO here\r\n")
    assert (await client.ask(b"MAIL FROM:<>\r\n")).startswith("250")
    await client.ask(b"RCPT TO:<support@demo.local>\r\n")
    await client.ask(b"DATA\r\n")
    assert (await client.ask(MAIL + b".\r\n")).startswith("250")
    await client.close()
    assert door.inlet.raws[0].note["mail_from"] == ""
    assert door.inlet.envelopes[0].automatic


SENT_AND_KEPT = [
    (b".\r\n", b""),
    (b"\r\n.\r\n", b"\r\n"),
    (b"..\r\n.\r\n", b".\r\n"),
    (b"..a\r\n..b\r\n...\r\n.\r\n", b".a\r\n.b\r\n..\r\n"),
    (b".x\r\n.\r\n", b"x\r\n"),
    (b"a.\r\nb.\r\n.\r\n", b"a.\r\nb.\r\n"),
    (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
    (b"a\r.\rb\r\n.\r\n", b"a\r.\rb\r\n"),
    (b"x" * 200_000 + b"\r\n.\r\n", b"x" * 200_000 + b"\r\n"),
    ((b"y" * 65_533 + b"\r\n") * 3 + b".\r\n", (b"y" * 65_533 + b"\r\n") * 3),
]


async def test_mails_are_kept_byte_for_byte(door: OpenDoor) -> None:
    client = await line(door.port)
    for sent, _ in SENT_AND_KEPT:
        await client.begin()
        assert (await client.ask(sent)).startswith("250")
    await client.close()
    assert [raw.content for raw in door.inlet.raws] == [kept for _, kept in SENT_AND_KEPT]


async def test_a_mail_that_arrives_byte_by_byte_is_the_same_mail(door: OpenDoor) -> None:
    client = await line(door.port)
    await client.begin()
    for byte in b"..a\r\nb.\r\n.\r\n":
        client.writer.write(bytes([byte]))
        await client.writer.drain()
        await asyncio.sleep(0)
    assert (await client.answer()).startswith("250")
    await client.close()
    assert door.inlet.raws[0].content == b".a\r\nb.\r\n"


async def test_commands_may_come_in_one_go(door: OpenDoor) -> None:
    client = await line(door.port)
    client.writer.write(b"EHLO here\r\n")
    offered = [await asyncio.wait_for(client.reader.readline(), 5) for _ in range(6)]
    assert b"250-PIPELINING\r\n" in offered
    together = b"MAIL FROM:<ada@example.com>\r\nRCPT TO:<eve@evil.example>\r\nRCPT TO:<support@demo.local>\r\nDATA\r\n"
    client.writer.write(together)
    assert [(await client.answer())[:3] for _ in range(4)] == ["250", "550", "250", "354"]
    client.writer.write(MAIL + b".\r\n" + b"NOOP\r\nQUIT\r\n")
    assert [(await client.answer())[:3] for _ in range(3)] == ["250", "250", "221"]
    await client.close()
    assert [raw.content for raw in door.inlet.raws] == [MAIL]


async def test_what_is_said_before_tls_is_forgotten(inlet: WatchedInlet, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    opened = await open_door(make_account(door_certificate=certificate, door_key=key), inlet)
    client = await line(opened.port)
    await client.ask(b"EHLO here\r\n")
    assert (await client.ask(b"STARTTLS\r\nMAIL FROM:<eve@evil.example>\r\n")).startswith("220")
    await client.writer.start_tls(ssl.create_default_context(cafile=str(certificate)), server_hostname="localhost")
    assert (await client.ask(b"EHLO here\r\n")).startswith("250")
    assert (await client.ask(b"RCPT TO:<support@demo.local>\r\n")).startswith("503")
    await client.close()
    await opened.door.close()


async def test_no_second_mail_is_smuggled_in(door: OpenDoor) -> None:
    client = await line(door.port)
    evil = b"MAIL FROM:<boss@demo.local>\r\nRCPT TO:<support@demo.local>\r\nDATA\r\nfrom the boss\r\n.\r\n"
    ends = (b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r\n.\n", b"\r\n.\r")
    for end in ends:
        await client.begin()
        assert (await client.ask(b"hello" + end + evil)).startswith("250")
    await client.close()
    assert len(door.inlet.raws) == len(ends)


async def test_too_large_a_mail_is_refused_and_the_connection_goes_on(door: OpenDoor) -> None:
    client = await line(door.port)
    assert (await client.ask(b"EHLO here\r\n")).startswith("250")
    announced = await client.ask(b"MAIL FROM:<ada@example.com> SIZE=2000000\r\n")
    assert announced.startswith("552")
    await client.begin()
    answer = asyncio.ensure_future(client.answer())
    for _ in range(20):
        client.writer.write(b"z" * 100_000 + b"\r\n")
        await client.writer.drain()
    client.writer.write(b".\r\n")
    assert (await answer).startswith("552")
    assert door.door.held == 0
    await client.begin()
    assert (await client.ask(b"small\r\n.\r\n")).startswith("250")
    await client.close()
    assert [raw.content for raw in door.inlet.raws] == [b"small\r\n"]


async def test_memory_for_unfinished_mails_is_bounded_over_all_connections(door: OpenDoor) -> None:
    door.door.most_held = 100_000
    client = await line(door.port)
    await client.begin()
    assert (await client.ask(b"z" * 150_000 + b"\r\n.\r\n")).startswith("452")
    assert door.door.held == 0
    await client.close()


async def test_a_connection_too_many_is_asked_to_come_later(inlet: WatchedInlet) -> None:
    opened = await open_door(make_account(door_connections=1), inlet)
    first = await line(opened.port)
    second = Line(*await asyncio.open_connection("127.0.0.1", opened.port))
    assert (await second.answer()).startswith("421")
    await first.close()
    await second.close()
    await opened.door.close()


async def test_a_silent_client_is_hung_up_on(inlet: WatchedInlet) -> None:
    opened = await open_door(make_account(door_timeout_s=0.2), inlet)
    client = await line(opened.port)
    assert await asyncio.wait_for(client.reader.read(), 5) == b""
    await client.close()
    await opened.door.close()


async def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(door: OpenDoor) -> None:
    client = await line(door.port)
    await client.begin()
    client.writer.write(b"half a ma")
    await client.writer.drain()
    await client.close()
    async with asyncio.timeout(5):
        while door.door.connections or door.door.held:
            await asyncio.sleep(0.01)
    assert door.inlet.raws == []


async def test_many_mails_on_one_connection(door: OpenDoor) -> None:
    async with aiosmtplib.SMTP(
        hostname="127.0.0.1", port=door.port, start_tls=False, timeout=5, local_hostname="h"
    ) as client:
        for number in range(100):
            await client.sendmail("ada@example.com", ["support@demo.local"], MAIL.replace(b"<1@", b"<%d@" % number))
    assert {each.external_id for each in door.inlet.envelopes} == {f"{number}@example.com" for number in range(100)}


async def test_a_mail_under_way_is_finished_when_the_door_closes(inlet: WatchedInlet, account: EmailAccount) -> None:
    opened = await open_door(account, inlet)
    client = await line(opened.port)
    await client.begin()
    async with asyncio.timeout(5):
        while not any(each.receiving for each in opened.door.connections):
            await asyncio.sleep(0.01)
    closing = asyncio.ensure_future(opened.door.close())
    await asyncio.sleep(0)
    assert (await client.ask(MAIL + b".\r\n")).startswith("250")
    await client.close()
    await closing
    assert len(inlet.envelopes) == 1


async def test_eight_bit_addresses_do_not_break_the_door(door: OpenDoor) -> None:
    client = await line(door.port)
    await client.ask(b"EHLO here\r\n")
    await client.ask(b"MAIL FROM:<\xff\xfe@example.com>\r\n")
    assert (await client.ask(b"RCPT TO:<\xe5\xbc\xa0@shop.example>\r\n"))[0] in "25"
    assert (await client.ask(b"NOOP\r\n")).startswith("250")
    await client.close()


async def test_starttls_is_offered_with_a_certificate(inlet: WatchedInlet, tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    opened = await open_door(make_account(door_certificate=certificate, door_key=key), inlet)
    context = ssl.create_default_context(cafile=str(certificate))
    async with aiosmtplib.SMTP(
        hostname="localhost", port=opened.port, start_tls=True, tls_context=context, timeout=5, local_hostname="here"
    ) as client:
        await client.sendmail("ada@example.com", ["support@demo.local"], MAIL)
    await opened.door.close()
    assert inlet.raws[0].note["tls"] is True


async def test_an_unreadable_certificate_is_named(inlet: WatchedInlet, tmp_path: Path) -> None:
    with pytest.raises(Permanent, match="certificate"):
        await open_door(make_account(door_certificate=tmp_path / "no.pem", door_key=tmp_path / "no.key"), inlet)


async def test_a_taken_port_is_named_and_tried_again(door: OpenDoor, inlet: WatchedInlet) -> None:
    with pytest.raises(Transient, match=str(door.port)):
        await open_door(make_account(door_port=door.port), inlet)


async def test_the_channel_listens_until_it_is_cancelled(inlet: WatchedInlet, account: EmailAccount) -> None:
    running = asyncio.ensure_future(channel.receive(account, inlet))
    async with asyncio.timeout(5):
        while not inlet.detail:
            await asyncio.sleep(0.01)
    await deliver(int(inlet.detail.rpartition(":")[2]), MAIL)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert len(inlet.envelopes) == 1


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for `localhost`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "door.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "door.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "door.pem", folder / "door.key"
