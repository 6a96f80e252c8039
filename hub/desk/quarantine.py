"""Input that could not be stored: shown, tried again, or dismissed with a reason. Nothing of it is ever deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, MainstemError, NotFound
from hub.accounts.directory import Directory
from hub.accounts.inlet import Inlets
from hub.errors import Poisoned
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.store.client import Doc
from hub.store.collections import QUARANTINE
from hub.store.unit import Unit, Units

State = Literal["waiting", "done", "dismissed"]
_READ_MS = 2000


class QuarantinedOut(TypedDict):
    """One piece of input in quarantine. `tries` counts those by hand; `reason` is given when it is dismissed."""

    id: str
    account: str
    channel: str | None
    external_id: str
    sender: str
    raw: str | None
    error: str
    state: State
    at: datetime
    tries: int
    reason: str | None


class Quarantine:
    """The quarantine as supervisors see it."""

    def __init__(self, units: Units, directory: Directory, inlets: Inlets, audit: Audit) -> None:
        self._entries = units.db[QUARANTINE]
        self._units, self._directory, self._inlets, self._audit = units, directory, inlets, audit

    async def page(
        self, *, state: State, account: str | None = None, limit: int = 50, before: str | None = None
    ) -> list[QuarantinedOut]:
        """Entries of one state, newest first. `before` is the id of the last entry already seen."""
        where: Doc = {"state": state} | ({"account": account} if account else {})
        if before is not None:
            where["_id"] = {"$lt": before}
        return [_out(doc) async for doc in self._entries.find(where).sort("_id", -1).limit(limit).max_time_ms(_READ_MS)]

    async def retry(self, entry_id: str, who: Caller, far: FarEnd) -> QuarantinedOut:
        """Give the kept input to its channel again. Where it fails once more the entry waits on, with the new error.

        Raises:
            Conflict: it is settled already, or no raw input was kept of it.
            NotFound: there is no such entry, or its account is gone.
        """
        entry = await self._waiting(entry_id)
        if not entry.get("raw"):
            raise Conflict("no raw input was kept of it; it can only be dismissed", quarantine=entry_id)
        channel, account = (await self._directory.one(entry["account"])).ready()
        raw = await self._inlets.raws.read(entry["raw"])
        await self._audit.write("quarantine.retried", who=who.user, far=far, about=entry_id)
        try:
            await channel.replay(account, raw, self._inlets.of(entry["account"]))
        except Poisoned as error:
            return await self._still_waiting(entry_id, error)
        except MainstemError as error:
            await self._entries.update_one({"_id": entry_id}, {"$set": {"error": str(error)}, "$inc": {"tries": 1}})
            raise
        await self._inlets.raws.settle(entry["raw"])
        settled = {"$set": {"state": "done", "by": who.user, "settled_at": now()}, "$inc": {"tries": 1}}
        return _out(await self._changed(entry_id, settled))

    async def dismiss(self, entry_id: str, reason: str, who: Caller, far: FarEnd) -> QuarantinedOut:
        """Say why nothing will be made of it. The raw input stays."""
        await self._waiting(entry_id)
        change = {"state": "dismissed", "reason": reason, "by": who.user, "settled_at": now()}

        async def work(unit: Unit) -> None:
            await self._entries.update_one({"_id": entry_id}, {"$set": change}, session=unit.session)
            await self._audit.write(
                "quarantine.dismissed", who=who.user, far=far, about=entry_id, unit=unit, reason=reason
            )

        await self._units.run(work)
        return _out(await self._find(entry_id))

    async def _still_waiting(self, entry_id: str, error: Poisoned) -> QuarantinedOut:
        """The stream made an entry of its own for this try; one entry for one input is enough."""
        new = error.data.get("quarantine")
        made = await self._entries.find_one_and_delete({"_id": new, "state": "waiting"}) if new else None
        said = made["error"] if made else str(error)
        return _out(await self._changed(entry_id, {"$set": {"error": said}, "$inc": {"tries": 1}}))

    async def _changed(self, entry_id: str, change: Doc) -> Doc:
        await self._entries.update_one({"_id": entry_id}, change)
        return await self._find(entry_id)

    async def _waiting(self, entry_id: str) -> Doc:
        entry = await self._find(entry_id)
        if entry["state"] != "waiting":
            raise Conflict(f"this is {entry['state']} already", quarantine=entry_id)
        return entry

    async def _find(self, entry_id: str) -> Doc:
        entry = await self._entries.find_one({"_id": entry_id})
        if entry is None:
            raise NotFound("there is no such entry in quarantine", quarantine=entry_id)
        return entry


def _out(entry: Doc) -> QuarantinedOut:
    return QuarantinedOut(
        id=entry["_id"],
        account=entry["account"],
        channel=entry["channel"],
        external_id=entry["external_id"],
        sender=entry["sender"],
        raw=entry["raw"],
        error=entry["error"],
        state=entry["state"],
        at=entry["at"],
        tries=entry.get("tries", 0),
        reason=entry.get("reason"),
    )
