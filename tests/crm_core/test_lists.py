"""Lists: filters, orders, pages, views; always an index, never a row twice or left out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.access.actor import Actor, system
from crm_core.ground.errors import Forbidden, Invalid, NotFound
from crm_core.load import load
from crm_core.records.filters import read_filters
from crm_core.records.paging import orders, read_order
from crm_core.records.query import read_query
from hub.store.record_codec import records_of
from tests.crm_core.conftest import Company


async def names(company: Company, actor: Actor, **params: str) -> list[str]:
    page = await company.records.page(actor, "customer", params)
    return [row["name"] for row in page["items"]]


@pytest.fixture
async def seller(company: Company) -> Actor:
    """A sales person with five customers; B and D have a website, C is an agent."""
    seller = await company.hire("sales", "SP")
    for name in "ABCDE":
        fields: dict[str, object] = {"website": f"{name}.example"} if name in "BD" else {}
        if name == "C":
            fields |= {"kind": "agent", "contact_days": 30}
        await company.records.create(seller, "customer", company.customer(name, **fields))
    return seller


async def test_filters_orders_and_views(company: Company, seller: Actor) -> None:
    assert await names(company, seller) == ["E", "D", "C", "B", "A"]
    assert await names(company, seller, order="name") == ["A", "B", "C", "D", "E"]
    assert await names(company, seller, kind="agent") == ["C"]
    assert await names(company, seller, kind__ne="agent", order="name") == ["A", "B", "D", "E"]
    assert await names(company, seller, name__in="A,B", order="-name") == ["B", "A"]
    assert await names(company, seller, website__exists="true", order="name") == ["B", "D"]
    assert await names(company, seller, website="", order="name") == ["A", "C", "E"]
    assert await names(company, seller, website__contains="B.EX") == ["B"]
    assert await names(company, seller, number__startswith="CUS00000", order="number") == ["A", "B", "C", "D", "E"]
    assert await names(company, seller, contact_days__gte="30") == ["C"]
    assert await names(company, seller, contact_days__lt="30") == []
    assert await names(company, seller, region=company.region, view="mine", order="name") == ["A", "B", "C", "D", "E"]
    assert await names(company, seller, view="shared") == []
    assert await company.records.count(seller, "customer", {"kind": "direct"}) == {"count": 4, "more": False}


@pytest.mark.parametrize(
    ("params", "path"),
    [
        ({"nothing": "x"}, "nothing"),
        ({"unique_keys": "x"}, "unique_keys"),
        ({"department_path": "x"}, "department_path"),
        ({"phones": "x"}, "phones"),
        ({"kind": "planet"}, "kind"),
        ({"kind__gt": "agent"}, "kind__gt"),
        ({"name__regex": ".*"}, "name__regex"),
        ({"contact_days": "many"}, "contact_days"),
        ({"name__contains": ""}, "name__contains"),
        ({"order": "website"}, "order"),
        ({"order": "-nothing"}, "order"),
        ({"view": "secret"}, "view"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1000"}, "limit"),
        ({"after": "!!!"}, "after"),
        ({"after": "W10"}, "after"),
    ],
)
def test_what_does_not_fit_is_named(params: dict[str, str], path: str) -> None:
    with pytest.raises(Invalid) as error:
        read_query(load(), system(), "customer", params)
    assert [one.path for one in error.value.fields] == [path]


async def test_a_hidden_field_cannot_be_filtered_by(company: Company, seller: Actor) -> None:
    agent = await company.hire("service", "SA")
    for params in ({"credit_limit__exists": "true"}, {"id_no": "1"}):
        with pytest.raises(Forbidden):
            await company.records.page(agent, "customer", params)
    with pytest.raises(NotFound):
        await company.records.page(seller, "role", {})


@given(name=st.text(max_size=12), value=st.text(max_size=40))
def test_no_filter_text_breaks_the_reader_or_reaches_the_store_as_an_operator(name: str, value: str) -> None:
    registry = load()
    for param in (name, f"name__{name}", "name", "name__contains", "name__in", "contact_days", "created_at__gt"):
        try:
            where, _ = read_filters(system(), registry["customer"], {param: value})
        except Invalid:
            continue
        for key, condition in where.items():
            assert not key.startswith("$")
            assert not isinstance(condition, dict) or len(condition) <= 2


@pytest.mark.parametrize("order", ["", "name", "-name", "changed_at", "-changed_at", "number"])
async def test_pages_show_each_row_once_though_rows_come_and_go(company: Company, seller: Actor, order: str) -> None:
    for index in range(12):
        await company.records.create(seller, "customer", company.customer("ABC"[index % 3]))
    await records_of(company.db, "customer").update_many({"name": "B"}, {"$unset": {"number": ""}})
    before = {row["_id"] for row in await records_of(company.db, "customer").find({}).to_list()}
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        params = {"order": order, "limit": "4"} | ({"after": after} if after else {})
        page = await company.records.page(seller, "customer", params)
        assert len(page["items"]) <= 4
        seen += [row["id"] for row in page["items"]]
        after = page["next"]
        await company.records.create(seller, "customer", company.customer("A"))  # while somebody pages
        if len(seen) == 4:
            await records_of(company.db, "customer").delete_one({"_id": seen[-1]})
    assert len(seen) == len(set(seen))
    assert before <= set(seen)


async def test_absent_values_are_paged_too_in_both_directions(company: Company, seller: Actor) -> None:
    await records_of(company.db, "customer").update_many({"name": {"$in": ["A", "C"]}}, {"$set": {"number": None}})
    for order in ("number", "-number"):
        seen: list[str] = []
        after: str | None = ""
        while after is not None:
            params = {"order": order, "limit": "1"} | ({"after": after} if after else {})
            page = await company.records.page(seller, "customer", params)
            seen += [row["name"] for row in page["items"]]
            after = page["next"]
        assert sorted(seen) == ["A", "B", "C", "D", "E"]


async def test_a_cursor_of_one_order_is_refused_by_another(company: Company, seller: Actor) -> None:
    page = await company.records.page(seller, "customer", {"order": "name", "limit": "2"})
    with pytest.raises(Invalid):
        await company.records.page(seller, "customer", {"order": "-name", "after": page["next"]})


@pytest.mark.parametrize("roles", [("SP",), ("SM",), ("SA",), ("AP",), ("admin",)])
async def test_every_list_is_answered_by_an_index(company: Company, seller: Actor, roles: tuple[str, ...]) -> None:
    actor = await company.hire("sales", *roles)
    for declared in company.registry:
        key = declared.meta.key
        if actor.scope(key, "read", "basic") is None:
            continue
        for order in ("", *orders(declared)):
            for params in ({}, {"state": "active"}, {"limit": "3"}):
                query = read_query(company.registry, actor, key, {"order": order, **params})
                cursor = records_of(company.db, key).find(query.where).sort(query.sorting.order()).limit(query.limit)
                assert "COLLSCAN" not in _stages(await cursor.explain()), (key, order, params)


def _stages(plan: Any) -> set[str]:
    if isinstance(plan, dict):
        own = {plan["stage"]} if isinstance(plan.get("stage"), str) else set()
        return own.union(*(_stages(v) for k, v in plan.items() if k != "rejectedPlans"))
    return set().union(*map(_stages, plan)) if isinstance(plan, list) else set()


def test_ids_and_creation_are_one_order() -> None:
    customer = load()["customer"]
    assert read_order(customer, "-created_at") == read_order(customer, "-id") == read_order(customer, "")
