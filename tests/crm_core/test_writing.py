"""Creating, changing, moving and removing records, on a real store."""

from __future__ import annotations

import asyncio

import pytest

from crm_core.declare.custom import CustomField
from crm_core.ground.errors import Conflict, Forbidden, Invalid, NotFound, StaleRevision
from hub.store.client import connect, database
from hub.store.records import Records
from hub.store.unit import Units
from tests.crm_core.conftest import Company


def fields_of(error: pytest.ExceptionInfo[Invalid]) -> dict[str, str]:
    return {one.path: one.code for one in error.value.fields}


async def test_a_customer_gets_number_owner_department_and_first_state(company: Company) -> None:
    seller = await company.hire("east", "SP")
    row = await company.records.create(seller, "customer", company.customer())
    assert row["number"] == "CUS000001"
    assert (row["owner"], row["department"]) == (seller.user, company.departments["east"])
    assert (row["state"], row["revision"], row["created_by"]) == ("active", 1, seller.user)
    stored = await company.db["record_customer"].find_one({"_id": row["id"]})
    assert stored is not None
    assert stored["department_path"] == [company.departments[d] for d in ("root", "sales", "east")]


async def test_what_is_wrong_is_named_field_by_field(company: Company) -> None:
    seller = await company.hire("sales", "SP")
    with pytest.raises(Invalid) as error:
        await company.records.create(
            seller, "customer", {"kind": "planet", "phones": [{"kind": "work", "number": "x"}]}
        )
    assert {"name", "kind", "status", "region", "phones.0.number"} <= fields_of(error).keys()
    with pytest.raises(Invalid) as error:
        await company.records.create(seller, "customer", company.customer(number="CUS9", colour="red", state="frozen"))
    assert fields_of(error) == {"number": "computed", "colour": "unknown", "state": "computed"}


async def test_fields_of_another_kind_of_customer_are_refused(company: Company) -> None:
    seller = await company.hire("sales", "SP")
    with pytest.raises(Invalid) as error:
        await company.records.create(seller, "customer", company.customer(discount_pct="10"))
    assert fields_of(error) == {"discount_pct": "misplaced"}
    with pytest.raises(Invalid) as error:
        await company.records.create(seller, "customer", company.customer(kind="individual"))
    assert fields_of(error) == {"mobile": "missing"}


async def test_numbers_are_unique_under_concurrency_and_never_used_again(company: Company) -> None:
    """Invariant 1."""
    manager = await company.hire("sales", "SM")
    rows = await asyncio.gather(
        *(company.records.create(manager, "customer", company.customer(f"C{i}")) for i in range(12))
    )
    assert len({row["number"] for row in rows}) == 12
    last = max(rows, key=lambda row: str(row["number"]))
    await company.records.remove(manager, "customer", last["id"])
    row = await company.records.create(manager, "customer", company.customer("After"))
    assert row["number"] == "CUS000013"


async def test_two_hubs_on_one_database_never_give_a_number_twice(company: Company, mongo_url: str) -> None:
    """Invariant 1."""
    manager = await company.hire("sales", "SM")
    clients = [connect(mongo_url), connect(mongo_url)]
    hubs = [Records(Units(c, database(c, company.db.name)), company.registry) for c in clients]
    try:
        rows = await asyncio.gather(
            *(hubs[i % 2].create(manager, "customer", company.customer(f"C{i}")) for i in range(10))
        )
    finally:
        for client in clients:
            await client.close()
    assert sorted(row["number"] for row in rows) == [f"CUS{n:06}" for n in range(1, 11)]


