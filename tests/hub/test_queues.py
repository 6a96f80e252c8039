"""Queues: seeded by the settings, joined and left, counted in one go; a change of members is a change of rights."""

from __future__ import annotations

import pytest

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, Forbidden, Invalid, NotFound
from hub.desk.queues import Queues
from hub.settings import QueueSettings
from hub.store.client import Database
from hub.store.collections import CONVERSATIONS, EVENTS
from hub.store.unit import Units
from tests.hub.console_lab import caller


@pytest.fixture
async def queues(db: Database, units: Units) -> Queues:
    await db["record_user"].insert_many(
        [{"_id": user, "login": user, "name": user.title(), "state": "active"} for user in ("ada", "ben", "sue")]
    )
    queues = Queues(units)
    await queues.seed({"support": QueueSettings(name="Support", name_zh="客服", sla_s=600, members=("ada", "nobody"))})
    return queues


async def events(db: Database) -> list[tuple[str, object]]:
    """What was announced: the name, and the user or the members."""
    found = await db[EVENTS].find().sort("_id", 1).to_list()
    return [(e["name"], e["data"].get("user") or e["data"].get("members")) for e in found]


async def test_the_settings_make_queues_once_and_then_the_store_has_the_word(queues: Queues) -> None:
    ada = caller("ada", "support")
    await queues.change("support", {"name": "Help", "members": ["ben"]})
    await queues.seed({"support": QueueSettings(name="Support", members=("ada",))})
    listed = {queue["id"]: queue for queue in await queues.list_all(ada)}
    assert set(listed) == {"general", "support"}
    assert listed["support"]["name"] == "Help"
    assert listed["support"]["members"] == ["ben"]
    assert listed["support"]["sla_s"] == 600


async def test_joining_and_leaving_is_announced_as_a_change_of_rights(db: Database, queues: Queues) -> None:
    ben = caller("ben")
    await queues.join(ben, "support")
    await queues.join(ben, "support")
    await queues.leave(ben, "support")
    assert await events(db) == [
        ("queue.changed", ["ada", "ben"]),
        ("hub.rights-changed", "ben"),
        ("queue.changed", ["ada"]),
        ("hub.rights-changed", "ben"),
    ]


async def test_only_a_supervisor_moves_others(queues: Queues) -> None:
    with pytest.raises(Forbidden):
        await queues.join(caller("ben"), "support", "sue")
    with pytest.raises(Forbidden):
        await queues.leave(caller("ben"), "support", "ada")
    await queues.join(caller("sue", supervisor=True), "support", "ben")
    assert (await queues.show(caller("ben"), "support"))["mine"]


async def test_a_closed_queue_takes_only_whom_a_supervisor_puts_in(queues: Queues) -> None:
    await queues.change("support", {"joinable": False})
    with pytest.raises(Forbidden):
        await queues.join(caller("ben"), "support")
    await queues.join(caller("sue", supervisor=True), "support", "ben")
    await queues.leave(caller("ben"), "support")


async def test_nobody_unknown_becomes_a_member_and_no_queue_is_made_twice(queues: Queues) -> None:
    with pytest.raises(Invalid):
        await queues.join(caller("sue", supervisor=True), "support", "ghost")
    with pytest.raises(Invalid):
        await queues.change("support", {"members": ["ghost"]})
    with pytest.raises(NotFound):
        await queues.join(caller("ben"), "nowhere")

    async def create() -> None:
        await queues.create("vip", name="VIP", name_zh="", sla_s=60, joinable=False, members=["ada", "ada"])

    await create()
    assert (await queues.show(caller("ada"), "vip"))["members"] == ["ada"]
    with pytest.raises(Conflict):
        await create()


async def test_counts_tell_what_is_open_unassigned_and_waiting(db: Database, queues: Queues) -> None:
    early, late = now().replace(second=1), now().replace(second=2)
    somebody = {"id": "ada", "name": "Ada"}
    rows = [
        ("support", "open", None, late),
        ("support", "open", somebody, early),
        ("support", "open", somebody, None),
        ("support", "closed", None, early),
        ("general", "open", None, None),
    ]
    fields = ("queue", "state", "assignee", "waiting_since")
    await db[CONVERSATIONS].insert_many(
        [{"_id": str(n), **dict(zip(fields, r, strict=True))} for n, r in enumerate(rows)]
    )
    listed = {queue["id"]: queue for queue in await queues.list_all(caller("ada", "support"))}
    support = listed["support"]
    assert (support["open"], support["unassigned"], support["waiting"]) == (3, 1, 2)
    assert support["waiting_since"] == early
    assert listed["general"]["waiting"] == 0
    assert listed["general"]["waiting_since"] is None
