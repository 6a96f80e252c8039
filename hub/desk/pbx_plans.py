"""Plans of PBXs: queues, opening hours, menus and numbers of an account, kept as one document with a revision. (S2.9.9)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crm_core.ground.clock import now
from crm_core.ground.errors import Invalid, NotFound, StaleRevision
from hub.accounts.directory import Directory
from hub.calling import PbxPlan
from hub.channel import Account
from hub.desk.pbx_plan_out import PlanApplied, PlanHead, PlanOut, head_out, plan_out
from hub.desk.pbx_writing import reloaded, written
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.store.call_desk_collections import PBX_PLANS
from hub.store.client import Doc
from hub.store.unit import Unit, Units


class PbxPlans:
    """Reads and keeps plans, and renders them for the PBX."""

    def __init__(self, units: Units, directory: Directory, audit: Audit) -> None:
        self._units, self._directory, self._audit = units, directory, audit
        self._stored = units.db[PBX_PLANS]

    async def of(self, account: str) -> PlanOut:
        """The plan of an account; raises `NotFound` where it has no PBX."""
        planner, pbx = await self._planner(account)
        doc = await self._stored.find_one({"_id": account})
        return plan_out(pbx, planner, doc or {"plan": planner.checked({}), "revision": 0})

    async def heads(self) -> list[PlanHead]:
        """Every PBX that can have a plan, by its account."""
        fields = {"revision": 1, "by": 1, "at": 1}
        kept = {doc["_id"]: doc async for doc in self._stored.find({}, fields)}
        able = [each.id for each in await self._directory.all() if each.account and each.channel and each.channel.plan]
        return [head_out(account, kept.get(account, {"revision": 0})) for account in able]

    async def previewed(self, account: str, plan: Mapping[str, Any]) -> dict[str, str]:
        """File name -> text of a plan that is not kept; raises `Invalid` as `put`."""
        planner, _ = await self._planner(account)
        try:
            return planner.render(plan)
        except Invalid as error:
            raise _inside(error) from None

    async def put(self, account: str, plan: Mapping[str, Any], revision: int, by: Caller, far: FarEnd) -> PlanOut:
        """Replace the plan.

        Raises:
            Invalid: names each field that is wrong or leads nowhere.
            StaleRevision: somebody changed it since it was read.
        """
        planner, pbx = await self._planner(account)
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
        return plan_out(pbx, planner, doc)

    async def apply(self, account: str, revision: int, by: Caller, far: FarEnd) -> PlanApplied:
        """Write the plan as it is kept where the PBX reads it, and have it read there. Safe to repeat.

        Raises:
            Conflict: this hub cannot write there.
            Invalid: it is wrong by the rules of today.
            StaleRevision: somebody changed it since it was read.
        """
        planner, pbx = await self._planner(account)
        kept = await self.of(account)
        if kept["revision"] != revision:
            raise StaleRevision("somebody changed this plan; read it again", account=account)
        files = await written(planner.folder(pbx), planner.render(kept["plan"]))
        said, fault = await reloaded(planner, pbx)
        await self._audit.write(
            "pbx-plan.applied", who=by.user, far=far, about=account, revision=revision, said=said, fault=fault
        )
        return PlanApplied(files=files, said=said, fault=fault)

    async def rendered(self, account: str) -> dict[str, str]:
        """File name -> text, from the plan as it is kept. Raises `Invalid` where it is wrong by the rules of today."""
        planner, _ = await self._planner(account)
        return planner.render((await self.of(account))["plan"])

    async def reload(self, account: str) -> dict[str, str]:
        """Have the PBX read its files anew; what it said. Raises `ChannelError`, and `SetupError` where nobody may ask for it."""
        planner, pbx = await self._planner(account)
        return await planner.reload(pbx)

    async def _planner(self, account: str) -> tuple[PbxPlan[Any], Account]:
        channel, pbx = (await self._directory.one(account)).ready()
        if channel.plan is None:
            raise NotFound(f"account {account!r} is no PBX: it has no plan", account=account)
        return channel.plan, pbx


def _inside(error: Invalid) -> Invalid:
    """The same, with the fields as the caller sent them."""
    fields = tuple(replace(each, path=f"plan.{each.path}") for each in error.fields)
    return Invalid("; ".join(f"{each.path}: {each.detail}" for each in fields[:3]), fields=fields)
