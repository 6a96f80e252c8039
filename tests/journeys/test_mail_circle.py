"""The whole circle in a browser: the customer's mail server, our mailbox, the screen, and back into the customer's mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr

import pytest

from hub.main import Hub
from hub.settings import AccountSettings, Settings
from tests.channels.email.imap_house import needs_dovecot, until
from tests.journeys.conftest import OpenConsole
from tests.lab.dovecot import Dovecot
from tests.lab.mail_server import PASSWORD
from tests.lab.mta import INSTALL, Mta, installed

pytestmark = [needs_dovecot, pytest.mark.skipif(not installed(), reason=INSTALL)]

CUSTOMER = "ada.brandt@nordwind.example"
LONG_MS = 60_000
"""A mail passes four servers on its way."""


@pytest.fixture
def servers() -> Iterator[tuple[Dovecot, Mta]]:
    """Dovecot with a mailbox for everybody, and Exim, which delivers all mail into it."""
    with Dovecot() as dovecot, Mta(dovecot.lmtp) as mta:
        yield dovecot, mta


@pytest.fixture
def settings(settings: Settings, servers: tuple[Dovecot, Mta]) -> Settings:
    """One account: our mailbox is read over IMAP, answers leave through Exim; the other folders are hardly looked at,
    so that what shows at once came by IDLE."""
    dovecot, mta = servers
    mailbox = AccountSettings.model_validate(
        {
            "channel": "email", "queue": "support", "addresses": ["support@demo.local"],
            "from_name": "Lanjing Instruments", "tls": "none", "username": "support", "password": PASSWORD,
            "imap_host": "127.0.0.1", "imap_port": dovecot.imap, "imap_poll_s": 600,
            "smtp_host": "127.0.0.1", "smtp_port": mta.port,
        }
    )  # fmt: skip
    return settings.model_copy(update={"accounts": {"support-mail": mailbox}})


async def test_a_customers_mail_is_answered_on_screen_and_the_reply_to_it_shows_live(
    hub: Hub, servers: tuple[Dovecot, Mta], console: OpenConsole
) -> None:
    """S2.9.3: in by IDLE, out by the mail server, threaded at the customer's, and the customer's reply in the same place."""
    dovecot, mta = servers
    page = await console("agent")
    await page.mark("live")
    await until(lambda: _reads_the_mailbox(hub), 60)

    first = _mail("Pump leaks again", "Can somebody come on Friday?", "<circle-1@nordwind.example>")
    await asyncio.to_thread(mta.send, first.as_bytes(), "support@demo.local", CUSTOMER)
    await page.text("Pump leaks again").first.click(timeout=LONG_MS)
    await page.find('[role="log"]').get_by_text("Can somebody come on Friday?").wait_for()
    await page.find(".conversation-head").get_by_text("Assign to me").click()
    await page.find(".conversation-head").get_by_text("Give back").wait_for()
    await page.find(".composer textarea").fill("Friday at nine is fine.\n好的，周五见。")
    await page.find(".composer textarea").press("Control+Enter")
    answer = page.find(".message-bubble--outbound[data-message]")
    await answer.locator('[data-delivery="sent"]').wait_for(timeout=LONG_MS)
    await page.shot("mail-circle-answered-en-1440")

    await until(lambda: _has(dovecot, "ada.brandt", 1), 60)
    [got] = _mails(dovecot, "ada.brandt")
    assert got["In-Reply-To"] == "<circle-1@nordwind.example>"
    assert "<circle-1@nordwind.example>" in got["References"]
    assert "好的，周五见。" in got.get_content()
    assert parseaddr(got["From"]) == ("Lanjing Instruments", "support@demo.local")

    back = _mail(f"Re: {got['Subject'].removeprefix('Re: ')}", "See you on Friday, thank you!", "<circle-2@nordwind.example>")  # fmt: skip
    back["In-Reply-To"] = got["Message-ID"]
    back["References"] = f"{got['References']} {got['Message-ID']}"
    to = parseaddr(got["Reply-To"] or got["From"])[1]
    back.replace_header("To", to)
    await asyncio.to_thread(mta.send, back.as_bytes(), to, CUSTOMER)
    await page.find('[role="log"]').get_by_text("See you on Friday, thank you!").wait_for(timeout=LONG_MS)
    assert await page.find("[data-message]").count() == 3
    assert await page.find("[data-conversation]").count() == 1, "the reply opened a conversation of its own"
    seqs = await page.find("[data-message]").evaluate_all("all => all.map(one => Number(one.dataset.seq))")
    assert seqs == sorted(seqs)
    await page.shot("mail-circle-replied-en-1440")
    assert await page.violations() == []
    await until(lambda: _has(dovecot, "support", 1, "Sent"), 60)
    assert await hub.db["messages"].count_documents({}) == 3


async def _reads_the_mailbox(hub: Hub) -> bool:
    return await hub.db["health"].count_documents({"_id": "support-mail", "state": "connected"}) > 0


def _mail(subject: str, text: str, message_id: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Ada Brandt <{CUSTOMER}>", "support@demo.local"
    mail["Subject"], mail["Message-ID"] = subject, message_id
    mail.set_content(text)
    return mail


async def _has(dovecot: Dovecot, user: str, count: int, folder: str = "INBOX") -> bool:
    return len(await asyncio.to_thread(_mails, dovecot, user, folder)) >= count


def _mails(dovecot: Dovecot, user: str, folder: str = "INBOX") -> list[EmailMessage]:
    client = dovecot.imap_client(user)
    count = int(client.select(folder, readonly=True)[1][0] or b"0")
    found = client.fetch("1:*", "(RFC822)")[1] if count else []
    client.logout()
    return [message_from_bytes(each[1], policy=policy.default) for each in found if isinstance(each, tuple)]
