"""Plans of PBXs: queues, opening hours, menus and numbers of an account, kept as one document with a revision. (S2.9.9)"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import FieldError, Invalid, NotFound, StaleRevision
from hub.accounts.directory import Directory
from hub.calling import PbxPlan
from hub.channel import Account
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.store.call_desk_collections import PBX_PLANS
from hub.store.client import Doc
from hub.store.unit import Unit, Units


class PlanOut(TypedDict):
    """The plan of an account; revision 0 is the empty one that nobody wrote. `schema`: the JSON Schema of plans."""

    account: str
    plan: dict[str, Any]
    revision: int
    by: str | None
    at: datetime | None
    schema: dict[str, Any]


class PbxPlans:
    """Reads and keeps plans, and renders them for the PBX."""

    def __init__(self, units: Units, directory: Directory, audit: Audit) -> None:
        self._units, self._directory, self._audit = units, directory, audit
        self._stored = units.db[PBX_PLANS]

    async def of(self, account: str) -> PlanOut:
        """The plan of an account; raises `NotFound` where it has no PBX."""
        planner, _ = await self._planner(account)
        doc = await self._stored.find_one({"_id": account})
        return _out(account, planner, doc or {"plan": planner.checked({}), "revision": 0})

    async def put(self, account: str, plan: Mapping[str, Any], revision: int, by: Caller, far: FarEnd) -> PlanOut:
        """Replace the plan.

        Raises:
            Invalid: names each field that is wrong or leads nowhere.
            StaleRevision: somebody changed it since it was read.
        """
        planner, _ = await self._planner(account)
        try:
            checked = planner.checked(plan)
        except Invalid as error:
            raise _inside(error) from None
        doc: Doc = {"plan": checked, "revision": revision + 1, "by": by.user, "at": now()}

        async def work(unit: Unit) -> None:
            before = await unit.db[PBX_PLANS].find_one({"_id": account}, {"revision": 1}, session=unit.session)
            if (before or {"revision": 0})["revision"] != revision:
                raise StaleRevision("somebody changed this plan; read it again", account=account)
            await unit.db[PBX_PLANS].replace_one({"_id": account}, doc, upsert=True, session=unit.session)
            await self._audit.write(
                "pbx-plan.set", who=by.user, far=far, about=account, unit=unit, revision=revision + 1, plan=checked
            )

        await self._units.run(work)
        return _out(account, planner, doc)

    async def rendered(self, account: str) -> dict[str, str]:
        """File name -> text, from the plan as it is kept. Raises `Invalid` where it is wrong by the rules of today."""
        planner, _ = await self._planner(account)
        return planner.render((await self.of(account))["plan"])

    async def reload(self, account: str) -> None:
        """Have the PBX read its files anew. Raises `ChannelError`, and `SetupError` where nobody may ask for it."""
        planner, pbx = await self._planner(account)
        await planner.reload(pbx)

    async def _planner(self, account: str) -> tuple[PbxPlan[Any], Account]:
        channel, pbx = (await self._directory.one(account)).ready()
        if channel.plan is None:
            raise NotFound(f"account {account!r} is no PBX: it has no plan", account=account)
        return channel.plan, pbx


def _inside(error: Invalid) -> Invalid:
    """The same, with the fields as the caller sent them."""
    fields = tuple(FieldError(f"plan.{each.path}", each.code, each.detail) for each in error.fields)
    return Invalid("; ".join(f"{each.path}: {each.detail}" for each in fields[:3]), fields=fields)


def _out(account: str, planner: PbxPlan[Any], doc: Doc) -> PlanOut:
    return PlanOut(
        account=account, plan=doc["plan"], revision=doc["revision"], by=doc.get("by"), at=doc.get("at"),
        schema=planner.schema(),
    )  # fmt: skip
