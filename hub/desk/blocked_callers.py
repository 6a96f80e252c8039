"""Numbers whose calls the PBX refuses: kept by supervisors for each account, with a reason and an end. (S2.9.9)"""

from __future__ import annotations

import logging
from datetime import datetime

from typing_extensions import TypedDict

from crm_core.ground.addresses import phone_key
from crm_core.ground.clock import as_stored, now
from crm_core.ground.errors import FieldError, Invalid, NotFound
from hub.accounts.blocked_numbers import blocked_numbers
from hub.desk.calls import Calls
from hub.errors import ChannelError
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.conversation import PersonRef
from hub.store.call_desk_collections import BLOCKED_CALLERS
from hub.store.client import Doc
from hub.store.unit import Unit, Units

log = logging.getLogger(__name__)

MOST = 2000
"""Numbers of one account."""


class BlockedCallerOut(TypedDict):
    """A number (E.164) that the PBX of an account refuses. `until`: None = always."""

    id: str
    account: str
    number: str
    reason: str
    until: datetime | None
    by: PersonRef
    at: datetime


class BlockedCallerSet(BlockedCallerOut):
    """`told`: the PBX has it. Where it is away it is told as soon as it is back."""

    told: bool


class BlockedCallers:
    """Reads and keeps the lists, and tells the PBX at once."""

    def __init__(self, units: Units, calls: Calls, audit: Audit, region: str) -> None:
        self._units, self._calls, self._audit, self._region = units, calls, audit, region
        self._stored = units.db[BLOCKED_CALLERS]

    async def all(self, account: str | None) -> list[BlockedCallerOut]:
        """Those that count now, by number."""
        where: Doc = {"$or": [{"until": None}, {"until": {"$gt": now()}}]} | ({"account": account} if account else {})
        return [_out(doc) async for doc in self._stored.find(where).sort([("account", 1), ("number", 1)]).limit(MOST)]

    async def block(
        self, caller: Caller, number: str, account: str | None, reason: str, until: datetime | None, far: FarEnd
    ) -> BlockedCallerSet:
        """Block a number in any spelling; again changes reason and end.

        Raises:
            Invalid: that is no number, the time is over, there is no such PBX, or the list is full.
        """
        pbx, _, entry = await self._calls.pbx(account)
        key = phone_key(number, getattr(pbx, "region", self._region))
        if key is None:
            raise _wrong("number", "write a number, such as +86 139 0013 9000", rule="phone")
        if until is not None and until <= now():
            raise _wrong("until", "say until when, in the future", rule="in-future")
        plain = key.removeprefix("phone:")
        doc: Doc = {
            "_id": f"{entry.id}|{plain}", "account": entry.id, "number": plain, "reason": reason,
            "until": as_stored(until) if until else None, "by": {"id": caller.user, "name": caller.name}, "at": now(),
        }  # fmt: skip

        async def work(unit: Unit) -> None:
            others = {"account": entry.id, "_id": {"$ne": doc["_id"]}}
            if await unit.db[BLOCKED_CALLERS].count_documents(others, limit=MOST, session=unit.session) >= MOST:
                raise _wrong("number", f"at most {MOST} numbers can be blocked", rule="most-blocked", most=MOST)
            await unit.db[BLOCKED_CALLERS].replace_one({"_id": doc["_id"]}, doc, upsert=True, session=unit.session)
            await self._audit.write(
                "caller.blocked", who=caller.user, far=far, about=plain, unit=unit, account=entry.id, reason=reason
            )

        await self._units.run(work)
        return BlockedCallerSet(**_out(doc), told=await self._tell(entry.id))

    async def unblock(self, caller: Caller, blocked: str, far: FarEnd) -> None:
        """Let the number in again; raises `NotFound`."""
        before = await self._stored.find_one({"_id": blocked})
        if before is None:
            raise NotFound("this number is not blocked", blocked=blocked)

        async def work(unit: Unit) -> None:
            await unit.db[BLOCKED_CALLERS].delete_one({"_id": blocked}, session=unit.session)
            await self._audit.write(
                "caller.unblocked",
                who=caller.user,
                far=far,
                about=before["number"],
                unit=unit,
                account=before["account"],
            )

        await self._units.run(work)
        await self._tell(before["account"])

    async def _tell(self, account: str) -> bool:
        try:
            pbx, control, _ = await self._calls.pbx(account)
            await control.block(pbx, await blocked_numbers(self._units.db, account))
        except (ChannelError, Invalid) as error:
            log.warning("a PBX does not have the blocked numbers", extra={"account": account, "reason": str(error)})
            return False
        return True


def _wrong(field: str, detail: str, **speaks_of: str | int) -> Invalid:
    return Invalid(f"{field}: {detail}", fields=(FieldError(field, "value", detail, speaks_of),))


def _out(doc: Doc) -> BlockedCallerOut:
    return BlockedCallerOut(
        id=doc["_id"],
        account=doc["account"],
        number=doc["number"],
        reason=doc["reason"],
        until=doc["until"],
        by=doc["by"],
        at=doc["at"],
    )
