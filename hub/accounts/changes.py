"""What administrators do with accounts on screen: add, change, remove, probe. Accounts of the settings file are changed there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, FieldError, Invalid, StaleRevision
from hub.accounts.directory import Directory, Entry
from hub.accounts.health import HEALTH
from hub.accounts.secrets import opened_config, sealed_config
from hub.channel import Channel
from hub.errors import Transient
from hub.events import AccountChanged
from hub.identity.audit import Audit
from hub.identity.far_end import FarEnd
from hub.store.client import Doc
from hub.store.collections import ACCOUNTS, OUTBOX
from hub.store.jobs import ask_for
from hub.store.unit import Unit, Units
from hub.vault import Vault

PROBE_S = 30.0
BACKFILL = "account.backfill"


class Changes:
    """Writes stored accounts; each change is audited and told to all hubs in the same unit of work."""

    def __init__(self, units: Units, directory: Directory, vault: Vault, audit: Audit) -> None:
        self._units = units
        self._directory = directory
        self._vault = vault
        self._audit = audit

    async def create(self, account: str, kind: str, fields: Mapping[str, Any], *, by: str, far: FarEnd) -> Entry:
        """Add an account.

        Raises:
            Invalid: names each field that breaks the channel's rules.
            Conflict: the id is taken.
        """
        if any(entry.id == account for entry in await self._directory.all()):
            raise Conflict(f"there is an account {account!r} already", account=account)
        doc = {
            "_id": account,
            "channel": kind,
            "revision": 1,
            "created_at": now(),
            **self._stored(account, kind, fields),
        }

        async def work(unit: Unit) -> None:
            await unit.db[ACCOUNTS].insert_one(doc, session=unit.session)
            await self._tell(unit, "account.added", account, by, far, channel=kind)

        try:
            await self._units.run(work)
        except DuplicateKeyError:
            raise Conflict(f"there is an account {account!r} already", account=account) from None
        return await self._directory.one(account)

    async def change(self, account: str, fields: Mapping[str, Any], revision: int, *, by: str, far: FarEnd) -> Entry:
        """Change an account. Fields that are not given, secrets among them, stay; None takes one away.

        Raises:
            Invalid: names each field that breaks the channel's rules.
            StaleRevision: somebody changed it since it was read.
        """
        entry = await self._stored_one(account)
        before = {**_opened(entry, self._vault, fields), "queue": entry.queue, "enabled": entry.enabled}
        merged = {key: value for key, value in {**before, **fields}.items() if value is not None}
        doc = self._stored(account, entry.kind, merged)

        async def work(unit: Unit) -> None:
            ours = {"_id": account, "revision": revision}
            change = {"$set": doc, "$inc": {"revision": 1}}
            result = await unit.db[ACCOUNTS].update_one(ours, change, session=unit.session)
            if not result.matched_count:
                raise StaleRevision("somebody changed this account; read it again", account=account)
            await self._tell(unit, "account.changed", account, by, far, fields=sorted(fields))

        await self._units.run(work)
        return await self._directory.one(account)

    async def remove(self, account: str, *, by: str, far: FarEnd) -> None:
        """Remove an account; its messages stay.

        Raises:
            Conflict: messages still wait to be sent through it.
        """
        await self._stored_one(account)

        async def work(unit: Unit) -> None:
            waiting = {"account": account, "state": {"$in": ["queued", "sending"]}}
            if await unit.db[OUTBOX].find_one(waiting, {"_id": 1}, session=unit.session):
                raise Conflict(
                    "messages wait to be sent through this account; send or cancel them first", account=account
                )
            await unit.db[ACCOUNTS].delete_one({"_id": account}, session=unit.session)
            await unit.db[HEALTH].delete_one({"_id": account}, session=unit.session)
            await self._tell(unit, "account.removed", account, by, far)

        await self._units.run(work)

    async def probe(self, account: str) -> None:
        """Try the connection.

        Raises:
            Permanent, Transient: what the far side, or the way to it, did.
            SetupError: the configuration is broken.
        """
        channel, configured = (await self._directory.one(account)).ready()
        try:
            async with asyncio.timeout(PROBE_S):
                await channel.probe(configured)
        except TimeoutError:
            raise Transient(f"the far side of {account} did not answer within {PROBE_S:.0f} s") from None
        except (OSError, EOFError) as error:
            raise Transient(f"the far side of {account} cannot be reached: {error}") from None

    async def fill_in(self, account: str, since: datetime, *, by: str, far: FarEnd) -> str:
        """Have a worker take in what the far side has since then; returns the job's id.

        Raises:
            SetupError: the configuration is broken.
            Conflict: the channel's far sides keep nothing.
            Invalid: the day is still to come.
        """
        channel, _ = (await self._directory.one(account)).ready()
        if type(channel).backfill is Channel.backfill:
            raise Conflict(f"the far side of account {account!r} keeps nothing to fill in from", account=account)
        if since > now():
            raise Invalid("`since` is still to come", fields=(FieldError("since", "future", "still to come"),))

        async def work(unit: Unit) -> str:
            await self._audit.write(
                "account.backfill", who=by, far=far, about=f"account:{account}", unit=unit, since=since.isoformat()
            )
            return await ask_for(unit, BACKFILL, {"account": account, "since": since.isoformat()}, user=by)

        return await self._units.run(work)

    async def _stored_one(self, account: str) -> Entry:
        entry = await self._directory.one(account)
        if entry.source == "file":
            raise Conflict(f"account {account!r} stands in the settings file; change it there", account=account)
        return entry

    def _stored(self, account: str, kind: str, fields: Mapping[str, Any]) -> Doc:
        _, model = self._directory.validated(account, kind, fields)
        return {
            "queue": model.queue,
            "enabled": model.enabled,
            "config": sealed_config(model, self._vault),
            "changed_at": now(),
        }

    async def _tell(self, unit: Unit, what: str, account: str, by: str, far: FarEnd, **facts: Any) -> None:
        await self._audit.write(what, who=by, far=far, about=f"account:{account}", unit=unit, **facts)
        unit.announce(AccountChanged(account=account))


def _opened(entry: Entry, vault: Vault, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The stored fields but those that are given anew: a secret whose key is lost can thus be entered again."""
    return {key: opened_config(value, vault) for key, value in entry.config.items() if key not in fields}
