"""One rule, said twice: as rooms (who is told) and as a store filter (who may read). They must agree."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.ground.events import HUB
from crm_core.ground.ids import new_id
from hub.feed.hints import Hints
from hub.feed.replay import Replay
from hub.feed.rooms import conversation_of, gone_from_sight, may_see_conversations
from hub.feed.tail import Feed
from hub.identity.caller import Caller
from hub.model.conversation import conversation_rooms
from hub.store.client import Database, Doc, connect, database
from hub.store.collections import CONVERSATIONS, EVENTS
from tests.hub.console_lab import caller

USERS, QUEUES = ["ada", "bob", "cy"], ["sales", "support", "general"]

conversations = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["open", "pending", "snoozed", "closed", "merged"]),
        "queue": st.none() | st.sampled_from(QUEUES),
        "assignee": st.none() | st.sampled_from(USERS).map(lambda u: {"id": u, "name": u}),
        "viewers": st.lists(st.sampled_from(USERS), max_size=2),
    }
)
callers = st.builds(
    lambda user, queues, supervisor, admin: caller(user, *queues, supervisor=supervisor, admin=admin),
    st.sampled_from(USERS),
    st.sets(st.sampled_from(QUEUES)),
    st.sampled_from([False, False, True]),
    st.sampled_from([False, False, True]),
)


def by_rooms(who: Caller, doc: Doc) -> bool:
    """Whether the rooms of a conversation let somebody see it."""
    return doc["state"] != "merged" and bool(conversation_rooms(doc) & who.rooms())


def in_fresh_database(url: str, work: Any) -> None:
    """Run one example on a database of its own, with a connection of its own."""

    async def run() -> None:
        client = connect(url)
        db = database(client, f"t_{new_id()}")
        try:
            await work(db)
        finally:
            await client.drop_database(db.name)
            await client.close()

    asyncio.run(run())


@given(docs=st.lists(conversations, min_size=1, max_size=25), people=st.lists(callers, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_who_is_told_of_a_conversation_and_who_may_read_it_are_the_same(
    mongo_url: str, docs: list[Doc], people: list[Caller]
) -> None:
    stored = [{"_id": f"c{n}", **doc} for n, doc in enumerate(docs)]
    events: list[Doc] = [
        {"_id": n + 1, "name": "conversation.changed", "rooms": sorted(conversation_rooms(doc)), "at": None}
        | {"data": {"conversation": {"id": doc["_id"]} if n % 2 else doc["_id"]}}
        for n, doc in enumerate(stored)
    ]

    async def work(db: Database) -> None:
        await db[CONVERSATIONS].insert_many(stored)
        await db[EVENTS].insert_many(events)
        feed = Feed(db, Hints(db))
        feed.position = len(events)
        replay = Replay(db, feed, limit=100)
        for who in people:
            told = {doc["_id"] for doc in stored if by_rooms(who, doc)}
            readable = {d["_id"] async for d in db[CONVERSATIONS].find(may_see_conversations(who), {"_id": 1})}
            replayed = {conversation_of(e) async for page in replay.pages(who, 0, len(events), 7) for e in page}
            assert readable == told == replayed

    in_fresh_database(mongo_url, work)


@given(before=conversations, after=conversations, who=callers)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_old_event_is_given_only_to_those_who_may_see_its_conversation_now(
    mongo_url: str, before: Doc, after: Doc, who: Caller
) -> None:
    lost = conversation_rooms(before) - conversation_rooms(after)
    events: list[Doc] = [
        {"_id": 1, "name": "message.appended", "rooms": sorted(conversation_rooms(before)), "at": None}
        | {"data": {"conversation": {"id": "c"}}},
        {
            "_id": 2,
            "name": "conversation.changed",
            "rooms": sorted(lost),
            "at": None,
            "data": {"id": "c", "gone": True},
        },
        {"_id": 3, "name": "hub.sign-in-ended", "rooms": [HUB], "at": None, "data": {"user": who.user}},
    ]

    async def work(db: Database) -> None:
        await db[CONVERSATIONS].insert_one({"_id": "c", **after})
        await db[EVENTS].insert_many(events)
        feed = Feed(db, Hints(db))
        feed.position = 3
        page = await Replay(db, feed, limit=100).page(who, 0, 10)
        given_ids = {item["seq"] for item in page["items"]}
        sees_now = by_rooms(who, after)
        saw = bool(conversation_rooms(before) & who.rooms())
        assert (1 in given_ids) == (saw and sees_now)
        assert (2 in given_ids) == bool(lost & who.rooms()), "that it went is told, though it may have come back"
        assert 3 not in given_ids
        assert page["next"] == 3

    in_fresh_database(mongo_url, work)


def test_what_an_event_tells_of_is_read_from_its_data() -> None:
    assert conversation_of({"data": {"conversation": {"id": "c"}}}) == "c"
    assert conversation_of({"data": {"conversation": "c"}}) == "c"
    assert conversation_of({"data": {"conversation": None}}) is None
    assert conversation_of({"data": {}}) is None
    assert gone_from_sight({"name": "conversation.changed", "data": {"id": "c", "gone": True}}) == "c"
    assert gone_from_sight({"name": "conversation.changed", "data": {"conversation": {"id": "c"}}}) is None
