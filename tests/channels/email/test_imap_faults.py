"""What IMAP servers and networks do to a connection is noticed in time, and costs no mail: Dovecot behind a proxy."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator

import pytest

from channels.email.channel import channel
from hub.errors import Transient
from tests.channels.email.imap_house import Mailbox, dovecot, mailbox, needs_dovecot, until
from tests.lab.chaos_proxy import ChaosProxy, Fault
from tests.lab.dovecot import Dovecot
from tests.lab.mail import mail

__all__ = ["dovecot", "mailbox"]
pytestmark = needs_dovecot

FAULTS: dict[Fault, str] = {
    "bye-to-idle": "said goodbye",
    "close-at-idle": "closed the connection",
    "hang-at-idle": "did not answer IDLE within 1 s",
    "bye-in-idle": "said goodbye",
    "close-in-idle": "closed the connection",
    "hang-in-idle": "did not end IDLE within 1 s",
    "hang": "did not answer .* within 1 s",
    "reset": "cut the connection|closed the connection",
    "refuse": "closed the connection",
}


@pytest.fixture
async def proxy(dovecot: Dovecot) -> AsyncIterator[ChaosProxy]:
    """A line to the server that can be made bad."""
    async with ChaosProxy(dovecot.imap) as proxy:
        yield proxy


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_bad_line_is_noticed_within_bounds_and_named(mailbox: Mailbox, proxy: ChaosProxy, fault: Fault) -> None:
    proxy.plan(fault)
    account = mailbox.account(imap_port=proxy.port, imap_timeout_s=1, imap_idle_s=1, read_sent=False)
    async with asyncio.timeout(90):
        with pytest.raises(Transient, match=FAULTS[fault]):
            await channel.receive(account, mailbox.inlet)
    assert proxy.done[fault] == 1


@pytest.mark.parametrize("fault", [*FAULTS, "cut-in-literal"])
async def test_mail_comes_in_again_after_any_fault(mailbox: Mailbox, proxy: ChaosProxy, fault: Fault) -> None:
    quick = {"imap_port": proxy.port, "imap_timeout_s": 1, "imap_idle_s": 1, "read_sent": False}
    async with mailbox.receiving(**quick):
        mailbox.deliver(mail(1))
        await mailbox.stored(1)
        proxy.plan(fault)
        if fault == "refuse":
            proxy.tear()  # its occasion is the next connection
        mailbox.deliver(mail(2))
        await until(lambda: _made(proxy))
        mailbox.deliver(mail(3))
        messages = await mailbox.stored(3)
    assert sorted(m["external_id"] for m in messages) == [f"{n}@example.com" for n in (1, 2, 3)]
    assert await mailbox.raws() == 3


async def _made(proxy: ChaosProxy) -> bool:
    return proxy.waiting == 0


async def test_a_folder_with_new_uids_doubles_nothing_and_keeps_no_raw_mail_twice(mailbox: Mailbox) -> None:
    with Dovecot() as server:
        mailbox.dovecot = server
        mailbox.deliver(*(mail(number) for number in range(30)), mail("none", Message_ID=""))
        async with mailbox.receiving():
            await mailbox.stored(31)
            server.stop()
            server.forget_uids(mailbox.user)
            server.start()
            mailbox.deliver(mail(99))
            await mailbox.stored(32)
            mailbox.change("STORE", "5", "+FLAGS", "(\\Seen)")
            await until(lambda: _one_is_seen(mailbox))
        assert len(await mailbox.messages()) == 32
        assert await mailbox.raws() == 32


async def _one_is_seen(mailbox: Mailbox) -> bool:
    return [m["mail"]["seen"] for m in await mailbox.messages()].count(True) == 1


async def test_a_server_that_restarts_is_found_again(mailbox: Mailbox) -> None:
    with Dovecot() as server:
        mailbox.dovecot = server
        async with mailbox.receiving():
            mailbox.deliver(mail(1))
            await mailbox.stored(1)
            await server.restart(kill=True)
            mailbox.deliver(mail(2))
            await mailbox.stored(2)
        assert len(await mailbox.messages()) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root to make a file that the server cannot read")
async def test_mails_that_the_server_cannot_read_say_so_and_hold_up_nothing(mailbox: Mailbox) -> None:
    with Dovecot() as server:
        mailbox.dovecot = server
        mailbox.deliver(mail(1), mail(2), mail(3), mail(4))
        files = list((server.folder / "mail" / mailbox.user / "new").iterdir())
        for file in [file for file in files if re.search(rb"<[23]@", file.read_bytes())]:
            shutil.chown(file, "root", "root")
            file.chmod(0)
        async with mailbox.receiving():
            messages = await mailbox.stored(4, within_s=40)
    broken = [m for m in messages if "not-handed-out" in m["mail"].get("broken", ())]
    assert len(broken) == 2
    assert "does not hand out its content" in broken[0]["text"]
    assert {m["external_id"] for m in messages if m not in broken} == {"1@example.com", "4@example.com"}
