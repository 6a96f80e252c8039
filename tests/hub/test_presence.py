"""Presence: said by the person, announced once, taken back when nobody vouches any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm_core.ground.clock import now, shifted
from hub.desk.presence import Presence
from hub.store.client import Client, Database, Doc
from hub.store.collections import EVENTS, PRESENCE, QUEUES
from hub.store.unit import Units


@pytest.fixture
def presence(units: Units) -> Presence:
    return Presence(units)


async def announced(db: Database) -> list[Doc]:
    """What the colleagues were told, in order."""
    return [event["data"] for event in await db[EVENTS].find().sort("_id", 1).to_list()]


async def test_a_state_is_stored_and_announced(db: Database, presence: Presence) -> None:
    assert await presence.of("ada") == {"state": "offline", "reason": None, "since": None}
    await presence.set("ada", "Ada", "break", "lunch")
    assert (await presence.of("ada"))["state"] == "break"
    (told,) = await announced(db)
    assert told == {
        "user": "ada",
        "name_shown": "Ada",
        "state": "break",
        "reason": "lunch",
        "since": (await presence.of("ada"))["since"],
    }


async def test_saying_the_same_again_announces_nothing_and_keeps_since(db: Database, presence: Presence) -> None:
    first = await presence.set("ada", "Ada", "available")
    with shifted(timedelta(minutes=5)):
        assert await presence.set("ada", "Ada", "available") == first
    assert len(await announced(db)) == 1


async def test_opening_a_console_changes_no_state(db: Database, presence: Presence) -> None:
    await presence.set("ada", "Ada", "break")
    await presence.vouch(["ada", "nobody"])
    assert (await presence.of("ada"))["state"] == "break"
    await presence.set("ada", "Ada", "offline")
    await presence.vouch(["ada"])
    assert (await presence.of("ada"))["state"] == "offline"
    assert await db[PRESENCE].count_documents({}) == 1


async def test_thirty_seconds_after_the_last_console_the_person_is_offline(db: Database, presence: Presence) -> None:
    await presence.set("ada", "Ada", "available")
    await presence.vouch(["ada"])
    with shifted(timedelta(seconds=30)):
        assert await presence.sweep() == 0
    with shifted(timedelta(seconds=41)):
        assert await presence.sweep() == 1
        assert await presence.sweep() == 0
        shown = await presence.of("ada")
    assert (shown["state"], shown["reason"]) == ("offline", "console closed")
    assert [told["state"] for told in await announced(db)] == ["available", "offline"]


async def test_a_console_on_any_hub_keeps_the_person_there(db: Database, client: Client, presence: Presence) -> None:
    elsewhere = Presence(Units(client, db))
    await presence.set("ada", "Ada", "busy")
    await presence.vouch(["ada"])
    with shifted(timedelta(seconds=35)):
        await elsewhere.vouch(["ada"])
    with shifted(timedelta(seconds=60)):
        assert await presence.sweep() == 0
        assert await elsewhere.sweep() == 0


async def test_two_hubs_that_notice_at_once_announce_once(db: Database, client: Client, presence: Presence) -> None:
    elsewhere = Presence(Units(client, db))
    await presence.set("ada", "Ada", "available")
    await presence.vouch(["ada"])
    with shifted(timedelta(minutes=1)):
        assert await presence.sweep() + await elsewhere.sweep() == 1
    assert len(await announced(db)) == 2


async def test_a_state_set_without_a_console_stays(presence: Presence) -> None:
    await presence.set("robot", "Robot", "available")
    with shifted(timedelta(days=1)):
        assert await presence.sweep() == 0


async def test_a_state_set_by_a_program_after_the_consoles_went_stays(presence: Presence) -> None:
    await presence.set("ada", "Ada", "available")
    await presence.vouch(["ada"])
    with shifted(timedelta(minutes=1)):
        await presence.sweep()
        await presence.set("ada", "Ada", "busy")
    with shifted(timedelta(minutes=10)):
        assert await presence.sweep() == 0


async def test_agents_are_listed_by_name_with_queues(db: Database, presence: Presence) -> None:
    people = [{"_id": "b", "name": "Ben", "state": "active"}, {"_id": "a", "name": "Ada", "state": "active"}]
    await db["record_user"].insert_many([*people, {"_id": "c", "name": "Cy", "state": "left"}])
    await db[QUEUES].insert_one({"_id": "support", "name": "Support", "members": ["a", "c"]})
    await presence.set("a", "Ada", "available")
    agents = await presence.agents()
    assert [(a["name"], a["state"], a["queues"]) for a in agents] == [
        ("Ada", "available", ["support"]),
        ("Ben", "offline", []),
    ]
    assert [a["id"] for a in await presence.agents("support")] == ["a"]
    assert agents[0]["since"] is not None
    assert agents[0]["since"] <= now()
