"""The AMI connection: real refusals of a real Asterisk, and a far side that cuts bytes anywhere."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami, open_ami
from channels.telephony.channel import channel
from channels.telephony.control import dial_text
from crm_core.ground.errors import Invalid
from hub.errors import Permanent, Transient
from tests.lab.asterisk.server import SECRET, USER, Asterisk
from tests.lab.certificates import self_signed
from tests.lab.ports import free_port

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def account(port: int, secret: str = SECRET) -> TelephonyAccount:
    """The account of a PBX."""
    return TelephonyAccount.model_validate(
        {"id": "pbx", "host": "127.0.0.1", "port": port, "username": USER, "secret": secret}
    )


async def test_a_wrong_secret_is_a_reason_that_lasts(pbx: Asterisk) -> None:
    """Trying again would not help; the reason says what to look at and not the secret."""
    with pytest.raises(Permanent, match="check user, secret and permit") as refused:
        await channel.probe(account(pbx.ami, "wrong-word"))
    assert "wrong-word" not in str(refused.value)


async def test_a_pbx_that_is_away_is_tried_again() -> None:
    with pytest.raises(Transient, match="no AMI at"):
        await channel.probe(account(free_port()))


async def test_the_rights_of_the_shipped_configuration_suffice(pbx: Asterisk) -> None:
    await channel.probe(account(pbx.ami))


async def test_refusals_of_the_pbx_are_in_its_words(ami: Ami) -> None:
    """Also of an action that lists, which the library would wait for without an end."""
    with pytest.raises(Permanent, match="No such channel"):
        await ami.ask({"Action": "Hangup", "Channel": "PJSIP/nobody-1"})
    with pytest.raises(Permanent):
        await ami.listing({"Action": "Originate"}, "OriginateResponse")


async def test_the_hub_may_not_run_programs_on_the_pbx(ami: Ami) -> None:
    """The shipped AMI user has no right to commands."""
    with pytest.raises(Permanent, match="ermission"):
        await ami.ask({"Action": "Command", "Command": "core show version"})
    local = {"Channel": "Local/4000@from-trunk", "Application": "System", "Data": "true", "Async": "true"}
    with pytest.raises(Permanent, match="Forbidden"):
        await ami.ask({"Action": "Originate", **local})


async def test_no_value_becomes_a_header(ami: Ami) -> None:
    with pytest.raises(Permanent, match="control characters"):
        await ami.ask({"Action": "Ping", "Channel": "a\r\nAction: Command"})


@asynccontextmanager
async def far_side(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A TCP server for one connection; yields its port, and waits at the end until the connection is over."""
    over = asyncio.Event()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.transport.abort()
            over.set()

    server = await asyncio.start_server(once, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1]
        async with asyncio.timeout(5):
            await over.wait()
        await asyncio.sleep(0)


async def sign_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The greeting and two answers."""
    writer.write(b"Asterisk Call Manager/11.0.0\r\n")
    for more in (b"Challenge: 123\r\n", b"Message: Authentication accepted\r\n"):
        ask = (await reader.readuntil(b"\r\n\r\n")).decode()
        number = next(line for line in ask.split("\r\n") if line.lower().startswith("actionid")).encode()
        writer.write(b"Response: Success\r\n" + number + b"\r\n" + more + b"\r\n")


async def test_a_stream_cut_at_any_byte_is_read_whole() -> None:
    """Each byte by itself, in the middle of characters too; and bytes that are no UTF-8 stop nothing."""
    event = "Event: Newchannel\r\nCallerIDName: 张三 Ünal\r\nOdd: ".encode() + b"\xff\xfe\r\nNoColon\r\n\r\n"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await sign_in(reader, writer)
        for byte in event:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        await reader.read()
        writer.close()

    async with far_side(serve) as port, await open_ami("127.0.0.1", port, "u", "s", timeout_s=5) as ami:
        [heard] = await ami.events(10)
        assert heard == {"Event": "Newchannel", "CallerIDName": "张三 Ünal", "Odd": "\ufffd\ufffd"}


async def test_a_pbx_that_says_nothing_is_not_waited_for() -> None:
    """After the sign-in: no answer to a ping is a lost connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await sign_in(reader, writer)
        await reader.read()
        writer.close()

    async with far_side(serve) as port, await open_ami("127.0.0.1", port, "u", "s", timeout_s=0.3) as ami:
        assert await ami.events(0.01) == []
        with pytest.raises(Transient, match="no answer within"):
            await ami.ask({"Action": "Ping"})


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "TLS"])
async def test_a_pbx_that_reads_no_more_does_not_keep_the_connection(secure: bool, tmp_path: Path) -> None:
    """Hung up, the socket is closed at once, with what nobody took still waiting in it and without a farewell of TLS."""
    certificate, key = self_signed(tmp_path)
    ours = ssl.create_default_context(cafile=str(certificate)) if secure else None
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if secure else None
    if theirs is not None:
        theirs.load_cert_chain(certificate, key)
    frozen = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await sign_in(reader, writer)
        await frozen.wait()

    async with far_side(serve, theirs) as port:
        async with await open_ami("127.0.0.1", port, "u", "s", timeout_s=1, tls=ours) as ami:
            socket = ami._line.protocol.transport.get_extra_info("socket")
            with pytest.raises(Transient, match="no answer within"):
                await ami.ask({"Action": "Ping", "Pad": "x" * 30_000_000})
        await asyncio.sleep(0)
        assert socket.fileno() == -1
        frozen.set()


async def test_what_was_heard_before_the_end_is_given_first() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await sign_in(reader, writer)
        writer.write(b"Event: Hangup\r\n\r\n")
        await writer.drain()
        writer.close()

    async with far_side(serve) as port, await open_ami("127.0.0.1", port, "u", "s", timeout_s=5) as ami:
        async with asyncio.timeout(10):
            heard = await ami.events(5)
            assert [each["Event"] for each in heard] == ["Hangup"]
            with pytest.raises(Transient, match="closed"):
                while True:
                    await ami.events(5)


@pytest.mark.parametrize(
    ("written", "dialled"),
    [("+86 139-0013-9000", "+8613900139000"), ("139 0013 9000", "+8613900139000"), ("1002", "1002"), ("*97", "*97")],
)
def test_numbers_are_dialled_in_one_spelling(written: str, dialled: str) -> None:
    assert dial_text(written, "CN") == dialled


@pytest.mark.parametrize("written", ["", "abc", "${EXTEN}", "1&2", "9" * 40])
def test_what_is_no_number_is_not_dialled(written: str) -> None:
    with pytest.raises(Invalid):
        dial_text(written, "CN")


def test_the_account_form_is_in_both_languages() -> None:
    """Every field of the account stands in the form, in English and Chinese."""
    named = {name for section in channel.form for name in section.fields}
    assert named == set(TelephonyAccount.model_fields) - {"id", "channel", "queue", "enabled", "rate_per_minute"}
    assert all(en.isascii() and not zh.isascii() for section in channel.form for en, zh in section.fields.values())
