"""How each account is. Its owner writes, throttled; any hub reads and can answer.

States: `disabled`, `misconfigured` (its configuration is broken), `waiting` (no hub owns it now), `connecting`, `connected`,
`failing` (with the reason), `ready` (it holds no connection: far sides call us).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from hub.accounts.directory import Entry
from hub.metrics import ACCOUNT_STATE
from hub.store.call_collections import CALL_GAPS
from hub.store.client import Database, Doc
from hub.store.collections import LEASES, OUTBOX, RAW, RECONCILED

HEALTH = "health"
"""The collection: `{_id: account, state, reason, detail, since, last_event, connects, hub}`."""

OwnerState = Literal["connecting", "connected", "failing", "ready"]
AccountState = Literal["disabled", "misconfigured", "waiting", "connecting", "connected", "failing", "ready"]

_BREATH_S = 0.5


GapOut = TypedDict("GapOut", {"from": datetime, "until": datetime, "ended": int})
"""The last time in which a PBX could not be heard; so many calls were over afterwards."""


class AccountHealth(TypedDict):
    """What `GET /api/accounts` shows of one account. `backlog`: raw input not finished plus messages not sent."""

    id: str
    channel: str
    source: str
    enabled: bool
    state: AccountState
    reason: str | None
    detail: str
    since: datetime | None
    last_event: datetime | None
    reconnects: int
    backlog: int
    missing: int | None
    doubled: int | None
    reconciled_at: datetime | None
    hub: str | None
    gap: NotRequired[GapOut]


def owner_lease(account: str) -> str:
    """The name of the lease that makes a hub the owner of an account's connection."""
    return f"account:{account}"


@dataclass(slots=True)
class _Pending:
    """What is to be written about one account."""

    values: dict[str, Any] = field(default_factory=dict)
    connects: int = 0


class HealthBook:
    """Notes of the accounts this hub owns. `run` writes them out; noting itself is quick and cannot fail."""

    def __init__(self, db: Database, hub_id: str) -> None:
        self._db = db
        self._documents = db[HEALTH]
        self._hub = hub_id
        self._states: dict[str, tuple[str, str | None]] = {}
        self._pending: dict[str, _Pending] = {}
        self._noted = asyncio.Event()

    def note(self, account: str, state: OwnerState, reason: str | None = None, detail: str = "") -> None:
        """The account is in this state from now on; `reason` says why it fails."""
        again = self._states.get(account) == (state, reason)
        self._states[account] = (state, reason)
        pending = self._pending.setdefault(account, _Pending())
        pending.values |= {"state": state, "reason": reason, "detail": detail, "hub": self._hub}
        if not again:
            pending.values["since"] = now()
        pending.connects += state == "connected"
        ACCOUNT_STATE.labels(account=account).set(state in ("connected", "ready"))
        self._noted.set()

    def heard(self, account: str) -> None:
        """Something came from the far side."""
        self._pending.setdefault(account, _Pending()).values["last_event"] = now()
        self._noted.set()

    def left(self, account: str) -> None:
        """This hub does not own the account any more."""
        self._states.pop(account, None)
        ACCOUNT_STATE.labels(account=account).set(0)

    async def of(self, entries: list[Entry]) -> list[AccountHealth]:
        """How these accounts are, whichever hub owns them."""
        return await health_of(self._db, entries)

    async def run(self) -> None:
        """Write notes out until cancelled, at most twice a second."""
        while True:
            await self._noted.wait()
            await self.flush()
            await asyncio.sleep(_BREATH_S)

    async def flush(self) -> None:
        """Write out what is noted. What could not be written is kept for the next time."""
        self._noted.clear()
        for account in list(self._pending):
            pending = self._pending.pop(account)
            change: Doc = {"$inc": {"connects": pending.connects}}
            if pending.values:
                change["$set"] = pending.values
            try:
                await self._documents.update_one({"_id": account}, change, upsert=True)
            except BaseException:
                later = self._pending.setdefault(account, _Pending())
                later.values = pending.values | later.values
                later.connects += pending.connects
                self._noted.set()
                raise


async def health_of(db: Database, entries: list[Entry]) -> list[AccountHealth]:
    """How these accounts are, as any hub can tell it from the store."""
    ids = [entry.id for entry in entries]
    notes = {doc["_id"]: doc async for doc in db[HEALTH].find({"_id": {"$in": ids}})}
    owned = await _owned(db, ids)
    raw = await _counted(db, RAW, {"open": True, "account": {"$in": ids}})
    unsent = await _counted(db, OUTBOX, {"state": {"$in": ["queued", "sending"]}, "account": {"$in": ids}})
    reconciled = {doc["_id"]: doc async for doc in db[RECONCILED].find({"_id": {"$in": ids}})}
    shown = [
        _shown(
            e, notes.get(e.id, {}), owned.get(e.id), raw.get(e.id, 0) + unsent.get(e.id, 0), reconciled.get(e.id, {})
        )
        for e in entries
    ]
    for account in [account for account in shown if account["channel"] == "telephony"]:
        newest = await db[CALL_GAPS].find_one({"account": account["id"]}, {"_id": 0}, sort=[("until", -1)])
        if newest is not None:
            account["gap"] = {"from": newest["from"], "until": newest["until"], "ended": newest["ended"]}
    return shown


def _shown(entry: Entry, note: Doc, owner: str | None, backlog: int, reconciled: Doc) -> AccountHealth:
    state, reason = _state(entry, note, owner)
    return {
        "id": entry.id,
        "channel": entry.kind,
        "source": entry.source,
        "enabled": entry.enabled,
        "state": state,
        "reason": reason,
        "detail": note.get("detail", "") if state == note.get("state") else "",
        "since": note.get("since") if state == note.get("state") else None,
        "last_event": note.get("last_event"),
        "reconnects": max(0, note.get("connects", 0) - 1),
        "backlog": backlog,
        "missing": reconciled.get("missing"),
        "doubled": reconciled.get("doubled"),
        "reconciled_at": reconciled.get("at"),
        "hub": owner,
    }


def _state(entry: Entry, note: Doc, owner: str | None) -> tuple[AccountState, str | None]:
    if entry.channel is None:
        return "misconfigured", entry.error
    if not entry.enabled:
        return "disabled", None
    if not entry.channel.receives:
        return "ready", None
    if owner is None:  # between two tries the owner may give it away; the reason for that stays to be read
        failing = note.get("state") == "failing"
        return ("failing", note["reason"]) if failing else ("waiting", "no hub owns it at this moment")
    if note.get("hub") != owner:
        return "connecting", None  # what is noted is the former owner's
    return note["state"], note["reason"]


async def _owned(db: Database, ids: list[str]) -> dict[str, str]:
    """Which hub owns each account now, by the database's clock."""
    names = {owner_lease(account): account for account in ids}
    held = {"_id": {"$in": list(names)}, "$expr": {"$gt": ["$until", "$$NOW"]}}
    return {names[doc["_id"]]: doc["hub"] async for doc in db[LEASES].find(held, {"hub": 1})}


async def _counted(db: Database, collection: str, where: Doc) -> dict[str, int]:
    counting = await db[collection].aggregate([{"$match": where}, {"$group": {"_id": "$account", "n": {"$sum": 1}}}])
    return {doc["_id"]: doc["n"] async for doc in counting}
