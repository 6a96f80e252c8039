"""The facts in the store: once, whatever comes how often; made anew; found by index (S2.9.9-08)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.desk.floor.adding import sums
from hub.desk.floor.fact_reader import FactReader
from hub.desk.floor.facts import facts_of
from hub.desk.floor.measures import figures, total
from hub.store.client import Database, Doc, connect, database
from tests.hub.floor.samples import NOON, call, calls, handler, later, visit

ANSWERED = call(1, [visit("support", 0, 12)], [handler("ann", "support", 8, 12, 60)])


def heard(*docs: Doc) -> list[Doc]:
    """The events of these calls, as the reader gets them."""
    return [
        {"name": "call.changed", "data": {"call": {"account": doc["account"], "call": doc["call"]}}} for doc in docs
    ]


def says(user: str, state: str, second: float) -> Doc:
    """A change of presence, as the reader gets it."""
    return {"name": "agent.changed", "data": {"user": user, "state": state, "since": later(second)}}


async def stored(db: Database, **where: Any) -> list[Doc]:
    """The facts without the moment of writing."""
    return await db["call_facts"].find(where, {"changed_at": 0}).sort("_id", 1).to_list()


async def test_hearing_of_a_call_again_changes_nothing(db: Database) -> None:
    """Twice in a batch, and once more later."""
    reader = FactReader(db)
    await db["calls"].insert_one(ANSWERED)
    await reader.handle(heard(ANSWERED, ANSWERED))
    first = await stored(db)
    await reader.handle(heard(ANSWERED))
    assert await stored(db) == first
    assert [fact["kind"] for fact in first] == ["handling", "visit"]


async def test_a_late_hub_does_not_put_older_facts_over_newer_ones(db: Database) -> None:
    """It read the call before, and writes after the other."""
    reader = FactReader(db)
    newer = ANSWERED | {"n": 20}
    await db["calls"].insert_one(newer)
    await reader.write(["pbx|1"])
    older = call(1, [visit("support", 0, 9, gave_up=True)], []) | {"n": 15}
    await db["calls"].replace_one({"_id": "pbx|1"}, older)
    await reader.write(["pbx|1"])
    assert {fact["outcome"] for fact in await stored(db, kind="visit")} == {"answered"}


async def test_a_call_that_goes_into_another_takes_its_facts_along(db: Database) -> None:
    """An attended transfer makes one call of two."""
    reader = FactReader(db)
    await db["calls"].insert_one(dict(ANSWERED))
    await reader.write(["pbx|1"])
    await db["calls"].update_one({"_id": "pbx|1"}, {"$set": {"merged_into": "2", "n": 11}})
    await reader.write(["pbx|1"])
    assert await stored(db) == []


async def test_targets_are_those_of_the_moment_and_a_rebuild_judges_anew(db: Database) -> None:
    """First 20 s, then 10 s."""
    reader = FactReader(db)
    await db["calls"].insert_one(dict(ANSWERED))
    await db["queues"].insert_one({"_id": "support", "name": "Support", "name_zh": "", "members": []})
    await reader.write(["pbx|1"])
    level = {"answer_s": 10, "percent": 80, "short_s": 5}
    await db["queues"].update_one({"_id": "support"}, {"$set": {"service_level": level}})
    assert [fact["m"]["in_time"] for fact in await stored(db, kind="visit")] == [1]
    assert await reader.rebuild() == 1
    assert [fact["m"]["in_time"] for fact in await stored(db, kind="visit")] == [0]


async def test_wrap_up_is_counted_by_our_own_clock_for_the_last_call(db: Database) -> None:
    """From the moment the person says so until they say something else; heard twice, counted once."""
    reader = FactReader(db)
    await db["calls"].insert_one(dict(ANSWERED))
    events = [
        *heard(ANSWERED),
        says("ann", "wrap_up", 60.2),
        says("bob", "available", 70),
        says("ann", "available", 90.2),
    ]
    await reader.handle(events)
    await reader.handle(events)
    [fact] = await stored(db, kind="wrap")
    assert (fact["queue"], fact["call"], fact["user"], fact["m"]) == (
        "support",
        "1",
        "ann",
        {"wraps": 1, "wrap_s": 30.0},
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(docs=st.lists(calls(), min_size=1, max_size=5, unique_by=lambda doc: doc["_id"]), data=st.data())
def test_the_store_adds_up_as_the_pure_functions_do_in_any_order(
    mongo_url: str, prepared_database: str, docs: list[Doc], data: st.DataObject
) -> None:
    """Per queue and per agent, whichever events came first or twice."""
    heard_of = data.draw(st.permutations([*docs, data.draw(st.sampled_from(docs))]))
    with asyncio.Runner() as runner:
        by_queue, by_user = runner.run(_through_the_store(mongo_url, prepared_database, docs, heard_of))
    facts = [fact for doc in docs for fact in facts_of(doc, {})]
    for key, found in (("queue", by_queue), ("user", by_user)):
        expected = {each: figures(total(f["m"] for f in facts if f[key] == each)) for each in {f[key] for f in facts}}
        assert found == expected


async def _through_the_store(url: str, name: str, docs: list[Doc], heard_of: list[Doc]) -> list[dict[str, Any]]:
    client = connect(url)
    try:
        db = database(client, name)
        for collection in ("calls", "call_facts", "queues"):
            await db[collection].delete_many({})
        await db["calls"].insert_many([dict(doc) for doc in docs])
        for each in heard_of:
            await FactReader(db).handle(heard(each))
        where = {"at": {"$gte": NOON - timedelta(days=1)}}
        return [{row["_id"]: figures(row) for row in await sums(db, where, f"${key}")} for key in ("queue", "user")]
    finally:
        await client.close()


@pytest.mark.parametrize(
    "where",
    [
        {"at": {"$gte": NOON}, "direction": "inbound"},
        {"at": {"$gte": NOON}, "direction": "inbound", "queue": "support"},
        {"at": {"$gte": NOON}, "direction": "inbound", "user": "ann", "kind": "visit"},
        {"at": {"$gte": NOON}, "direction": "inbound", "queue": {"$gt": ""}},
        {"account": "pbx", "call": "1", "kind": {"$in": ["visit", "handling"]}, "n": {"$lte": 3}, "_id": {"$nin": []}},
        {"user": "ann", "kind": "wrap", "ended_at": None, "at": {"$lt": NOON}},
    ],
)
async def test_no_question_scans_the_facts(db: Database, where: dict[str, Any]) -> None:
    """By time, by queue, by person, by call."""
    at = [{"_id": str(n), "at": later(n), "queue": "support", "user": "ann", "call": str(n)} for n in range(50)]
    await db["call_facts"].insert_many(at)
    plan = (await db["call_facts"].find(where).explain())["queryPlanner"]["winningPlan"]
    assert "IXSCAN" in str(plan)
    assert "COLLSCAN" not in str(plan)


async def test_the_newest_fact_is_found_at_the_end_of_an_index(db: Database) -> None:
    """What the board asks every second reads one key."""
    await db["call_facts"].insert_many([{"_id": str(n), "changed_at": later(n)} for n in range(50)])
    cursor = db["call_facts"].find({}, {"changed_at": 1}).sort("changed_at", -1).limit(1)
    stats = (await cursor.explain())["executionStats"]
    assert stats["totalDocsExamined"] == 1
