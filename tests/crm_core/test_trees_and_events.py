"""Trees stay trees, rows follow their department, and events reach exactly those who may see."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.access.actor import Actor
from crm_core.ground.errors import Conflict, Invalid, NotFound
from tests.crm_core.conftest import Company


async def events_of(company: Company, record: str) -> list[dict[str, Any]]:
    cursor = company.db["events"].find({"name": "record.changed", "data.id": record}).sort("_id", 1)
    return await cursor.to_list()


def hears(actor: Actor, event: dict[str, Any]) -> bool:
    return bool(set(event["rooms"]) & actor.rooms())


async def test_paths_and_full_names_follow_a_move_and_no_cycle_is_made(company: Company) -> None:
    """Invariant 8."""
    d, admin = company.departments, company.system
    await company.records.change(admin, "department", d["sales"], {"parent": d["service"], "name": "Sales 2"}, 1)
    east = await company.records.show(admin, "department", d["east"])
    assert east["path"] == [d["root"], d["service"], d["sales"], d["east"]]
    assert east["full_name"] == "Root / Service / Sales 2 / East"
    for parent, code in ((d["east"], "cycle"), (d["sales"], "cycle"), (None, "missing")):
        with pytest.raises(Invalid) as error:
            await company.records.change(admin, "department", d["sales"], {"parent": parent}, 2)
        assert [(e.path, e.code) for e in error.value.fields] == [("parent", code)]


async def test_rows_follow_their_department_at_once(company: Company) -> None:
    seller, boss = await company.hire("east", "SP"), await company.hire("service", "SM")
    row = await company.records.create(seller, "customer", company.customer())
    with pytest.raises(NotFound):
        await company.records.show(boss, "customer", row["id"])
    d = company.departments
    await company.records.change(company.system, "department", d["sales"], {"parent": d["service"]}, 1)
    assert (await company.records.show(boss, "customer", row["id"]))["name"] == "Acme"
    assert (await company.actor(seller.user)).path == (d["root"], d["service"], d["sales"], d["east"])
    event = await company.db["events"].find_one({"data.change": "reload", "data.type": "customer"})
    assert event is not None
    assert hears(boss, event)


async def test_members_are_counted_down_the_tree(company: Company) -> None:
    async def members(code: str) -> int:
        row = await company.records.show(company.system, "department", company.departments[code])
        return int(row["members"])

    first, _ = await company.hire("east", "SP"), await company.hire("sales", "SM")
    assert [await members(c) for c in ("root", "sales", "east", "service")] == [2, 2, 1, 0]
    body = {"department": company.departments["service"]}
    await company.records.change(company.system, "user", first.user, body, 1)
    assert [await members(c) for c in ("root", "sales", "east", "service")] == [2, 1, 0, 1]
    await company.records.transition(company.system, "user", first.user, "left")
    assert [await members(c) for c in ("root", "service")] == [1, 0]
    d = company.departments
    await company.records.change(company.system, "department", d["sales"], {"parent": d["service"]}, 1)
    assert [await members(c) for c in ("root", "sales", "service")] == [1, 1, 1]


async def test_a_department_with_people_does_not_close(company: Company) -> None:
    await company.hire("east", "SP")
    for code in ("east", "sales"):
        with pytest.raises(Conflict) as error:
            await company.records.transition(company.system, "department", company.departments[code], "closed")
        assert error.value.data["reason"] == "unused"
    row = await company.records.transition(company.system, "department", company.departments["service"], "closed")
    assert row["state"] == "closed"


async def test_entries_hang_in_their_own_list(company: Company) -> None:
    entry = {"list": "unit", "code": "kg", "name": "kg"}
    unit = await company.records.create(company.system, "dictionary_entry", entry)
    with pytest.raises(Invalid) as error:
        body = {"list": "skill", "code": "x", "name": "x", "parent": unit["id"]}
        await company.records.create(company.system, "dictionary_entry", body)
    assert [(e.path, e.code) for e in error.value.fields] == [("parent", "same")]
    with pytest.raises(Conflict):
        await company.records.create(company.system, "dictionary_entry", entry | {"code": "kg2"})


async def test_events_reach_those_who_may_see_and_tell_no_values(company: Company) -> None:
    seller, colleague = await company.hire("east", "SP"), await company.hire("east", "SP")
    boss, agent, admin = (
        await company.hire("sales", "SM"), await company.hire("service", "SA"), await company.hire("root", "admin")
    )  # fmt: skip
    row = await company.records.create(seller, "customer", company.customer())
    (event,) = await events_of(company, row["id"])
    assert event["data"] == {
        "type": "customer", "id": row["id"], "revision": 1, "state": "active", "actor": seller.user, "change": "created"
    }  # fmt: skip
    assert [hears(a, event) for a in (seller, colleague, boss, agent, admin)] == [True, False, True, True, True]


async def test_who_loses_sight_hears_only_that_it_is_gone(company: Company) -> None:
    seller, boss, other = (
        await company.hire("sales", "SP"), await company.hire("sales", "SM"), await company.hire("service", "SP")
    )  # fmt: skip
    row = await company.records.create(seller, "customer", company.customer())
    await company.records.change(boss, "customer", row["id"], {"owner": other.user}, 1)
    _, gone, changed = await events_of(company, row["id"])
    assert gone["data"] == {"type": "customer", "id": row["id"], "change": "gone"}
    assert [hears(a, gone) for a in (seller, boss, other)] == [True, True, False]
    assert [hears(a, changed) for a in (seller, boss, other)] == [False, False, True]


async def test_shares_show_and_open_a_row_to_people_and_departments(company: Company) -> None:
    seller, friend, agent = (
        await company.hire("sales", "SP"), await company.hire("service", "SP"), await company.hire("east", "AP")
    )  # fmt: skip
    row = await company.records.create(seller, "customer", company.customer())
    shares = [{"user": friend.user, "level": "write"}, {"department": company.departments["sales"], "level": "read"}]
    await company.records.change(seller, "customer", row["id"], {"shared_with": shares}, 1)
    assert (await company.records.show(agent, "customer", row["id"]))["name"] == "Acme"  # east lies below sales
    changed = await company.records.change(friend, "customer", row["id"], {"website": "acme.example"}, 2)
    assert changed["website"] == "acme.example"
    page = await company.records.page(friend, "customer", {"view": "shared"})
    assert [item["id"] for item in page["items"]] == [row["id"]]
    await company.records.change(seller, "customer", row["id"], {"shared_with": []}, 3)
    with pytest.raises(NotFound):
        await company.records.show(friend, "customer", row["id"])
