"""Message rules at work on a running hub: what sets them off, how often, and what is wrong with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm_core.ground.clock import shifted
from crm_core.message_rules.check import named
from hub.main import Hub
from hub.store.client import Database
from tests.conftest import SignIn
from tests.hub.rule_house import ADMIN, LIMIT, change, customer, read_to_the_end, shown, start_rule, told
from tests.hub.test_notices import notices_of
from tests.lab.plans import stages


async def test_a_rule_won_above_100_000_fires_once_for_each_such_deal(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-01, -03: and one click opens the record."""
    sue = await signed_in("sue", roles=["SM"])
    rule = await start_rule(
        hub,
        field="status",
        once_per="record",
        condition="customer.status == 'trading' && customer.credit_limit > 100000",
        subject="Won: {{ customer.name }}",
        body="Limit {{ customer.credit_limit }}",
    )
    acme, beta = await customer(hub, "Acme", credit_limit=LIMIT), await customer(hub, "Beta", credit_limit=LIMIT)
    small = await customer(hub, "Small", credit_limit={"amount": "900", "currency": "CNY"})
    for status in ("trading", "prospect", "trading"):
        for record in (acme, beta, small):
            await change(hub, "customer", record, status=status)
    await read_to_the_end(hub)
    assert await told(sue) == ["Won: Acme", "Won: Beta"]
    last, _ = await notices_of(sue)
    assert (last["about"], last["text"], last["kind"]) == (
        {"type": "customer", "record": beta},
        "Limit ¥150,000.00",
        "ordinary",
    )
    now_ = await shown(hub, rule)
    assert (now_["fired"], now_["last_fired_at"] is not None, now_["last_fault"]) == (2, True, None)


async def test_a_warning_is_marked_and_comes_once_a_day(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-06, -10."""
    sue = await signed_in("sue", roles=["SM"])
    await start_rule(hub, kind="warning", once_per="day", subject="Low: {{ customer.short_name }}")
    acme, beta = await customer(hub, "Acme"), await customer(hub, "Beta")
    for days in range(3):
        with shifted(timedelta(days=days)):
            for at in range(2):
                await change(hub, "customer", acme, short_name=f"A{days}{at}")
                await read_to_the_end(hub)
    await change(hub, "customer", beta, short_name="B")
    await read_to_the_end(hub)
    assert await told(sue) == ["Low: A00", "Low: A10", "Low: A20", "Low: B"]
    assert len(await notices_of(sue, "?kind=warning")) == 4
    assert await notices_of(sue, "?kind=ordinary") == []


async def test_a_broken_rule_is_shown_as_broken_and_does_not_hold_up_the_others(hub: Hub, signed_in: SignIn) -> None:
    """S2.9.1-01."""
    sue = await signed_in("sue", roles=["SM"])
    team = await hub.records.create(ADMIN, "team", {"name": "Pumps", "kind": "project", "leader": sue.user})
    words = await start_rule(hub, name="A", condition="customer.name > 5")
    people = await start_rule(
        hub, name="B", recipients=[{"by": "team", "value": "Pumps"}, {"by": "role", "value": "SM"}], subject="B"
    )
    text = await start_rule(hub, name="C", subject="{{ customer.name | number('x') }}")
    await start_rule(hub, name="D", subject="D")
    await hub.records.remove(ADMIN, "team", team["id"])
    await change(hub, "customer", await customer(hub, "Acme"), short_name="A")
    await read_to_the_end(hub)
    assert await told(sue) == ["B", "D"]
    found = {name: (await shown(hub, rule)) for name, rule in (("A", words), ("B", people), ("C", text))}
    assert {name: row["last_fault"] for name, row in found.items()} == {
        "A": "condition_compares_unlike_values",
        "B": "recipients_not_found",
        "C": "text",
    }
    assert found["B"]["last_fault_detail"] == "team Pumps"
    assert all(row["last_fault_at"] for row in found.values())
    await hub.records.create(ADMIN, "team", {"name": "Pumps", "kind": "project", "leader": sue.user})
    await change(hub, "customer", await customer(hub, "Beta"), short_name="B")
    await read_to_the_end(hub)
    assert (await shown(hub, people))["last_fault"] is None


async def test_what_happened_before_a_rule_was_started_or_while_it_is_paused_is_not_told(
    hub: Hub, signed_in: SignIn
) -> None:
    """S2.9.1-01."""
    sue = await signed_in("sue", roles=["SM"])
    acme = await customer(hub, "Acme")
    await change(hub, "customer", acme, short_name="before")
    rule = await start_rule(hub, subject="{{ customer.short_name }}")
    await hub.db["bookmarks"].update_one({"_id": "message-rules"}, {"$set": {"seq": 0}}, upsert=True)
    await change(hub, "customer", acme, short_name="in use")
    await read_to_the_end(hub)
    await hub.records.transition(ADMIN, "message_rule", rule, "paused")
    await change(hub, "customer", acme, short_name="paused")
    await read_to_the_end(hub)
    assert await told(sue) == ["in use"]


async def test_an_unknown_field_is_named_at_saving(signed_in: SignIn) -> None:
    """S2.9.1-07: the answer names each field with its place, for words in any language; others may not write rules."""
    ada, sue = await signed_in("ada", roles=["admin"]), await signed_in("sue", roles=["SM"])
    body = {
        "name": "Won", "type": "customer", "on": "created", "recipients": [{"by": "owner"}],
        "condition": "customer.amuont > 5", "subject": "{{ customer.naem }}",
    }  # fmt: skip
    status, problem = await ada.call("POST", "/api/records/message_rule", body)
    assert status == 422
    found = {each["path"]: (each["code"], each["args"]) for each in problem["errors"]}
    assert found["condition"] == ("condition-unknown", {"line": 1, "column": 1, "what": "customer.amuont"})
    assert found["subject"] == (
        "template-unknown", {"line": 1, "column": 4, "what": "customer.naem", "near": "customer.name"},
    )  # fmt: skip
    assert (await sue.call("POST", "/api/records/message_rule", body))[0] == 404
    assert (await sue.call("GET", "/api/records/message_rule"))[0] == 404


@pytest.mark.parametrize(
    ("collection", "query"),
    [
        ("record_message_rule", {"type": {"$in": ["customer"]}, "state": "active", "ask": False}),
        ("message_rule_firings", {"_id": "x", "revision": {"$ne": 1}}),
        ("record_role", named("role", "SM") or {}),
        ("record_team", named("team", "Pumps") or {}),
        ("record_user", named("user", "ada") or {}),
    ],
)
async def test_no_query_of_the_rules_scans_a_collection(db: Database, collection: str, query: dict[str, Any]) -> None:
    """S2.9.1-01."""
    found = await stages(db, collection, query)
    assert "COLLSCAN" not in found, found
