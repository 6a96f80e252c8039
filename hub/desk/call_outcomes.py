"""What may come of a call: the house's own list of outcome codes, in both languages, for all queues or for some."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypedDict

from crm_core.ground.errors import FieldError, Invalid, NotFound
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.store.call_desk_collections import CALL_OUTCOMES
from hub.store.client import Doc
from hub.store.unit import Unit, Units

_FIRST = (
    ("resolved", "Resolved", "已解决"),
    ("follow-up", "To be followed up", "需跟进"),
    ("call-back", "Will be called back", "需回电"),
    ("passed-on", "Passed on", "已转交"),
    ("order", "Order or sale", "成交"),
    ("complaint", "Complaint", "投诉"),
    ("no-interest", "No interest", "无意向"),
    ("not-reached", "Not reached", "未联系上"),
    ("wrong-number", "Wrong number", "打错电话"),
    ("nuisance", "Nuisance call", "骚扰电话"),
)


class OutcomeOut(TypedDict):
    """One outcome. `queues`: where it may be chosen; empty = everywhere. What is not `active` stands on old calls only."""

    code: str
    en: str
    zh: str
    queues: list[str]
    order: int
    active: bool


class CallOutcomes:
    """Reads and keeps the list."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units, self._audit = units, audit
        self._stored = units.db[CALL_OUTCOMES]

    async def seed(self) -> None:
        """Put the first ones; what an administrator changed or took away stays so."""
        for order, (code, en, zh) in enumerate(_FIRST, 1):
            first = {"en": en, "zh": zh, "queues": [], "order": order * 10, "active": True}
            await self._stored.update_one({"_id": code}, {"$setOnInsert": first}, upsert=True)

    async def all(self, queue: str | None = None, *, every: bool = False) -> list[OutcomeOut]:
        """In order; those of a queue, where one is named; also the inactive with `every`."""
        where: Doc = {} if every else {"active": True}
        if queue is not None:
            where["$or"] = [{"queues": []}, {"queues": queue}]
        return [_out(doc) async for doc in self._stored.find(where).sort([("order", 1), ("_id", 1)]).limit(500)]

    async def check(self, code: str, queue: str | None) -> None:
        """Whether a call of this queue may end so; raises `Invalid` with the field."""
        allowed = [each["code"] for each in await self.all(queue)]
        if code not in allowed:
            raise _wrong("outcome", f"choose one of: {', '.join(allowed)}", rule="choice", expected=", ".join(allowed))

    async def put(self, code: str, fields: Doc, by: Caller, far: FarEnd) -> OutcomeOut:
        """Make an outcome, or change the one of this code; raises `Invalid` where a queue does not exist."""
        await self._check_queues(fields["queues"])

        async def work(unit: Unit) -> None:
            await unit.db[CALL_OUTCOMES].replace_one({"_id": code}, fields, upsert=True, session=unit.session)
            await self._audit.write(
                "call-outcome.set", who=by.user, far=far, about=f"call-outcome:{code}", unit=unit, **fields
            )

        await self._units.run(work)
        return _out({"_id": code, **fields})

    async def remove(self, code: str, by: Caller, far: FarEnd) -> None:
        """Nobody chooses it any more; calls that have it keep it. Raises `NotFound`."""

        async def work(unit: Unit) -> None:
            change = {"$set": {"active": False}}
            found = await unit.db[CALL_OUTCOMES].update_one({"_id": code}, change, session=unit.session)
            if not found.matched_count:
                raise NotFound("there is no such outcome", code=code)
            await self._audit.write(
                "call-outcome.removed", who=by.user, far=far, about=f"call-outcome:{code}", unit=unit
            )

        await self._units.run(work)

    async def _check_queues(self, queues: Sequence[str]) -> None:
        known = {doc["_id"] async for doc in self._units.db["queues"].find({"_id": {"$in": list(queues)}}, {"_id": 1})}
        if missing := [queue for queue in queues if queue not in known]:
            raise _wrong("queues", f"there is no queue {', '.join(missing)}", rule="no-queue", what=", ".join(missing))


def _wrong(field: str, detail: str, **speaks_of: str | int) -> Invalid:
    return Invalid(f"{field}: {detail}", fields=(FieldError(field, "value", detail, speaks_of),))


def _out(doc: Doc) -> OutcomeOut:
    return OutcomeOut(
        code=doc["_id"],
        en=doc["en"],
        zh=doc["zh"],
        queues=doc["queues"],
        order=doc["order"],
        active=doc["active"],
    )
