"""Older mail is asked for over HTTP and taken in by a worker process of its own, beside the hub that receives."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from crm_core.ground.clock import now
from hub.main import Hub
from hub.settings import Settings
from hub.store.client import Client, Database
from tests.conftest import SignIn
from tests.lab.dovecot import INSTALL, Dovecot, installed
from tests.lab.mail import mail
from tests.lab.mail_server import PASSWORD
from tests.workers.house import running_worker, until, until_settled

pytestmark = pytest.mark.skipif(not installed(), reason=INSTALL)

COUNT = 230


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The hub seals the account's password under the key that the worker process has too."""
    return settings.model_copy(update={"secret_key": SecretStr("a key for tests only")})


async def test_a_worker_process_fills_in_what_a_route_asked_for(
    hub: Hub, signed_in: SignIn, mongo_url: str, db: Database, client: Client, tmp_path: Path
) -> None:
    """S2.9.3: from the route through the job document and the broker to a Celery worker on a real mailbox; done twice,
    nothing is doubled, and mail that comes meanwhile is the receiver's."""
    admin = await signed_in("admin", roles=["admin"], queues=["support"])
    with Dovecot() as dovecot:
        dovecot.deliver(mail(number) for number in range(COUNT))
        config = {
            "addresses": ["support@demo.local"], "imap_host": "127.0.0.1", "imap_port": dovecot.imap, "tls": "none",
            "username": "support", "password": PASSWORD, "start_from": "now", "imap_poll_s": 1,
        }  # fmt: skip
        body = {"id": "mailbox", "channel": "email", "queue": "support", "config": config}
        status, said = await admin.call("POST", "/api/accounts", body)
        assert status == 201, said
        async with running_worker(mongo_url, db.name, tmp_path) as worker:

            async def stored(count: int) -> bool:
                return await db["messages"].count_documents({}) >= count

            async def receiving() -> bool:
                return (
                    await db["bookmarks"].count_documents(
                        {"_id": "account:mailbox", "position.folders.0": {"$exists": True}}
                    )
                    > 0
                )

            await until(receiving, worker)
            assert await db["messages"].count_documents({}) == 0, "mail of before the account began came by itself"
            since = (now() - timedelta(days=3)).isoformat()
            for _ in range(2):
                status, begun = await admin.call("POST", "/api/accounts/mailbox/backfill", {"since": since})
                assert status == 202, begun
                dovecot.deliver([mail(f"live-{begun['job']}")])
                done = await until_settled(db, begun["job"], worker)
                assert (done["state"], done["error"]) == ("done", None)
                assert int(done["text"].split()[0]) >= COUNT
            await until(lambda: stored(COUNT + 2), worker)
        assert await db["messages"].count_documents({}) == COUNT + 2
        ids = [doc["external_id"] async for doc in db["messages"].find({}, {"external_id": 1})]
        assert len(set(ids)) == COUNT + 2
        assert await db["raw"].count_documents({"open": True}) == 0
        told = [e["data"] async for e in db["events"].find({"name": "job.changed"}).sort("_id", 1)]
        assert {e["state"] for e in told if e["task"] == "account.backfill"} >= {"running", "done"}
    await client.drop_database(f"{db.name}_broker")
