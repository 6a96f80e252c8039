"""The inbox's lists: only what may be seen, newest first, each from an index."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.ground.clock import now
from hub.desk.counts import count_views
from hub.desk.inbox import BY_ID, BY_LINK, Wanted, find_arguments, list_conversations, paths
from hub.feed.rooms import may_see_conversations
from hub.identity.caller import Caller
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, QUEUES
from tests.hub.desk_house import ADA, ANN, BOB, SUE, agent, stored

CAROL = agent("carol", *(f"q{n}" for n in range(60)), "general")
WANTED = {
    "all": Wanted(),
    "open": Wanted(states=("open",)),
    "two states": Wanted(states=("open", "pending")),
    "mine": Wanted(states=("open",), assignee="ann"),
    "free": Wanted(states=("open",), free=True),
    "queue": Wanted(queue="general"),
    "queue, free": Wanted(queue="general", free=True),
    "queue, mine": Wanted(queue="general", assignee="ann"),
    "channel": Wanted(channel="sms"),
    "channel, open": Wanted(channel="sms", states=("open",)),
    "record": Wanted(record=("customer", "r7")),
    "tag": Wanted(tag="vip"),
    "tag, open": Wanted(tag="vip", states=("open",)),
    "contact": Wanted(contact="c3"),
    "customer": Wanted(customer="k3"),
    "waiting": Wanted(waiting=True),
    "waiting, queue": Wanted(waiting=True, queue="sales"),
    "waiting, channel": Wanted(waiting=True, channel="sms"),
}


def _some(rng: random.Random, n: int) -> Doc:
    return stored(
        f"c{n}",
        n,
        state=rng.choice(["open", "open", "pending", "snoozed", "closed", "closed", "merged"]),
        queue=rng.choice(["general", "sales", "q1", "q2", None]),
        assignee=rng.choice([None, None, {"id": "ann", "name": "Ann"}, {"id": "bob", "name": "Bob"}]),
        channels=rng.choice([["email"], ["sms"], ["email", "sms"]]),
        contacts=[f"c{rng.randrange(200)}"],
        customers=[f"k{rng.randrange(200)}"],
        records=[{"type": "customer", "id": f"r{rng.randrange(200)}", "label": ""}] if rng.random() < 0.5 else [],
        tags=rng.choice([[], [], [], ["vip"], ["vip", "late"]]),
        viewers=rng.choice([[], [], [], ["ann"], ["carol", "bob"]]),
        waiting_since=rng.choice([None, now()]),
    )


@pytest.fixture
async def many(db: Database) -> Database:
    """5,000 conversations of all sorts."""
    rng = random.Random(7)
    await db[CONVERSATIONS].insert_many([_some(rng, n) for n in range(1, 5001)])
    return db


def _fits(doc: Doc, wanted: Wanted) -> bool:
    person = (doc["assignee"] or {}).get("id")
    return all(
        (
            doc["state"] in (wanted.states or ("open", "pending", "snoozed", "closed")),
            wanted.queue in (None, doc["queue"]),
            wanted.assignee in (None, person),
            not wanted.free or person is None,
            wanted.channel is None or wanted.channel in doc["channels"],
            wanted.record is None or wanted.record in [(r["type"], r["id"]) for r in doc["records"]],
            wanted.tag is None or wanted.tag in doc["tags"],
            wanted.contact is None or wanted.contact in doc["contacts"],
            wanted.customer is None or wanted.customer in doc["customers"],
            not wanted.waiting or (doc["waiting_since"] is not None and doc["state"] != "closed"),
        )
    )


def _sees(doc: Doc, caller: Caller) -> bool:
    if doc["state"] == "merged":
        return False
    mine = (doc["assignee"] or {}).get("id") == caller.user or caller.user in doc.get("viewers", ())
    return caller.supervisor or caller.admin or doc["queue"] in caller.queues or mine


async def test_every_list_is_what_a_plain_look_through_all_would_give(many: Database) -> None:
    docs = await many[CONVERSATIONS].find().sort("last_seq", -1).to_list()
    for name, wanted in WANTED.items():
        for caller in (ANN, BOB, SUE, ADA, CAROL):
            expected = [d["_id"] for d in docs if _sees(d, caller) and _fits(d, wanted)]
            found: list[str] = []
            before: int | None = None
            while page := await list_conversations(many, caller, wanted, limit=97, before_seq=before):
                found += [d["_id"] for d in page]
                before = page[-1]["last_seq"]
                if len(found) > 500:
                    break
            assert found == expected[: len(found)], (name, caller.user)
            assert len(found) == len(expected) or len(found) > 500, (name, caller.user)


async def test_no_list_scans_the_collection_or_sorts_in_memory(many: Database) -> None:
    for name, wanted in WANTED.items():
        for caller in (ANN, SUE, CAROL):
            for path in paths(wanted, caller):
                plan = await _explain(many, find_arguments(path, may_see_conversations(caller), 50, 4000))
                stages = set(_stages(plan["queryPlanner"]["winningPlan"]))
                sorted_here = {"SORT"} if path.index == BY_LINK else set()  # few by nature
                assert not stages & ({"COLLSCAN", "SORT"} - sorted_here), (name, caller.user, stages)


async def test_the_main_views_look_at_few_documents(many: Database) -> None:
    for name in ("all", "open", "mine", "free", "queue", "queue, free", "waiting", "tag", "channel"):
        for caller in (ANN, SUE):
            for path in paths(WANTED[name], caller):
                plan = await _explain(many, find_arguments(path, may_see_conversations(caller), 50, None))
                looked_at = plan["executionStats"]["totalDocsExamined"]
                assert looked_at <= 500, (name, caller.user, path.index, looked_at)


async def test_counts_are_those_of_the_lists_up_to_the_cap(many: Database) -> None:
    await many[QUEUES].insert_many([{"_id": q} for q in ("general", "sales", "q1", "q2")])
    docs = await many[CONVERSATIONS].find({"state": "open"}).to_list()
    counts = await count_views(many, SUE)
    assert counts["queues"] == {q: sum(d["queue"] == q for d in docs) for q in ("general", "q1", "q2", "sales")}
    counts = await count_views(many, ANN)
    assert counts["mine"] == sum((d["assignee"] or {}).get("id") == "ann" for d in docs)
    assert counts["unassigned"] == sum(d["assignee"] is None and d["queue"] == "general" for d in docs)
    assert list(counts["queues"]) == ["general"]


async def test_counting_stops_at_the_cap(db: Database) -> None:
    await db[CONVERSATIONS].insert_many([stored(f"c{n}", n) for n in range(1, 1201)])
    assert await count_views(db, ANN) == {"mine": 0, "unassigned": 1000, "queues": {"general": 1000}, "cap": 1000}


async def test_somebody_without_queues_still_has_a_list(db: Database) -> None:
    nobody = agent("nobody")
    await db[CONVERSATIONS].insert_many([stored("a", 1), stored("b", 2, viewers=["nobody"])])
    assert [d["_id"] for d in await list_conversations(db, nobody, Wanted(), limit=10)] == ["b"]
    assert await count_views(db, nobody) == {"mine": 0, "unassigned": 0, "queues": {}, "cap": 1000}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(WANTED)), st.booleans(), st.sets(st.sampled_from(["general", "sales"])))
def test_each_path_keeps_every_condition_that_was_asked(name: str, wide: bool, queues: set[str]) -> None:
    wanted = WANTED[name]
    for path in paths(wanted, agent("ann", *queues, supervisor=wide)):
        archive = (
            {"archived"} if path.index in (BY_LINK, BY_ID) else set()
        )  # a person's conversations, and what was found
        assert set(path.where["state"]["$in"]) <= {"open", "pending", "snoozed", "closed"} | archive
        if wanted.channel:
            assert path.where["channels"] == wanted.channel
        if wanted.free:
            assert path.where["assignee.id"] is None


async def _explain(db: Database, arguments: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await db[CONVERSATIONS].find(**arguments).explain()
    return found


def _stages(plan: Any) -> list[str]:
    if isinstance(plan, list):
        return [stage for one in plan for stage in _stages(one)]
    if isinstance(plan, dict):
        inner = [stage for value in plan.values() for stage in _stages(value)]
        return [plan["stage"], *inner] if "stage" in plan else inner
    return []
