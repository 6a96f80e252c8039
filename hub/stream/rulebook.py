"""The rules of the house as a batch reads them: those that are switched on, with whom and where they send mail to checked."""

from __future__ import annotations

from hub.store.client import Doc
from hub.store.collections import QUEUES
from hub.store.mail_collections import RULES
from hub.store.unit import Unit


async def rules_in_force(unit: Unit) -> list[Doc]:
    """In order. A rule that assigns to a colleague who has left, or to a queue that is gone, does that no more: the
    message then stays where it would be without the rule, so that it is not lost from sight."""
    rules = await unit.beside[RULES].find({}).sort("place", 1).to_list()
    rules = [rule for rule in rules if rule["enabled"]]
    if not rules:
        return []
    people = {rule["then"]["assignee"]["id"] for rule in rules if rule["then"].get("assignee")}
    queues = {rule["then"]["queue"] for rule in rules if rule["then"].get("queue")}
    here = await _those_of(unit, "record_user", people, {"state": "active"}) if people else set()
    there = await _those_of(unit, QUEUES, queues, {}) if queues else set()
    for rule in rules:
        then = rule["then"]
        if then.get("assignee") and then["assignee"]["id"] not in here:
            then["assignee"] = None
        if then.get("queue") and then["queue"] not in there:
            then["queue"] = None
    return rules


async def _those_of(unit: Unit, collection: str, ids: set[str], more: Doc) -> set[str]:
    query = {"_id": {"$in": sorted(ids)}, **more}
    return {doc["_id"] async for doc in unit.beside[collection].find(query, {"_id": 1})}
