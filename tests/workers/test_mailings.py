"""A mailing by a real worker that is killed in the middle: the next one takes it up, and nobody gets it twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hub.main import Hub
from hub.settings import Settings
from hub.writing.indexes import RECEIVERS, RUNS
from tests.conftest import SignIn
from tests.hub.writing_house import call, settings, sink
from tests.lab.smtp_sink import SmtpSink
from tests.workers.house import running_worker, until

__all__ = ["settings", "sink"]

RECEIVER_COUNT = 400


@pytest.mark.fault
@pytest.mark.timeout(300)
async def test_a_killed_worker_leaves_nobody_out_and_nobody_doubled(
    hub: Hub, signed_in: SignIn, sink: SmtpSink, settings: Settings, mongo_url: str, tmp_path: Path
) -> None:
    """S2.9.3-01; the run is a document, the worker only works on it."""
    admin = await signed_in("root", roles=["admin"])
    config = {"addresses": ["news@demo.local"], "smtp_host": "127.0.0.1", "smtp_port": sink.port, "tls": "none"}
    account = {"id": "news", "channel": "email", "queue": "support", "config": config}
    await call(admin, "POST", "/api/accounts", account, expect=201)
    addresses = [f"a{n}@example.com" for n in range(RECEIVER_COUNT)]
    scheme = {"name": "News", "account": "news", "text": "Dear {{recipient.address}}", "addresses": addresses}
    mailing = await call(admin, "POST", "/api/mailings", scheme, expect=201)
    run = (await call(admin, "POST", f"/api/mailings/{mailing['id']}/runs", {}, expect=201))["id"]
    receivers = hub.db[RECEIVERS]
    async with running_worker(mongo_url, settings.database, tmp_path) as worker:
        await until(lambda: receivers.count_documents({"run": run, "state": "sent"}), worker)
        await worker.kill()
    assert await receivers.count_documents({"run": run, "state": "waiting"}) > 0, (
        "it was killed too late to show anything"
    )
    async with running_worker(mongo_url, settings.database, tmp_path) as worker:
        await until(lambda: hub.db[RUNS].find_one({"_id": run, "state": "done"}), worker)
    sent = Counter(mail.recipients[0] for mail in sink.mails)
    assert set(sent) == set(addresses)
    assert set(sent.values()) == {1}
    shown = await call(admin, "GET", f"/api/mailing-runs/{run}")
    assert (shown["total"], shown["counts"]["sent"]) == (RECEIVER_COUNT, RECEIVER_COUNT)
