"""Comparing every account with its far side, on a schedule."""

from __future__ import annotations

import logging
from datetime import timedelta

from hub.accounts.directory import Directory
from hub.reconcile import reconcile
from hub.vault import Vault, installation_key
from workers.task import Work, task

log = logging.getLogger(__name__)


@task("account.reconcile", every=timedelta(minutes=5))
async def reconcile_accounts(work: Work, account: str | None = None) -> str:
    """What each far side has and the store lacks or doubles; the result stands on the health page."""
    directory = Directory(work.db, Vault(installation_key(work.settings)), work.settings.accounts)
    results = await reconcile(work.db, directory, account)
    for result in results:
        if not result.ok:
            facts = {"account": result.account, "missing": len(result.missing), "doubled": len(result.doubled)}
            log.warning("account does not match its far side", extra={**facts, "reason": result.error})
    return "; ".join(result.line() for result in results) or "no accounts"
