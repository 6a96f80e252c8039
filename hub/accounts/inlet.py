"""A channel's whole view of the hub, bound to one account: `hub.channel.Inlet` over the stream and the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.ground.clock import now
from crm_core.ground.errors import Unavailable
from hub.accounts.call_log import AccountCalls
from hub.accounts.health import HealthBook
from hub.accounts.held import held
from hub.channel import Raw
from hub.leases import Lease
from hub.model.envelope import Envelope
from hub.model.message import MessageOut
from hub.store.client import Database
from hub.store.collections import BOOKMARKS, LEDGER, MESSAGES, REPEATS
from hub.stream.found import id_of_its_own
from hub.stream.raw import RawKeeper
from hub.stream.stream import Stream
from hub.vault import Signer


@dataclass(frozen=True, slots=True)
class Inlets:
    """Makes inlets from the hub's parts."""

    db: Database
    stream: Stream
    raws: RawKeeper
    signer: Signer
    health: HealthBook

    def of(self, account: str, lease: Lease | None = None) -> AccountInlet:
        """The inlet of an account. With `lease`, its bookmark may be moved only while that is held."""
        return AccountInlet(self, account, lease)


class AccountInlet:
    """See `hub.channel.Inlet`."""

    def __init__(self, parts: Inlets, account: str, lease: Lease | None) -> None:
        self._parts = parts
        self._account = account
        self._lease = lease
        self._bookmark = f"account:{account}"
        self.calls = AccountCalls(parts.stream, account)

    async def keep_raw(self, content: bytes, note: Mapping[str, Any] | None = None) -> Raw:
        """Keep raw input, durably."""
        self.heard()
        return await self._parts.raws.keep(self._account, content, note)

    async def take_raw(self, content: bytes, note: Mapping[str, Any] | None = None) -> Raw:
        """Raw input that the far side still has; large input is kept at once."""
        self.heard()
        return await self._parts.raws.take(self._account, content, note)

    async def ingest(self, envelope: Envelope, raw: Raw | None = None) -> MessageOut:
        """Put a message into the stream, with raw input that is not kept yet; a repeat returns the stored one."""
        return await self._parts.stream.ingest(envelope, raw)

    async def amend(self, external_id: str, change: Mapping[str, Any]) -> MessageOut | None:
        """Change a stored message by its far side's id; None when there is none."""
        message = await self._message(external_id)
        return await self._parts.stream.amend(message, change) if message else None

    async def position(self) -> dict[str, Any]:
        """Where the receiver stands; empty at first."""
        mark = await self._parts.db[BOOKMARKS].find_one({"_id": self._bookmark})
        return dict(mark["position"]) if mark else {}

    async def move_to(self, position: Mapping[str, Any]) -> None:
        """Write the bookmark.

        Raises:
            Unavailable: another hub owns the account by now; its bookmark is not ours to move.
        """
        if self._lease is not None and not self._lease.held:
            raise Unavailable(f"this hub does not own account {self._account} any more")
        mark = {"$set": {"position": dict(position), "at": now()}}
        await self._parts.db[BOOKMARKS].update_one({"_id": self._bookmark}, mark, upsert=True)

    async def holds(self, external_ids: list[str]) -> set[str]:
        """Which of these far ids the store has, as messages, known repeats, ledger places or quarantined input."""
        return await held(self._parts.db, self._account, external_ids)

    async def has(self, external_id: str, fingerprint: str | None) -> bool:
        """Whether the store has this very message, and not only another of the same id."""
        ids = [external_id, id_of_its_own(external_id, fingerprint)]
        where = {"account": self._account, "external_id": {"$in": ids}, "fingerprint": fingerprint}
        return await self._parts.db[MESSAGES].find_one(where, {"_id": 1}) is not None

    def connected(self, detail: str = "") -> None:
        """The connection stands."""
        self._parts.health.note(self._account, "connected", detail=detail)

    def heard(self) -> None:
        """Something came from the far side."""
        self._parts.health.heard(self._account)

    def sign(self, purpose: str, value: str) -> str:
        """A short signed token that carries `value`; another account's token of the same purpose is as good."""
        return self._parts.signer.sign(purpose, value)

    def check(self, purpose: str, token: str) -> str | None:
        """The value of a token of ours, or None when it is not genuine."""
        return self._parts.signer.check(purpose, token)

    async def _message(self, external_id: str) -> str | None:
        """The message the far side means: by its own id, or by the id that it gave to what we sent."""
        db, own = self._parts.db, {"account": self._account}
        if found := await db[MESSAGES].find_one({**own, "external_id": external_id}, {"_id": 1}):
            return str(found["_id"])
        if copy := await db[REPEATS].find_one({**own, "external_id": external_id}, {"message": 1}):
            return str(copy["message"])  # it came to another mailbox of ours first
        place = await db[LEDGER].find_one({**own, "place": external_id}, {"external_id": 1})
        if place is None or place["external_id"] == external_id:
            return None
        return await self._message(place["external_id"])
