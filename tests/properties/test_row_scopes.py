"""Row scopes: on random organisations, with random roles, shares and moves, four roads must agree to the row: the store
filter, the predicate, the list (with count and single read), and the rooms of events. Invariant 7.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.access.actor import Actor
from crm_core.access.compile import may, rooms_of, scope_filter
from crm_core.access.roles import SCOPES, Action, Part, rights_of
from crm_core.declare.record import Kept
from crm_core.ground.errors import NotFound
from crm_core.ground.ids import new_id
from crm_core.load import load
from crm_core.records.history import history
from crm_core.records.query import count_records, list_records
from crm_core.records.show import show
from crm_core.records.texts import readable_texts
from hub.store.client import connect, database
from hub.store.record_codec import records_of
from hub.store.record_unit import RecordView

REGISTRY = load()
TYPES: tuple[type[Kept], ...] = (REGISTRY["customer"], REGISTRY["contact"], REGISTRY["user"])
ACTED: tuple[Action, ...] = ("read", "update", "delete", "export", "assign", "share")
PARTS: tuple[Part, ...] = ("all", "basic")


@dataclass
class Organisation:
    """Departments as paths, people as actors, rows as documents."""

    paths: dict[str, list[str]]
    actors: list[Actor]
    rows: dict[str, list[dict[str, Any]]]


def _role(chance: random.Random) -> dict[str, Any]:
    rights = [
        {
            "type": declared.meta.key,
            "actions": chance.sample(
                ["read", "create", "update", "delete", "export", "assign", "share"], chance.randint(1, 5)
            ),
            "scope": chance.choice(SCOPES),
            "part": chance.choice(["all", "all", "basic"]) if declared.meta.basic else "all",
        }
        for declared in TYPES
        if chance.random() < 0.8
    ]
    return {"code": new_id(), "rights": rights, "field_rights": [], "admin": chance.random() < 0.05}


def organisation(seed: int) -> Organisation:
    """A tree of up to 8 departments, up to 6 people, up to 12 rows per type; some without owner's department."""
    chance = random.Random(seed)
    paths: dict[str, list[str]] = {}
    for _ in range(chance.randint(1, 8)):
        above = chance.choice([[], *paths.values()])
        own = new_id()
        paths[own] = [*above, own]
    roles = [_role(chance) for _ in range(4)]
    actors = []
    for _ in range(chance.randint(1, 6)):
        held = chance.sample(roles, chance.randint(0, 2))
        department = chance.choice([None, *paths])
        admin = any(role["admin"] for role in held)
        path = tuple(paths[department]) if department else ()
        actors.append(Actor(new_id(), department, path, rights_of(held, REGISTRY, admin=admin), admin))
    rows = {t.meta.key: [_row(chance, t, paths, actors) for _ in range(chance.randint(0, 12))] for t in TYPES}
    return Organisation(paths, actors, rows)


def _row(
    chance: random.Random, declared: type[Kept], paths: dict[str, list[str]], actors: list[Actor]
) -> dict[str, Any]:
    users = [actor.user for actor in actors]
    department = chance.choice([None, *paths])
    people = chance.sample(users, chance.randint(0, min(2, len(users))))
    places = chance.sample(list(paths), chance.randint(0, min(2, len(paths)))) if chance.random() < 0.4 else []
    row = {
        "_id": chance.choice(users) if declared.meta.key == "user" and chance.random() < 0.3 else new_id(),
        "name": chance.choice("abc"),
        "owner": chance.choice(users),
        "customer_owner": chance.choice([None, *users]),
        "department": department,
        "department_path": paths[department] if department else [],
        "shared_users": people if chance.random() < 0.4 else [],
        "shared_departments": places,
        "shared_writers": [one for one in (*people, *places) if chance.random() < 0.5],
        "birthday": "2000-01-01",
        "state": "active",
        "revision": 1,
        "changed_at": None,
    }
    return row if declared.meta.key == "contact" else {k: v for k, v in row.items() if k != "customer_owner"}


@pytest.fixture(scope="module")
def loop_and_store(mongo_url: str) -> Any:
    """One database for all examples: emptied before each, as making one per example would take minutes."""
    runner = asyncio.Runner()

    async def opened() -> Any:
        client = connect(mongo_url)
        return client, database(client, f"t_{new_id()}")

    client, db = runner.run(opened())
    yield runner, db

    async def closed() -> None:
        await client.drop_database(db.name)
        await client.close()

    runner.run(closed())
    runner.close()


