"""The door as a mail server of one's own uses it: LMTP (RFC 2033), with a real Exim before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from crm_core.ground.errors import Unavailable
from tests.channels.email.conftest import OpenDoor, make_account, open_door
from tests.channels.email.inlet import WatchedInlet
from tests.channels.email.test_door import MAIL, line
from tests.lab.mta import INSTALL, Mta, installed


@pytest.fixture
async def door(inlet: WatchedInlet) -> AsyncIterator[OpenDoor]:
    """A door that speaks LMTP."""
    opened = await open_door(make_account(door_protocol="lmtp"), inlet)
    yield opened
    await opened.door.close()


async def test_each_recipient_of_a_mail_gets_an_answer(door: OpenDoor) -> None:
    """Two of three are ours: one mail, one message, and two answers after its end."""
    server = await line(door.port)
    assert (await server.ask(b"LHLO mx.example\r\n")).startswith("250")
    assert (await server.ask(b"MAIL FROM:<ada@example.com>\r\n")).startswith("250")
    assert (await server.ask(b"RCPT TO:<support@demo.local>\r\n")).startswith("250")
    assert (await server.ask(b"RCPT TO:<nobody@elsewhere.example>\r\n")).startswith("550")
    assert (await server.ask(b"RCPT TO:<sales@demo.local>\r\n")).startswith("250")
    assert (await server.ask(b"DATA\r\n")).startswith("354")
    first = await server.ask(MAIL + b".\r\n")
    assert first.startswith("250")
    assert await server.answer() == first
    assert (await server.ask(b"NOOP\r\n")).startswith("250"), "no answer too many"
    assert len(door.inlet.envelopes) == 1
    await server.close()


async def test_whoever_speaks_smtp_is_told_what_this_is(door: OpenDoor) -> None:
    server = await line(door.port)
    for greeting in (b"EHLO mx.example\r\n", b"HELO mx.example\r\n"):
        assert "greet with LHLO" in await server.ask(greeting)
    assert (await server.ask(b"MAIL FROM:<ada@example.com>\r\n")).startswith("503")
    await server.close()


async def test_a_real_mail_server_keeps_what_cannot_be_stored_and_comes_again(door: OpenDoor) -> None:
    if not installed():
        pytest.skip(INSTALL)
    door.inlet.refuse = Unavailable("the store is away")
    with Mta(door.port) as mta:
        await asyncio.to_thread(mta.send, MAIL, "support@demo.local")
        async with asyncio.timeout(60):
            while "451" not in mta.log:
                await asyncio.sleep(0.1)
        assert door.inlet.envelopes == []
        door.inlet.refuse = None
        async with asyncio.timeout(60):
            while not door.inlet.envelopes:
                await asyncio.sleep(0.1)
        async with asyncio.timeout(60):
            while "Completed" not in mta.log:
                await asyncio.sleep(0.1)
    assert len(door.inlet.envelopes) == 1
