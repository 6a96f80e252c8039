"""How the server would answer a query."""

from __future__ import annotations

from typing import Any

from hub.store.client import Database


async def stages(db: Database, collection: str, query: dict[str, Any]) -> list[str]:
    """The stages of the winning plan, from the outside in."""
    await db[collection].insert_many([{"seq": n, "place": str(n), "login": str(n)} for n in range(20)])
    plan = (await db[collection].find(query).explain())["queryPlanner"]["winningPlan"]
    return _names(plan)


def _names(plan: dict[str, Any]) -> list[str]:
    inner = [plan["inputStage"]] if "inputStage" in plan else plan.get("inputStages", [])
    return [plan["stage"], *(name for stage in inner for name in _names(stage))]
