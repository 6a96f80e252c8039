"""The whole way, with a real mail server and real mailboxes: in, answered, in the customer's mailbox, and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from crm_core.ground.clock import now
from hub.main import Hub
from tests.channels.email.imap_house import needs_dovecot, until
from tests.conftest import SignedIn, SignIn
from tests.lab.dovecot import Dovecot
from tests.lab.mail import mail
from tests.lab.mail_server import PASSWORD
from tests.lab.mta import INSTALL, Mta, installed

pytestmark = [needs_dovecot, pytest.mark.skipif(not installed(), reason=INSTALL)]


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Dovecot, Mta]]:
    with Dovecot() as dovecot, Mta(dovecot.lmtp) as mta:
        yield dovecot, mta


@pytest.fixture
async def admin(hub: Hub, signed_in: SignIn, servers: tuple[Dovecot, Mta]) -> AsyncIterator[SignedIn]:
    """An administrator, with an account for the support mailbox made on screen."""
    admin = await signed_in("admin", roles=["admin"], queues=["support"])
    config: dict[str, Any] = {
        "addresses": ["support@demo.local"], "imap_host": "127.0.0.1", "imap_port": servers[0].imap, "tls": "none",
        "username": "support", "password": PASSWORD, "smtp_host": "127.0.0.1", "smtp_port": servers[1].port,
        "imap_poll_s": 0.5, "start_from": "now",
    }  # fmt: skip
    body = {"id": "mailbox", "channel": "email", "queue": "support", "config": config}
    status, said = await admin.call("POST", "/api/accounts", body)
    assert status == 201, said
    assert said["secrets"] == ["password"]
    await until(lambda: _is_connected(admin))
    await asyncio.sleep(0.3)  # its first look at what lies there
    yield admin


async def _account(admin: SignedIn) -> dict[str, Any]:
    _, page = await admin.call("GET", "/api/accounts")
    found: dict[str, Any] = next(each for each in page["items"] if each["id"] == "mailbox")
    return found


async def _is_connected(admin: SignedIn) -> bool:
    return bool((await _account(admin))["state"] == "connected")


def _mails(dovecot: Dovecot, user: str, folder: str = "INBOX") -> list[EmailMessage]:
    client = dovecot.imap_client(user)
    count = int(client.select(folder, readonly=True)[1][0] or b"0")
    found = client.fetch("1:*", "(RFC822)")[1] if count else []
    client.logout()
    return [message_from_bytes(each[1], policy=policy.default) for each in found if isinstance(each, tuple)]


async def test_a_mail_is_answered_and_the_customers_reply_joins(
    hub: Hub, admin: SignedIn, servers: tuple[Dovecot, Mta]
) -> None:
    dovecot, mta = servers
    await asyncio.to_thread(mta.send, mail("in-1", "打印机着火了"), "support@demo.local")
    await until(lambda: _stored(hub, 1))
    first = await hub.db["messages"].find_one({"external_id": "in-1@example.com"})
    assert first is not None
    path = f"/api/conversations/{first['conversation']}/messages"
    status, answer = await admin.call("POST", path, {"text": "We come at once.", "kind": "reply"})
    assert status in (200, 201), answer

    async def arrived() -> bool:
        return bool(await asyncio.to_thread(_mails, dovecot, "ada"))

    await until(arrived)
    [got] = _mails(dovecot, "ada")
    assert got["In-Reply-To"] == "<in-1@example.com>"
    assert got["Message-ID"] == f"<{answer['external_id']}>"
    reply = mail("in-2", "Thanks", In_Reply_To=str(got["Message-ID"]))
    await asyncio.to_thread(mta.send, reply, str(got["Reply-To"]).partition("<")[2].strip("<>") or "support@demo.local")
    await until(lambda: _stored(hub, 3))
    joined = await hub.db["messages"].find_one({"external_id": "in-2@example.com"})
    assert joined is not None
    assert joined["conversation"] == first["conversation"]

    async def filed() -> bool:
        return len(await asyncio.to_thread(_mails, dovecot, "support", "Sent")) == 1

    await until(filed)
    await asyncio.sleep(1.5)  # several looks at the folder of sent mail
    assert await hub.db["messages"].count_documents({}) == 3, "our own copy in Sent became a message"


async def _stored(hub: Hub, count: int) -> bool:
    return await hub.db["messages"].count_documents({}) >= count


async def test_reconcile_and_the_account_page_measure_what_is_missing(
    hub: Hub, admin: SignedIn, servers: tuple[Dovecot, Mta]
) -> None:
    dovecot, _ = servers
    await asyncio.to_thread(dovecot.deliver, [mail("r-1"), mail("r-2")])
    await until(lambda: _stored(hub, 2))
    status, said = await admin.call("POST", "/api/reconcile", {"account": "mailbox"})
    assert status == 200
    assert [(item["missing"], item["doubled"], item["error"]) for item in said["items"]] == [(0, 0, None)]
    await hub.db["messages"].delete_one({"external_id": "r-1@example.com"})
    await hub.db["ledger"].delete_many({"external_id": "r-1@example.com"})
    await admin.call("POST", "/api/reconcile", {"account": "mailbox"})
    assert (await _account(admin))["missing"] == 1


async def test_a_backfill_is_asked_for_on_screen(hub: Hub, admin: SignedIn, signed_in: SignIn) -> None:
    since = (now() - timedelta(days=10)).isoformat()
    status, begun = await admin.call("POST", "/api/accounts/mailbox/backfill", {"since": since})
    assert status == 202, begun
    job = await hub.db["jobs"].find_one({"_id": begun["job"]})
    assert job is not None
    assert job["task"] == "account.backfill"
    assert job["arguments"]["account"] == "mailbox"
    assert await hub.db["audit"].count_documents({"what": "account.backfill"}) == 1
    status, said = await admin.call(
        "POST", "/api/accounts/mailbox/backfill", {"since": (now() + timedelta(days=1)).isoformat()}
    )
    assert (status, said["errors"][0]["path"]) == (422, "since")
    agent = await signed_in("agent", queues=["support"])
    status, _ = await agent.call("POST", "/api/accounts/mailbox/backfill", {"since": since})
    assert status == 403
