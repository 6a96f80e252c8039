"""What reports said of an address, and how a supervisor sets it right: the stream writes, mailings ask (`OptOuts.barred`).
An answer to a person is sent whatever stands here, and fails again if nothing changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from crm_core.ground.addresses import mail_key
from crm_core.ground.errors import FieldError, Invalid, NotFound
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.store.mail_collections import ADDRESS_FACTS
from hub.store.unit import Unit, Units


class UndeliverableOut(TypedDict):
    """The bounce that said so: our message, the report, and its words."""

    at: datetime
    message: str
    report: str
    status: str
    reason: str


class ComplainedOut(TypedDict):
    """The complaint: our message, and the report."""

    at: datetime
    message: str
    report: str


class AddressOut(TypedDict):
    """An address; None where nothing was reported."""

    address: str
    undeliverable: UndeliverableOut | None
    complained: ComplainedOut | None


class AddressFacts:
    """Shows and lifts facts."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units = units
        self._facts = units.db[ADDRESS_FACTS]
        self._audit = audit

    async def show(self, address: str) -> AddressOut:
        """What is known of an address; raises `Invalid` for what is none."""
        key = _key(address)
        doc: dict[str, Any] = await self._facts.find_one({"_id": key}) or {}
        return AddressOut(
            address=key.split(":", 1)[1],
            undeliverable=doc.get("undeliverable"),
            complained=doc.get("complained"),
        )

    async def lift(self, address: str, by: Caller, far: FarEnd) -> AddressOut:
        """The address can be reached again. That its owner complained, or wants no mailings, stays.

        Raises:
            NotFound: nothing said that it cannot be reached.
        """
        key = _key(address)

        async def work(unit: Unit) -> None:
            found = {"_id": key, "undeliverable": {"$exists": True}}
            done = await unit.db[ADDRESS_FACTS].update_one(
                found, {"$unset": {"undeliverable": ""}}, session=unit.session
            )
            if not done.matched_count:
                raise NotFound("nothing was reported of this address", address=address)
            await self._audit.write("address.lifted", who=by.user, far=far, about=key, unit=unit)

        await self._units.run(work)
        return await self.show(address)


def _key(address: str) -> str:
    key = mail_key(address)
    if key is None:
        raise Invalid(
            "address: not a mail address",
            fields=(FieldError("address", "value", "not a mail address", {"rule": "email"}),),
        )
    return key
