"""Rules of messages: checked against their type when they are saved, and matched with what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crm_core.ground.errors import Conflict, Forbidden, Invalid, NotFound
from crm_core.message_rules.happening import Happening, happening
from crm_core.message_rules.match import concerns, firing_key
from tests.crm_core.conftest import Company

AT = datetime(2026, 11, 27, 17, 30, tzinfo=UTC)


def rule(**fields: Any) -> dict[str, Any]:
    """The body of a rule that fits."""
    return {
        "name": "Won", "type": "customer", "on": "changed", "recipients": [{"by": "owner"}], "subject": "{{ customer.name }}",
    } | fields  # fmt: skip


async def faults(company: Company, **fields: Any) -> dict[str, tuple[str, dict[str, Any]]]:
    """What is said of each field."""
    with pytest.raises(Invalid) as caught:
        await company.records.create(company.system, "message_rule", rule(**fields))
    return {error.path: (error.code, dict(error.args)) for error in caught.value.fields}


async def test_an_unknown_field_is_named_with_its_place_at_saving(company: Company) -> None:
    """S2.9.1-07."""
    found = await faults(
        company,
        field="credit_limt",
        condition="customer.kind == 'agent' &&\ncustomer.naem == 'x'",
        recipients=[{"by": "field", "value": "ownr"}, {"by": "role", "value": "XX"}, {"by": "user"}],
        subject="Won: {{ customer.naem }}",
        body="It is\n{{ customer.amount }}",
    )
    assert found["field"] == ("field-unknown", {"what": "credit_limt", "near": "credit_limit"})
    assert found["condition"] == (
        "condition-unknown",
        {"line": 2, "column": 1, "what": "customer.naem", "near": "customer.name"},
    )
    assert found["recipients.0.value"] == ("field-unknown", {"what": "ownr", "near": "owner"})
    assert found["recipients.2.value"][0] == "missing"
    assert found["subject"] == (
        "template-unknown",
        {"line": 1, "column": 9, "what": "customer.naem", "near": "customer.name"},
    )
    assert (found["body"][0], found["body"][1]["line"]) == ("template-unknown", 2)


async def test_type_state_and_the_people_who_are_named_must_be_there(company: Company) -> None:
    """S2.9.1-07, -08."""
    assert (await faults(company, type="custmer"))["type"] == (
        "unknown",
        {"rule": "no-such", "what": "custmer", "near": "customer"},
    )
    assert (await faults(company, on="state", to_state="won"))["to_state"][0] == "field-unknown"
    for by in ("role", "team", "user"):
        found = await faults(company, recipients=[{"by": by, "value": "nobody"}])
        assert found["recipients.0.value"] == ("unknown", {"rule": "no-such", "what": "nobody"})
    owned = [{"by": by} for by in ("owner", "superior", "department_manager", "followers")]
    found = await faults(company, type="region", on="assigned", recipients=owned, subject=None)
    assert sorted(found) == ["on", *(f"recipients.{at}.by" for at in range(4))]
    assert (await faults(company, recipients=[]))["recipients"][0] == "missing"


async def test_a_rule_of_this_name_is_there_once_and_it_is_started_and_paused(company: Company) -> None:
    """S2.9.1-01."""
    records, admin = company.records, company.system
    made = await records.create(admin, "message_rule", rule(condition="customer.credit_limit > 100000"))
    with pytest.raises(Conflict):
        await records.create(admin, "message_rule", rule())
    assert (made["state"], made["fired"], made["kind"], made["once_per"]) == ("draft", 0, "ordinary", "event")
    people = rule(type="user", condition="employee.state == 'left'", subject="{{ employee.name }} left")
    assert (await records.create(admin, "message_rule", people))["type"] == "user"
    for state in ("active", "paused", "active"):
        made = await records.transition(admin, "message_rule", made["id"], state)
    assert made["state"] == "active"


async def test_only_administrators_write_rules(company: Company) -> None:
    """S2.9.1-01."""
    seller, auditor = await company.hire("sales", "SM", "SP"), await company.hire("root", "auditor")
    with pytest.raises(NotFound):
        await company.records.create(seller, "message_rule", rule())
    with pytest.raises(Forbidden):
        await company.records.create(auditor, "message_rule", rule())
    boss = await company.hire("root", "admin")
    assert (await company.records.create(boss, "message_rule", rule()))["name"] == "Won"


def test_a_change_is_seen_as_it_was_also_where_others_followed(company: Company) -> None:
    """S2.9.1-01: a reader that is late still judges the change by what it made of the record."""
    doc = {"_id": "c1", "name": "Acme", "status": "trading", "kind": "agent", "revision": 4}
    entries = [
        {"revision": 4, "fields": [{"field": "kind", "old": "direct", "new": "agent"}]},
        {
            "revision": 3, "change": "changed", "actor": "ada", "at": AT,
            "fields": [{"field": "status", "old": "prospect", "new": "trading"}],
        },
    ]  # fmt: skip
    what = happening(company.registry["customer"], doc, entries)
    assert (what.after["kind"], what.after["status"], what.before["status"]) == ("direct", "trading", "prospect")
    assert (sorted(what.fields), what.revision, what.actor) == (["status"], 3, "ada")


def seen(change: str, *fields: str, **after: Any) -> Happening:
    """A change by ada."""
    return Happening(
        type="customer", record="c1", revision=3, change=change, actor="ada", at=AT, before={}, after=after,
        fields=frozenset(fields),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "what", "does"),
    [
        ({"on": "created"}, seen("created", "name", "owner"), True),
        ({"on": "created"}, seen("changed", "name"), False),
        ({"on": "changed"}, seen("changed", "name"), True),
        ({"on": "changed", "field": "status"}, seen("changed", "name"), False),
        ({"on": "changed", "field": "status"}, seen("changed", "name", "status"), True),
        ({"on": "changed"}, seen("created", "name"), False),
        ({"on": "state"}, seen("moved", "state", state="frozen"), True),
        ({"on": "state", "to_state": "active"}, seen("moved", "state", state="frozen"), False),
        ({"on": "state"}, seen("created", "state", state="active"), False),
        ({"on": "assigned"}, seen("changed", "owner", owner="ben"), True),
        ({"on": "assigned"}, seen("created", "owner", owner="ben"), True),
        ({"on": "assigned"}, seen("created", "owner", owner="ada"), False),
        ({"on": "assigned"}, seen("changed", "name", owner="ben"), False),
        ({"on": "created", "type": "contact"}, seen("created"), False),
        ({"on": "created", "state": "paused"}, seen("created"), False),
        ({"on": "created", "state_since": AT + timedelta(seconds=1)}, seen("created"), False),
    ],
)
def test_a_rule_waits_for_its_kind_of_change_and_for_none_from_before_it_was_started(
    fields: dict[str, Any], what: Happening, does: bool
) -> None:
    """S2.9.1-01."""
    stored = {"type": "customer", "state": "active", "state_since": AT, "field": None, "to_state": None}
    assert concerns(stored | fields, what) is does


def test_a_period_is_one_of_the_house_and_of_one_record() -> None:
    """S2.9.1-10."""
    zone = ZoneInfo("Asia/Shanghai")
    keys = {
        once: firing_key({"_id": "r", "once_per": once}, seen("changed"), zone)
        for once in ("event", "day", "week", "month", "record")
    }
    assert keys == {
        "event": "r:c1:3", "day": "r:c1:2026-11-28", "week": "r:c1:2026-W48", "month": "r:c1:2026-11", "record": "r:c1:ever",
    }  # fmt: skip