async def test_of_two_changes_to_one_revision_one_wins(company: Company) -> None:
    agent = await company.hire("service", "SA")
    row = await company.records.create(agent, "contact", {"name": "Ada"})
    results = await asyncio.gather(
        *(company.records.change(agent, "contact", row["id"], {"title": f"T{i}"}, 1) for i in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(result, StaleRevision) for result in results) == 4
    assert (await company.records.show(agent, "contact", row["id"]))["revision"] == 2


async def test_an_old_revision_is_refused(company: Company) -> None:
    seller = await company.hire("sales", "SP")
    row = await company.records.create(seller, "customer", company.customer())
    await company.records.change(seller, "customer", row["id"], {"website": "acme.example"}, 1)
    with pytest.raises(StaleRevision) as error:
        await company.records.change(seller, "customer", row["id"], {"website": "other.example"}, 1)
    assert error.value.data == {"revision": 2}


async def test_a_change_that_changes_nothing_leaves_no_trace(company: Company) -> None:
    seller = await company.hire("sales", "SP")
    row = await company.records.create(seller, "customer", company.customer())
    again = await company.records.change(seller, "customer", row["id"], {"name": "Acme"}, 1)
    assert again["revision"] == 1
    assert await company.db["record_history"].count_documents({"record": row["id"]}) == 1


async def test_history_keeps_who_changed_what_from_which_value(company: Company) -> None:
    seller = await company.hire("sales", "SP")
    row = await company.records.create(seller, "customer", company.customer())
    await company.records.change(seller, "customer", row["id"], {"name": "Acme Ltd"}, 1)
    await company.records.transition(seller, "customer", row["id"], "frozen", "no answer for a year")
    page = await company.records.history(seller, "customer", row["id"], None, 2)
    assert [(e["change"], e["actor"], e["revision"]) for e in page["items"]] == [
        ("moved", seller.user, 3),
        ("changed", seller.user, 2),
    ]
    assert page["items"][0]["reason"] == "no answer for a year"
    assert page["items"][1]["fields"] == [{"field": "name", "old": "Acme", "new": "Acme Ltd"}]
    older = await company.records.history(seller, "customer", row["id"], page["next"], 2)
    assert [e["change"] for e in older["items"]] == ["created"]
    assert older["next"] is None


async def test_child_rows_keep_their_ids_and_unknown_ids_are_refused(company: Company) -> None:
    agent = await company.hire("service", "SA")
    phones = [{"kind": "mobile", "number": "138 1234 5678"}, {"kind": "work", "number": "010-88881234"}]
    row = await company.records.create(agent, "contact", {"name": "Ada", "phones": phones})
    first = row["phones"][0]
    assert first["number"] == "+8613812345678"
    changed = await company.records.change(
        agent,
        "contact",
        row["id"],
        {"phones": [first | {"primary": True}, {"kind": "home", "number": "13900000000"}]},
        1,
    )
    assert changed["phones"][0]["id"] == first["id"]
    assert changed["phones"][1]["id"] not in {p["id"] for p in row["phones"]}
    with pytest.raises(Invalid) as error:
        body = {"phones": [{"id": company.region, "kind": "home", "number": "13900000000"}]}
        await company.records.change(agent, "contact", row["id"], body, 2)
    assert fields_of(error) == {"phones.0.id": "row"}


async def test_computed_columns_of_rows_are_never_taken_from_a_client(company: Company) -> None:
    agent = await company.hire("service", "SA")
    mails = [{"kind": "work", "address": "Ada@Example.com", "bounced_at": "2026-01-01T00:00:00Z"}]
    with pytest.raises(Invalid) as error:
        await company.records.create(agent, "contact", {"name": "Ada", "mails": mails})
    assert fields_of(error) == {"mails.0.bounced_at": "computed"}


async def test_contacts_are_found_by_every_address(company: Company) -> None:
    agent = await company.hire("service", "SA")
    body = {
        "name": "Ada",
        "phones": [{"kind": "mobile", "number": "0086 138 1234 5678"}],
        "mails": [{"kind": "work", "address": "Ada@Example.COM"}],
        "ims": [{"kind": "wechat", "handle": "AdaL"}],
    }
    row = await company.records.create(agent, "contact", body)
    stored = await company.db["record_contact"].find_one({"addresses": "im:wechat:adal"})
    assert stored is not None
    assert stored["_id"] == row["id"]
    assert stored["addresses"] == ["phone:+8613812345678", "mail:ada@example.com", "im:wechat:adal"]


async def test_a_customers_postal_addresses_and_its_address_keys_do_not_meet(company: Company) -> None:
    seller = await company.hire("sales", "SP")
    body = company.customer(
        addresses=[{"kind": "site", "address": {"city": "上海"}}], mails=[{"kind": "work", "address": "a@acme.cn"}]
    )
    row = await company.records.create(seller, "customer", body)
    assert row["addresses"][0]["address"]["city"] == "上海"
    stored = await company.db["record_customer"].find_one({"addresses": "mail:a@acme.cn"})
    assert stored is not None
    changed = await company.records.change(seller, "customer", row["id"], {"addresses": []}, 1)
    assert changed["addresses"] == []


async def test_links_lead_to_what_exists_and_is_in_sight(company: Company) -> None:
    """Invariants 2 and 7: a customer out of sight and none at all look the same."""
    east, other = await company.hire("east", "SP"), await company.hire("sales", "SP")
    hidden = await company.records.create(east, "customer", company.customer())
    for target in (hidden["id"], east.user, company.region):
        with pytest.raises(Invalid) as error:
            await company.records.create(other, "contact", {"name": "Bob", "customer": target})
        assert fields_of(error) == {"customer": "link"}
        assert error.value.fields[0].detail == "there is no such customer"


async def test_list_entries_are_taken_from_their_own_list(company: Company) -> None:
    seller = await company.hire("sales", "SP")
    entry = {"list": "industry", "code": "it", "name": "IT"}
    industry = (await company.records.create(company.system, "dictionary_entry", entry))["id"]
    row = await company.records.create(seller, "customer", company.customer(industry=industry))
    assert row["labels"][industry] == "IT"
    with pytest.raises(Invalid) as error:
        await company.records.change(seller, "customer", row["id"], {"level": industry}, 1)
    assert fields_of(error) == {"level": "link"}


async def test_what_others_link_to_is_not_deleted(company: Company) -> None:
    manager = await company.hire("sales", "SM")
    customer = await company.records.create(manager, "customer", company.customer())
    contact = await company.records.create(manager, "contact", {"name": "Ada", "customer": customer["id"]})
    with pytest.raises(Conflict) as error:
        await company.records.remove(manager, "customer", customer["id"])
    assert error.value.data["place"] == "contact.customer"
    await company.records.remove(manager, "contact", contact["id"])
    await company.records.remove(manager, "customer", customer["id"])
    with pytest.raises(NotFound):
        await company.records.show(manager, "customer", customer["id"])
    last = await company.db["record_history"].find_one({"record": customer["id"], "change": "removed"})
    assert last is not None
    assert {"field": "name", "old": "Acme", "new": None} in last["fields"]


async def test_who_did_anything_is_not_deleted(company: Company) -> None:
    seller = await company.hire("sales", "SP")
    row = await company.records.create(seller, "contact", {"name": "Ada"})
    await company.records.remove(company.system, "contact", row["id"])
    with pytest.raises(Conflict) as error:
        await company.records.remove(company.system, "user", seller.user)
    assert error.value.data["place"] == "history"


async def test_only_declared_moves_are_allowed_and_the_allowed_ones_are_named(company: Company) -> None:
    seller = await company.hire("sales", "SP")
    row = await company.records.create(seller, "customer", company.customer())
    with pytest.raises(Conflict) as error:
        await company.records.transition(seller, "customer", row["id"], "merged")
    assert error.value.data["allowed"] == ["frozen"]
    frozen = await company.records.transition(seller, "customer", row["id"], "frozen")
    assert frozen["state"] == "frozen"
    with pytest.raises(Conflict):
        await company.records.change(seller, "customer", row["id"], {"name": "New"}, 2)
    open_still = await company.records.change(seller, "customer", row["id"], {"remark": "asleep"}, 2)
    assert open_still["remark"] == "asleep"


async def test_who_owns_open_records_does_not_leave(company: Company) -> None:
    """Invariant 9."""
    seller = await company.hire("sales", "SP")
    row = await company.records.create(seller, "customer", company.customer())
    with pytest.raises(Conflict) as error:
        await company.records.transition(company.system, "user", seller.user, "left")
    assert error.value.data["reason"] == "owns_nothing"
    await company.records.transition(seller, "customer", row["id"], "frozen")
    left = await company.records.transition(company.system, "user", seller.user, "left")
    assert left["state"] == "left"
    with pytest.raises(Invalid) as refused:
        await company.records.transition(company.system, "customer", row["id"], "active")
    assert fields_of(refused) == {"owner": "left"}
    with pytest.raises(Invalid) as refused:
        await company.records.create(company.system, "contact", {"name": "Ada", "owner": seller.user})
    assert fields_of(refused) == {"owner": "left"}


async def test_nobody_gives_himself_rights_or_another_state(company: Company) -> None:
    seller = await company.hire("sales", "SP")
    admin = await company.db["record_role"].find_one({"code": "admin"})
    assert admin is not None
    for body in ({"roles": [admin["_id"]]}, {"department": company.departments["root"]}, {"login": "admin"}):
        with pytest.raises(Forbidden) as error:
            await company.records.change(seller, "user", seller.user, body, 1)
        assert error.value.data["fields"] == list(body)
    with pytest.raises(Forbidden):
        await company.records.transition(seller, "user", seller.user, "on_leave")
    row = await company.records.change(seller, "user", seller.user, {"signature": "Yours"}, 1)
    assert row["signature"] == "Yours"


async def test_reassigning_needs_the_right_and_takes_the_new_owners_department(company: Company) -> None:
    seller, manager = await company.hire("sales", "SP"), await company.hire("sales", "SM")
    east = await company.hire("east", "SP")
    row = await company.records.create(seller, "customer", company.customer())
    with pytest.raises(Forbidden):
        await company.records.change(seller, "customer", row["id"], {"owner": east.user}, 1)
    with pytest.raises(Forbidden):
        await company.records.create(seller, "customer", company.customer("B", owner=east.user))
    given = await company.records.change(manager, "customer", row["id"], {"owner": east.user}, 1)
    assert (given["owner"], given["department"]) == (east.user, company.departments["east"])
    with pytest.raises(NotFound):
        await company.records.show(seller, "customer", row["id"])


async def test_the_customers_owner_sees_its_contacts_also_after_it_changes_hands(company: Company) -> None:
    first, second = await company.hire("sales", "SP"), await company.hire("east", "SP")
    agent, manager = await company.hire("service", "SA"), await company.hire("sales", "SM")
    customer = await company.records.create(first, "customer", company.customer())
    contact = await company.records.create(agent, "contact", {"name": "Ada", "customer": customer["id"]})
    assert (await company.records.show(first, "contact", contact["id"]))["name"] == "Ada"
    await company.records.change(manager, "customer", customer["id"], {"owner": second.user}, 1)
    assert (await company.records.show(second, "contact", contact["id"]))["name"] == "Ada"
    with pytest.raises(NotFound):
        await company.records.show(first, "contact", contact["id"])


async def test_duplicates_are_refused_or_told_with_the_owners_name(company: Company) -> None:
    """Invariant 7: the owner's name is the one thing that may be learnt of a hidden row."""
    first, second = await company.hire("sales", "SP"), await company.hire("east", "SP")
    body = company.customer("北京星河科技有限公司", tax_no="9111", mails=[{"kind": "work", "address": "x@xinghe.cn"}])
    await company.records.create(first, "customer", body)
    with pytest.raises(Conflict) as error:
        await company.records.create(second, "customer", company.customer("Other", tax_no="9111"))
    data = error.value.data
    assert (data["rule"], data["owner"], data["id"], data["label"]) == ("tax_no", "Person 1", None, None)
    again = company.customer("北京 星河科技", mails=[{"kind": "work", "address": "y@xinghe.cn"}])
    row = await company.records.create(second, "customer", again)
    assert {(w["rule"], w["owner"], w["id"]) for w in row["warnings"]} == {("name", "Person 1", None)}


async def test_at_most_one_contact_is_main_and_the_customer_knows_it(company: Company) -> None:
    """Invariant 12."""
    seller = await company.hire("sales", "SP")
    customer = await company.records.create(seller, "customer", company.customer())
    body = {"name": "Ada", "customer": customer["id"], "main": True}
    ada = await company.records.create(seller, "contact", body)
    assert (await company.records.show(seller, "customer", customer["id"]))["main_contact"] == ada["id"]
    with pytest.raises(Conflict):
        await company.records.create(seller, "contact", body | {"name": "Bob"})
    await company.records.change(seller, "contact", ada["id"], {"main": False}, 1)
    assert (await company.records.show(seller, "customer", customer["id"]))["main_contact"] is None


async def test_guarded_fields_are_hidden_and_refused_without_the_right(company: Company) -> None:
    seller, agent = await company.hire("sales", "SP"), await company.hire("service", "SA")
    money = await company.hire("root", "FI")
    row = await company.records.create(seller, "customer", company.customer())
    with pytest.raises(Forbidden) as error:
        limit = {"amount": "10.5", "currency": "CNY"}
        await company.records.create(seller, "customer", company.customer("B", credit_limit=limit))
    assert error.value.data["fields"] == ["credit_limit"]
    assert "credit_limit" in row
    assert "credit_limit" not in await company.records.show(agent, "customer", row["id"])
    with pytest.raises(Forbidden):  # finance may write the field, but not this row
        await company.records.change(money, "customer", row["id"], {"credit_limit": limit}, 1)


async def test_custom_fields_follow_their_declarations(company: Company) -> None:
    seller = await company.hire("sales", "SP")
    size = CustomField("x_size", "choice", zh="尺寸", options=("s", "m"))
    registry = company.registry.with_customs(
        {"customer": (size, CustomField("x_day", "date", zh="日期", required=True))}
    )
    records = Records(company.records._units, registry)
    with pytest.raises(Invalid) as error:
        await records.create(seller, "customer", company.customer(custom={"x_size": "xl", "x_no": 1}))
    assert fields_of(error) == {"custom.x_size": "choice", "custom.x_no": "unknown", "custom.x_day": "missing"}
    row = await records.create(seller, "customer", company.customer(custom={"x_size": "m", "x_day": "2026-05-01"}))
    assert row["custom"] == {"x_size": "m", "x_day": "2026-05-01"}


async def test_nobody_reports_to_himself_over_others(company: Company) -> None:
    """Invariant 8."""
    agent = await company.hire("service", "SA")
    ids = [(await company.records.create(agent, "contact", {"name": name}))["id"] for name in "ABC"]
    for at, above in ((0, 1), (1, 2)):
        edge = {"relations": [{"contact": ids[above], "kind": "reports_to"}]}
        await company.records.change(agent, "contact", ids[at], edge, 1)
    for above in (ids[0], ids[1], ids[2]):
        with pytest.raises(Invalid) as error:
            edge = {"relations": [{"contact": above, "kind": "reports_to"}]}
            await company.records.change(agent, "contact", ids[2], edge, 1)
        assert fields_of(error).popitem()[1] in ("cycle", "edge")
