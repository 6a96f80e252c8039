"""What consoles hear: everything that is theirs, once, in order, across reconnects and hubs."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from crm_core.ground.events import EVERYONE, HUB, SUPERVISORS, queue_room, user_room
from hub.events import ConversationGone
from hub.store.client import Database
from hub.store.collections import CONVERSATIONS, EVENTS
from tests.hub.console_lab import Lab, Said, add_conversation, caller, say


@pytest.fixture
async def lab(db: Database) -> AsyncIterator[Lab]:
    lab = Lab(db)
    lab.people.add(caller("ada", "support"), caller("bob", "sales"), caller("sue", "support", supervisor=True))
    await lab.start()
    yield lab
    await lab.stop()


async def test_an_event_whose_rooms_overlap_is_heard_once(lab: Lab) -> None:
    sue = await lab.connect("sue")
    rooms = frozenset({queue_room("support"), SUPERVISORS, EVERYONE, user_room("sue")})
    await say(lab.units, Said(n=1, _rooms=rooms), Said(n=2, _rooms=rooms))
    await sue.until(lambda: len(sue.of("test.said")) >= 2)
    said = sue.of("test.said")
    assert [frame["data"]["n"] for frame in said] == [1, 2]
    assert set(said[0]) == {"seq", "at", "data"}


async def test_nobody_hears_other_rooms_and_what_is_for_hubs_stays_there(lab: Lab) -> None:
    ada, bob = await lab.connect("ada"), await lab.connect("bob")
    only_hub = Said(n=1, _rooms=frozenset({HUB, EVERYONE}))
    await say(lab.units, only_hub, Said(n=2, _rooms=frozenset({queue_room("sales")})))
    await say(lab.units, Said(n=3, _rooms=frozenset({EVERYONE})))
    for hearing in (ada, bob):
        await hearing.heard_seq(3)
    assert [f["data"]["n"] for f in ada.of("test.said")] == [3]
    assert [f["data"]["n"] for f in bob.of("test.said")] == [2, 3]
    missed = await lab.replay.page(lab.people.known["bob"], 0, 100)
    assert [item["data"]["n"] for item in missed["items"]] == [2, 3]


async def test_a_console_that_resumes_while_others_write_misses_and_repeats_nothing(lab: Lab) -> None:
    chance = random.Random(7)
    mine = frozenset({queue_room("support")})
    writing = True

    async def write() -> None:
        for n in range(250):
            rooms = mine if chance.random() < 0.7 else frozenset({queue_room("sales")})
            await say(lab.units, *[Said(n=n, _rooms=rooms)] * chance.randint(1, 4))
            if chance.random() < 0.2:
                await asyncio.sleep(0.002)

    writer = asyncio.gather(write())
    heard: list[int] = []
    after = 0
    while writing:
        writing = not writer.done()
        ada = await lab.connect("ada", after)
        await asyncio.sleep(chance.random() * 0.08)
        await ada.leave()
        assert not ada.of("stale")
        heard += ada.seqs()
        after = max([after, *[r["seq"] for r in ada.of("ready")], *ada.seqs()])
    newest = await lab.feed.newest()
    await asyncio.wait_for(lab.feed.reached(newest), 10)
    last = await lab.connect("ada", after)
    heard += last.seqs()
    stored = await lab.db[EVENTS].find({"rooms": queue_room("support")}).sort("_id", 1).to_list()
    wanted = [event["_id"] for event in stored]
    assert heard == wanted


async def test_a_console_that_was_away_too_long_is_told_to_reload(lab: Lab) -> None:
    await say(lab.units, *[Said(n=n, _rooms=frozenset({EVERYONE})) for n in range(20)])
    await asyncio.wait_for(lab.feed.reached(20), 10)
    lab.replay._limit = 5
    many = await lab.connect("ada", 3)
    assert many.of("stale") == [{"seq": 20, "why": "too many"}]
    assert many.seqs() == []
    await lab.db[EVENTS].delete_many({"_id": {"$lte": 17}})
    old = await lab.connect("ada", 15)
    assert old.of("stale") == [{"seq": 20, "why": "too old"}]
    future = await lab.connect("ada", 21)
    assert future.of("stale") == [{"seq": 20, "why": "future"}]
    fine = await lab.connect("ada", 17)
    assert fine.of("stale") == []
    assert fine.seqs() == [18, 19, 20]
    await say(lab.units, Said(n=99, _rooms=frozenset({EVERYONE})))
    for hearing in (many, old, future, fine):
        await hearing.heard_seq(21)


async def test_a_replay_shows_only_conversations_that_may_be_seen_now(lab: Lab) -> None:
    await add_conversation(lab.db, "mine", queue="support")
    await add_conversation(lab.db, "moved", queue="support")
    rooms = frozenset({queue_room("support"), SUPERVISORS})
    await say(lab.units, Said(n=1, conversation="mine", _rooms=rooms), Said(n=2, conversation="moved", _rooms=rooms))
    await lab.db[CONVERSATIONS].update_one({"_id": "moved"}, {"$set": {"queue": "sales"}})
    gone = ConversationGone(id="moved", _rooms=frozenset({queue_room("support")}))
    told = frozenset({queue_room("sales"), SUPERVISORS})
    await say(lab.units, gone, Said(n=3, conversation="moved", _rooms=told))
    await asyncio.wait_for(lab.feed.reached(4), 10)
    ada = await lab.connect("ada", 0)
    assert [f["data"]["n"] for f in ada.of("test.said")] == [1]
    assert [f["data"]["id"] for f in ada.of("conversation.changed")] == ["moved"]
    sue = await lab.connect("sue", 0)
    assert [f["data"]["n"] for f in sue.of("test.said")] == [1, 2, 3]
    assert sue.of("conversation.changed") == [], "the same commit shows it by another room"


async def test_what_went_and_came_back_while_a_console_was_away_is_told_to_have_gone(lab: Lab) -> None:
    await add_conversation(lab.db, "back", queue="support")
    here, there = queue_room("support"), queue_room("sales")
    await say(lab.units, ConversationGone(id="back", _rooms=frozenset({here})), *_shown("back", there))
    await say(lab.units, ConversationGone(id="back", _rooms=frozenset({there})), *_shown("back", here))
    await asyncio.wait_for(lab.feed.reached(4), 10)
    ada = await lab.connect("ada", 0)
    assert [name for name, _ in ada.heard] == ["conversation.changed", "test.said", "ready"], (
        "else it shows an old thread"
    )


def _shown(conversation: str, room: str) -> list[Said]:
    return [Said(conversation=conversation, _rooms=frozenset({room}))]


async def test_two_hubs_on_one_database_tell_their_consoles_the_same(lab: Lab) -> None:
    other = Lab(lab.db)
    other.people = lab.people
    other.door._identify = lab.people
    await other.start()
    try:
        here, there = await lab.connect("ada"), await other.connect("ada")
        for n in range(10):
            await say((lab if n % 2 else other).units, Said(n=n, _rooms=frozenset({EVERYONE})))
        for hearing in (here, there):
            await hearing.heard_seq(10)
            assert hearing.seqs() == list(range(1, 11))
    finally:
        await other.stop()


async def test_a_console_comes_from_a_hub_that_is_ahead(lab: Lab) -> None:
    await lab.supervisor.drop("feed")
    await say(lab.units, *[Said(n=n, _rooms=frozenset({EVERYONE})) for n in range(3)])
    ada = await lab.connect("ada", 2, wait=False)
    lab.supervisor.keep("feed", lab.feed.run)
    await ada.until(lambda: 3 in ada.seqs())
    assert ada.seqs() == [3]
    assert not ada.of("stale")


async def test_a_quiet_console_learns_where_the_stream_stands(lab: Lab) -> None:
    bob = await lab.connect("bob")
    await say(lab.units, Said(_rooms=frozenset({queue_room("support")})))
    await asyncio.wait_for(lab.feed.reached(1), 10)
    lab.keeper.beat()
    lab.keeper.beat()
    await bob.until(lambda: bob.of("ready") == [{"seq": 0}, {"seq": 1}])


async def test_polling_works_where_websockets_do_not(lab: Lab) -> None:
    ada = await lab.connect("ada", transports=["polling"])
    await say(lab.units, Said(n=1, _rooms=frozenset({EVERYONE})))
    await ada.until(lambda: len(ada.seqs()) == 1)


async def test_the_polled_feed_pages_without_gap(lab: Lab) -> None:
    await say(
        lab.units, *[Said(n=n, _rooms=frozenset({queue_room("sales" if n % 3 else "support")})) for n in range(30)]
    )
    await asyncio.wait_for(lab.feed.reached(30), 10)
    who, after, got = lab.people.known["ada"], 0, []
    for _ in range(10):
        page = await lab.replay.page(who, after, 4)
        got += [item["data"]["n"] for item in page["items"]]
        after = page["next"]
    assert got == list(range(0, 30, 3))
    assert after == 30
    assert (await lab.replay.page(who, 31, 4))["stale"] == "future"
