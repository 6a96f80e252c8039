"""Numbers that no call list dials: kept by supervisors, with a reason and an end. (S2.9.9-11)"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from typing_extensions import TypedDict

from crm_core.ground.addresses import phone_key
from crm_core.ground.clock import as_stored, now
from crm_core.ground.errors import FieldError, Invalid, NotFound
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.conversation import PersonRef
from hub.store.client import Database, Doc
from hub.store.outbound_collections import DO_NOT_CALL
from hub.store.unit import Unit, Units


class DoNotCallOut(TypedDict):
    """A number (E.164) that no list dials. `until`: None = always."""

    id: str
    number: str
    reason: str
    until: datetime | None
    by: PersonRef
    at: datetime


class DoNotCall:
    """Reads and keeps the list."""

    def __init__(self, units: Units, audit: Audit, region: str) -> None:
        self._units, self._audit, self._region = units, audit, region
        self._stored = units.db[DO_NOT_CALL]

    async def page(self, *, number: str | None, limit: int, after: str | None) -> list[DoNotCallOut]:
        """Those that count now, by number; of one number, where it is given in any spelling."""
        where: Doc = _counts()
        if number is not None:
            where["number"] = (phone_key(number, self._region) or number).removeprefix("phone:")
        if after is not None:
            where["_id"] = {"$gt": after}
        return [_out(doc) async for doc in self._stored.find(where).sort("_id", 1).limit(limit)]

    async def put(self, caller: Caller, number: str, reason: str, until: datetime | None, far: FarEnd) -> DoNotCallOut:
        """Never call a number, in any spelling, again; once more changes reason and end.

        Raises:
            Invalid: that is no number, or the time is over.
        """
        key = phone_key(number, self._region)
        if key is None:
            raise _wrong("number", "write a number, such as +86 139 0013 9000", rule="phone")
        if until is not None and until <= now():
            raise _wrong("until", "say until when, in the future", rule="in-future")
        plain = key.removeprefix("phone:")
        doc: Doc = {
            "_id": plain, "number": plain, "reason": reason, "until": as_stored(until) if until else None,
            "by": {"id": caller.user, "name": caller.name}, "at": now(),
        }  # fmt: skip

        async def work(unit: Unit) -> None:
            await unit.db[DO_NOT_CALL].replace_one({"_id": plain}, doc, upsert=True, session=unit.session)
            await self._audit.write("do-not-call.set", who=caller.user, far=far, about=plain, unit=unit, reason=reason)

        await self._units.run(work)
        return _out(doc)

    async def remove(self, caller: Caller, number: str, far: FarEnd) -> None:
        """The number may be called again; raises `NotFound`."""

        async def work(unit: Unit) -> None:
            found = await unit.db[DO_NOT_CALL].delete_one({"_id": number}, session=unit.session)
            if not found.deleted_count:
                raise NotFound("this number is not on the do-not-call list", number=number)
            await self._audit.write("do-not-call.removed", who=caller.user, far=far, about=number, unit=unit)

        await self._units.run(work)


async def barred(db: Database, numbers: Iterable[str], unit: Unit | None = None) -> set[str]:
    """Those of the numbers (E.164) that must not be called now."""
    where = {"_id": {"$in": sorted(set(numbers))}, **_counts()}
    found = db[DO_NOT_CALL].find(where, {"_id": 1}, session=unit.session if unit else None)
    return {doc["_id"] async for doc in found}


def _counts() -> Doc:
    return {"$or": [{"until": None}, {"until": {"$gt": now()}}]}


def _wrong(field: str, detail: str, **speaks_of: str | int) -> Invalid:
    return Invalid(f"{field}: {detail}", fields=(FieldError(field, "value", detail, speaks_of),))


def _out(doc: Doc) -> DoNotCallOut:
    return DoNotCallOut(
        id=doc["_id"], number=doc["number"], reason=doc["reason"], until=doc["until"], by=doc["by"], at=doc["at"]
    )
