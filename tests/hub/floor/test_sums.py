"""Days of calls that are added up: every answer is the one that the facts give, whatever changes, whoever is killed
(S2.9.9-08)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.ground.clock import now, shifted
from hub.desk.floor import span_marks
from hub.desk.floor.answers import of_sums
from hub.desk.floor.fact_reader import FactReader
from hub.desk.floor.questions import Asked
from hub.desk.floor.roller import Roller
from hub.desk.floor.spans import parts_of
from hub.desk.floor.sums_check import compare_sums
from hub.store.client import Database, Doc, connect, database
from tests.hub.floor.samples import NOON, call, handler, visit
from tests.hub.floor.sums_house import all_added_up, both_ways, facts, questions

SHANGHAI = ZoneInfo("Asia/Shanghai")
BEGAN = datetime(2024, 3, 6, 4, 0, tzinfo=UTC)
YEAR = Asked(
    by="outcome", since=datetime(2024, 1, 1, tzinfo=UTC), until=datetime(2025, 1, 1, tzinfo=UTC), zone=SHANGHAI
)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """It is the summer of 2024."""
    with shifted(BEGAN + timedelta(days=120) - now()):
        yield


def long_ago(doc: Doc, days: int = 0) -> Doc:
    """The same call in March 2024."""

    def moved(value: Any) -> Any:
        if isinstance(value, datetime):
            return value - NOON + BEGAN + timedelta(days=days)
        if isinstance(value, dict):
            return {key: moved(each) for key, each in value.items()}
        return [moved(each) for each in value] if isinstance(value, list) else value

    result: Doc = moved(doc)
    return result


def answered(number: int, days: int = 0) -> Doc:
    """A call of support that Ann answered."""
    talks = handler("ann", "support", 5, 10 + number % 7, 70)
    return long_ago(call(number, [visit("support", 0, 10 + number % 7)], [talks]), days)


async def agree(db: Database, *asked: Asked) -> None:
    """Both ways give the same."""
    for each in asked or (YEAR,):
        sums, of_facts = await both_ways(db, each)
        assert sums == of_facts, each


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=facts(), data=st.data())
def test_every_question_has_the_answer_that_the_facts_give(
    mongo_url: str, prepared_database: str, made: tuple[datetime, list[Doc]], data: st.DataObject
) -> None:
    """S2.9.9-08: by everything, with a queue and without, in zones of whole, half and quarter hours, while clocks are put
    forward and back; with all days added up, and with some of them."""
    begins, docs = made
    asked = data.draw(questions(begins))
    open_again = data.draw(st.lists(st.sampled_from([doc["at"] for doc in docs]), max_size=2))

    async def ask() -> None:
        client = connect(mongo_url)
        try:
            db = database(client, prepared_database)
            for collection in ("call_facts", "call_spans", "call_sums"):
                await db[collection].delete_many({})
            await db["call_facts"].insert_many(docs)
            with shifted(begins + timedelta(days=20) - now()):
                await all_added_up(db)
            await agree(db, *asked)
            async with client.start_session() as session:
                await span_marks.touch(db, open_again, session)
            await agree(db, *asked)
        finally:
            await client.close()

    with asyncio.Runner() as runner:
        runner.run(ask())


async def test_a_year_is_read_from_sums_and_only_its_ends_from_facts(db: Database) -> None:
    """The facts in between are not read: without them, what was added up is still told."""
    await db["calls"].insert_many([answered(number, number * 5) for number in range(20)])
    await FactReader(db).rebuild()
    await all_added_up(db)
    await db["call_facts"].delete_many({"kind": "visit"})
    sums, _ = await both_ways(db, YEAR)
    assert sums["answered"]["offered"] == 20
    known = await span_marks.versions(db, ("day",), YEAR.since, YEAR.until)
    shanghai = parts_of(
        Asked(by="day", since=BEGAN.replace(hour=16), until=BEGAN.replace(day=20, hour=16), zone=SHANGHAI), known
    )
    assert len(shanghai.versions) == 13
    assert [ends - begins for begins, ends in shanghai.times] == [timedelta(hours=8), timedelta(hours=16)]


async def test_what_is_noted_later_changes_the_sums_once(db: Database) -> None:
    """A wrap-up code the day after, told twice; a call that is heard of again changes nothing at all."""
    reader = FactReader(db)
    await db["calls"].insert_many([answered(1), answered(2)])
    await reader.write(["pbx|1", "pbx|2"])
    await all_added_up(db)
    by_code = Asked(by="code", since=YEAR.since, until=YEAR.until, zone=SHANGHAI)
    noted = {"$set": {"notes": {"wrap_up": {"outcome": "sold"}}}, "$inc": {"n": 1}}
    await db["calls"].update_one({"_id": "pbx|1"}, noted)
    for _ in range(2):
        await reader.write(["pbx|1", "pbx|2"])
        await agree(db, by_code, YEAR)
        await all_added_up(db)
        sums, of_facts = await both_ways(db, by_code)
        assert {key: row["offered"] for key, row in sums.items()} == {"": 1, "sold": 1, "(total)": 2}
        assert sums == of_facts
    marks = await db["call_spans"].find().sort("_id", 1).to_list()
    await reader.write(["pbx|1", "pbx|2"])
    assert await db["call_spans"].find().sort("_id", 1).to_list() == marks


async def test_a_call_that_went_into_another_leaves_the_sums(db: Database) -> None:
    """Its facts go, and the day is added up without them; the same for a wrap-up that ends a day later."""
    reader = FactReader(db)
    await db["calls"].insert_many([answered(1), answered(2)])
    await reader.write(["pbx|1", "pbx|2"])
    ends = BEGAN + timedelta(seconds=75)
    await reader.handle([{"name": "agent.changed", "data": {"user": "ann", "state": "wrap_up", "since": ends}}])
    await all_added_up(db)
    await db["calls"].update_one({"_id": "pbx|1"}, {"$set": {"merged_into": "2", "n": 11}})
    await reader.write(["pbx|1"])
    later = {"user": "ann", "state": "available", "since": ends + timedelta(days=1)}
    await reader.handle([{"name": "agent.changed", "data": later}])
    by_agent = Asked(by="agent", since=YEAR.since, until=YEAR.until, zone=SHANGHAI)
    await agree(db, YEAR, by_agent)
    await all_added_up(db)
    await agree(db, YEAR, by_agent)
    sums, _ = await both_ways(db, by_agent)
    assert (sums["(total)"]["offered"], sums["(total)"]["wrap_s"]) == (1, 86_400.0)


@pytest.mark.parametrize("after_ms", [0, 2, 5, 10, 15, 20, 30, 50, 80])
async def test_adding_up_that_is_cut_off_loses_and_doubles_nothing(db: Database, after_ms: int) -> None:
    """Wherever it is cut off: answers are right at once, and nothing that is read stays behind."""
    await db["calls"].insert_many([answered(number, number) for number in range(4)])
    await FactReader(db).rebuild()
    await all_added_up(db)
    await span_marks.forget(db)
    for _ in range(3):
        step = asyncio.create_task(Roller(db).step())
        await asyncio.wait([step], timeout=after_ms / 1000)
        step.cancel()
        await asyncio.wait([step])
        await agree(db)
    await all_added_up(db)
    await agree(db)
    assert (await compare_sums(db, newest=200)).differing == []


async def test_facts_that_change_while_days_are_added_up_are_in_the_sums(db: Database) -> None:
    """Two hubs write and two add up, over the same days."""
    await db["calls"].insert_many([answered(number, number % 3) for number in range(12)])

    async def write(numbers: range) -> None:
        reader = FactReader(db)
        for number in numbers:
            await reader.write([f"pbx|{number}"])

    async def add_up() -> None:
        for _ in range(10):
            await Roller(db).step()

    await asyncio.gather(write(range(12)), write(range(11, -1, -1)), add_up(), add_up())
    await all_added_up(db)
    await agree(db)
    sums, _ = await both_ways(db, YEAR)
    assert sums["answered"]["offered"] == 12
    assert (await compare_sums(db, newest=200)).differing == []


async def test_what_runs_today_is_not_added_up(db: Database) -> None:
    """Facts of today are written without a mark, and told from the facts."""
    moved = now() - NOON - timedelta(seconds=1)
    doc = call(1, [visit("support", 0, 0.5, gave_up=True)], [])
    doc["part"]["queues"][0]["joined_at"] += moved
    doc["part"]["queues"][0]["left_at"] += moved
    await db["calls"].insert_one(doc)
    await FactReader(db).write(["pbx|1"])
    await all_added_up(db)
    today = f"day|{now():%Y-%m-%d}"
    assert (await db["call_spans"].find_one({"_id": today}) or {}).get("version") is None


async def test_the_check_finds_a_day_that_differs_and_a_rebuild_mends_it(db: Database) -> None:
    """As if somebody had written facts around the writer."""
    await db["calls"].insert_one(answered(1))
    await FactReader(db).write(["pbx|1"])
    await all_added_up(db)
    assert (await compare_sums(db, newest=200)).differing == []
    await db["call_facts"].update_one({"kind": "visit"}, {"$set": {"m.wait_s": 99.0}})
    assert (await compare_sums(db, newest=200)).differing == ["day 2024-03-06", "week 2024-03-04"]
    await FactReader(db).rebuild()
    await all_added_up(db)
    assert (await compare_sums(db, newest=200)).differing == []
    await agree(db)


async def test_no_question_scans_the_sums(db: Database) -> None:
    """Only rows that are asked for are looked at, of sums as of marks."""
    await db["calls"].insert_many([answered(number, number) for number in range(20)])
    await FactReader(db).rebuild()
    await all_added_up(db)
    known = await span_marks.versions(db, ("day",), YEAR.since, YEAR.until)
    for queue in (None, "support"):
        asked = Asked(by="hour", since=YEAR.since, until=YEAR.until, zone=SHANGHAI, queue=queue)
        plan = await db["call_sums"].find(of_sums(asked, list(known.values()))).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
        assert plan["executionStats"]["totalDocsExamined"] == plan["executionStats"]["nReturned"] == 20
    for where in (
        {"version": {"$in": list(known.values())}}, {"kind": {"$in": ["day"]}, "at": {"$gte": BEGAN}, "version": {"$gt": ""}},
        {"$or": [{"kind": "day", "version": None, "at": {"$lte": BEGAN}}, {"kind": "week", "version": None, "at": {"$lte": BEGAN}}]},
    ):  # fmt: skip
        plan = await db["call_spans"].find(where).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"]), where
