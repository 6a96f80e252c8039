"""The job that takes in older mail: on a real mailbox, with progress, and safe to repeat."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm_core.ground.clock import now
from hub.errors import Permanent
from hub.settings import AccountSettings, Settings
from hub.store.client import Database
from hub.store.unit import Units
from tests.lab.dovecot import INSTALL, Dovecot, installed
from tests.lab.mail import mail
from tests.lab.mail_server import PASSWORD
from workers.task import Work
from workers.tasks.backfill import backfill_account

pytestmark = pytest.mark.skipif(not installed(), reason=INSTALL)


def _account(**more: object) -> AccountSettings:
    given = {"channel": "email", "queue": "support", "addresses": ["support@demo.local"], "tls": "none",
             "username": "support", "password": PASSWORD} | more  # fmt: skip
    return AccountSettings.model_validate(given)


async def test_a_backfill_takes_in_what_lies_there_once_and_tells_how_far_it_is(
    settings: Settings, db: Database, units: Units
) -> None:
    told: list[tuple[int, int | None]] = []

    async def tell(done: int, total: int | None, text: str) -> None:
        told.append((done, total))

    async def send(task: str, job: str) -> None:
        raise AssertionError("no further job is needed")

    with Dovecot() as dovecot:
        dovecot.deliver(mail(number) for number in range(150))
        accounts = {"mailbox": _account(imap_host="127.0.0.1", imap_port=dovecot.imap), "door": _account(door_port=0)}
        work = Work(
            settings=settings.model_copy(update={"accounts": accounts}), db=db, units=units, tell=tell, send=send
        )
        since = (now() - timedelta(days=3)).isoformat()
        for _ in range(2):
            assert await backfill_account(work, account="mailbox", since=since) == "150 looked at"
        with pytest.raises(Permanent, match="no mailbox to fill in from"):
            await backfill_account(work, account="door", since=since)
    assert await db["messages"].count_documents({}) == 150
    assert await db["raw"].count_documents({}) == 150
    assert told[-1] == (150, 150)
