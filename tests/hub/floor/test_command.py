"""`mainstem calls rebuild-facts`, as an operator uses it."""

from __future__ import annotations

from pathlib import Path

from hub.store.client import Database
from tests.faults.house import HubProcess
from tests.hub.floor.samples import call, handler, visit
from tests.lab.ports import free_port


async def test_the_command_counts_every_call_anew(mongo_url: str, db: Database, tmp_path: Path) -> None:
    """It says how many; what was counted wrongly before is put right."""
    house = HubProcess(mongo_url, db.name, tmp_path, door=free_port())
    await db["calls"].insert_many([
        call(1, [visit("support", 0, 12)], [handler("ann", "support", 8, 12, 60)]),
        call(2, [visit("support", 0, 30, gave_up=True)], []),
    ])  # fmt: skip
    wrong = {"_id": "pbx|1|visit:0", "account": "pbx", "call": "1", "kind": "visit", "n": 1, "outcome": "abandoned"}
    await db["call_facts"].insert_one(wrong)
    assert await house.command("calls", "rebuild-facts") == (0, "2 calls\n")
    facts = await db["call_facts"].find().sort("_id", 1).to_list()
    assert [(fact["_id"], fact["outcome"]) for fact in facts] == [
        ("pbx|1|handling:0", "answered"), ("pbx|1|visit:0", "answered"), ("pbx|2|visit:0", "abandoned"),
    ]  # fmt: skip
