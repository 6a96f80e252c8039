"""Commands that look and tell: doctor, reconcile, openapi."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hub.cli.up import mongo_for
from hub.main import Hub
from hub.reconcile import reconcile as reconcile_accounts
from hub.settings import Settings


def doctor(settings: Settings) -> int:
    """Each finding on a line; exit code 1 when something needs mending."""
    from hub.desk.doctor import examine

    findings = asyncio.run(examine(settings))
    for finding in findings:
        _say(
            f"{'ok  ' if finding.ok else 'MEND'}  {finding.what}"
            + (f"\n      {finding.advice}" if finding.advice else "")
        )
    return 0 if all(finding.ok for finding in findings) else 1


def reconcile(settings: Settings, account: str | None) -> int:
    """`ACCOUNT: missing N doubled N` on a line per account; exit code 1 when anything is."""

    async def run() -> int:
        async with mongo_for(settings) as ready:
            hub = Hub(ready)
            await hub.open()
            try:
                results = await reconcile_accounts(hub.db, hub.accounts.directory, account)
            finally:
                await hub.close()
        for result in results:
            _say(result.line())
        return 0 if all(result.ok for result in results) else 1

    return asyncio.run(run())


def openapi(settings: Settings) -> int:
    """The document on standard output; needs no database."""
    _say(json.dumps(described(settings), ensure_ascii=False, indent=1))
    return 0


def described(settings: Settings) -> dict[str, Any]:
    """The OpenAPI document of this version."""
    from pydantic import SecretStr

    async def run() -> dict[str, Any]:
        hub = Hub(settings.model_copy(update={"mongo_url": settings.mongo_url or SecretStr("mongodb://127.0.0.1:9/")}))
        try:
            return hub.openapi()
        finally:
            await hub.close()

    return asyncio.run(run())


def _say(text: str) -> None:
    print(text)