@pytest.fixture(autouse=True)
async def _no_task_left() -> AsyncIterator[None]:
    """These tests run their own loop, so the general check has nothing to look at."""
    yield


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_out_of_scope_is_ever_shown(loop_and_store: Any, seed: int) -> None:
    """Filter, predicate, list, count, single read, history, search text and event rooms agree for every row."""
    runner, db = loop_and_store
    runner.run(_agree(db, organisation(seed)))


def said(actor: Actor, action: Action, declared: type[Kept], row: dict[str, Any], part: Part) -> bool:
    """The rule once more, in the plainest words, so that filter and predicate cannot be wrong together."""
    scope = actor.scope(declared.meta.key, action, part)
    shown_to = {actor.user, *actor.path}
    shared = shown_to & {*row["shared_users"], *row["shared_departments"]}
    if action in ("update", "share"):
        shared = shown_to & {*row["shared_writers"]}
    elif action in ("delete", "assign"):
        shared = set()
    people = {"user": [row["_id"]], "contact": [row["owner"], row.get("customer_owner")]}
    mine = actor.user in people.get(declared.meta.key, [row["owner"]])
    here, below = row["department"] == actor.department, actor.department in row["department_path"]
    placed = actor.department is not None
    match scope:
        case None:
            return False
        case "all":
            return True
        case "shared":
            return bool(shared)
        case "own":
            return bool(shared) or mine
        case "department":
            return bool(shared) or mine or (placed and here)
        case "tree":
            return bool(shared) or mine or (placed and below)


async def _agree(db: Any, world: Organisation) -> None:
    reads = RecordView(db)
    for key, rows in world.rows.items():
        unique = list({row["_id"]: row for row in rows}.values())
        world.rows[key] = unique
        await records_of(db, key).delete_many({})
        if unique:
            await records_of(db, key).insert_many(unique)
    for actor in world.actors:
        for declared in TYPES:
            await _agree_on(reads, actor, declared, world.rows[declared.meta.key])


async def _agree_on(reads: RecordView, actor: Actor, declared: type[Kept], rows: list[dict[str, Any]]) -> None:
    key = declared.meta.key
    for action in ACTED:
        for part in PARTS:
            found = await reads.find(key, scope_filter(actor, action, declared, part))
            allowed = {row["_id"] for row in rows if may(actor, action, declared, row, part)}
            assert {doc["_id"] for doc in found} == allowed, (action, part)
            assert {row["_id"] for row in rows if said(actor, action, declared, row, part)} == allowed, (action, part)
    seen = {row["_id"] for row in rows if may(actor, "read", declared, row, "basic")}
    whole = {row["_id"] for row in rows if may(actor, "read", declared, row)}
    assert {row["_id"] for row in rows if rooms_of(declared, row) & actor.rooms()} == seen
    assert set(await readable_texts(reads, REGISTRY, actor, key, [row["_id"] for row in rows])) == seen
    for row in rows:
        await _agree_on_one(reads, actor, declared, row["_id"], seen, whole)
    if actor.scope(key, "read", "basic") is None:
        with pytest.raises(NotFound):
            await list_records(reads, REGISTRY, actor, key, {})
        return
    for params, expected in (({}, seen), ({"order": "-changed_at"}, whole if declared.meta.basic else seen)):
        page = await list_records(reads, REGISTRY, actor, key, params)
        assert {row["id"] for row in page["items"]} == expected
    assert (await count_records(reads, REGISTRY, actor, key, {}))["count"] == len(seen)
    # A filter on a field that is hidden on some rows must not find those rows.
    by_hidden = await list_records(reads, REGISTRY, actor, key, {"state": "active", "changed_at__exists": "false"})
    assert {row["id"] for row in by_hidden["items"]} == (whole if declared.meta.basic else seen)


async def _agree_on_one(
    reads: RecordView, actor: Actor, declared: type[Kept], record: str, seen: set[str], whole: set[str]
) -> None:
    key = declared.meta.key
    if record not in seen:
        with pytest.raises(NotFound):
            await show(reads, REGISTRY, actor, key, record)
        with pytest.raises(NotFound):
            await history(reads, REGISTRY, actor, key, record)
        return
    row = await show(reads, REGISTRY, actor, key, record)
    assert row["id"] == record
    if record not in whole:
        assert not {"owner", "birthday", "changed_at"} & row.keys()
