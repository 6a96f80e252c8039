"""What agents do to a mail in the console happens in the mailbox, and what happens there shows here."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from hub.main import Hub
from hub.settings import AccountSettings, Settings
from hub.store.client import Doc
from tests.channels.email.imap_house import needs_dovecot, until
from tests.conftest import SignIn
from tests.lab.dovecot import Dovecot
from tests.lab.mail import mail
from tests.lab.mail_server import PASSWORD

pytestmark = needs_dovecot


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as dovecot:
        yield dovecot


@pytest.fixture
def settings(settings: Settings, dovecot: Dovecot) -> Settings:
    """The support mailbox."""
    fields: dict[str, Any] = {
        "channel": "email", "queue": "support", "addresses": ["support@demo.local"], "imap_host": "127.0.0.1",
        "imap_port": dovecot.imap, "tls": "none", "username": "support", "password": PASSWORD, "imap_poll_s": 0.5,
    }  # fmt: skip
    return settings.model_copy(update={"accounts": {"mailbox": AccountSettings.model_validate(fields)}})


def flags(dovecot: Dovecot) -> list[str]:
    """The flags of each mail in the inbox, in order."""
    client = dovecot.imap_client("support")
    client.select("INBOX", readonly=True)
    lines = client.fetch("1:*", "(FLAGS)")[1] or []
    client.logout()
    return [re.sub(rb".*FLAGS \(([^)]*)\).*", rb"\1", each).decode() for each in lines if isinstance(each, bytes)]


async def _any(find: Callable[[], Awaitable[list[Doc]]]) -> bool:
    return bool(await find())


async def test_reading_and_deleting_reach_the_mailbox(hub: Hub, signed_in: SignIn, dovecot: Dovecot) -> None:
    boss, agent = await signed_in("boss", roles=["SU"]), await signed_in("agent", queues=["support"])
    await asyncio.to_thread(dovecot.deliver, [mail("step-1"), mail("step-2")])

    async def stored() -> list[Doc]:
        found = await hub.db["messages"].find({"external_id": {"$regex": "^step-"}}).sort("external_id", 1).to_list()
        return found if len(found) == 2 else []

    await until(lambda: _any(stored))
    one, two = await stored()
    assert not any("\\Seen" in each for each in await asyncio.to_thread(flags, dovecot))
    assert (await agent.call("GET", f"/api/conversations/{one['conversation']}/messages"))[0] == 200

    async def one_is_seen() -> bool:
        return ["\\Seen" in each for each in await asyncio.to_thread(flags, dovecot)] == [
            True, two["conversation"] == one["conversation"],
        ]  # fmt: skip

    await until(one_is_seen)
    assert (await boss.call("DELETE", f"/api/messages/{two['_id']}"))[0] == 204

    async def one_is_left() -> bool:
        return len(await asyncio.to_thread(flags, dovecot)) == 1

    await until(one_is_left)
    await asyncio.sleep(1.5)  # several looks at the mailbox
    assert await hub.db["messages"].count_documents({}) == 2
    _, shown = await boss.call("GET", f"/api/messages/{two['_id']}")
    assert shown["removed"]["by"] == boss.user
    for result in await hub.accounts.reconciler.run():
        assert (result.missing, result.doubled) == ([], [])
