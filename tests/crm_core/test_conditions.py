"""Conditions over records: what may stand in them, what they answer, and that they can neither run long nor do anything."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from crm_core.conditions.check import check
from crm_core.conditions.condition import Condition
from crm_core.ground.errors import Invalid
from crm_core.load import load

REGISTRY = load()
CUSTOMER = REGISTRY["customer"]
ACME: dict[str, Any] = {
    "name": "Acme", "kind": "agent", "status": "trading", "vip": True, "tags": ["key"], "state": "active",
    "credit_limit": {"amount": Decimal(150_000), "currency": "CNY"}, "mails": [{"address": "a@x.cn", "kind": "work"}],
    "created_at": datetime(2026, 5, 1, tzinfo=UTC), "agreement_to": "2026-12-31",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("customer.credit_limit > 100000", True),
        ("customer.credit_limit > 100000.5 && customer.kind == 'direct'", False),
        ("customer.kind in ['agent', 'distributor'] || customer.vip", True),
        ("before.status == 'prospect' && customer.status != before.status", True),
        ("customer.mails.exists(m, m.address.endsWith('@x.cn')) && size(customer.tags) == 1", True),
        ("customer.tags.all(t, t == 'key')", True),
        ("customer.created_at < timestamp('2026-06-01T00:00:00Z')", True),
        ("customer.agreement_to < '2026-06-01'", False),
        ("customer.industry == null && !(customer.name == 'Beta')", True),
        ("customer.kind == 'agent' ? customer.vip : false", True),
    ],
)
def test_a_condition_says_yes_or_no_of_a_record_and_of_what_it_was_before(text: str, holds: bool) -> None:
    """S2.9.1-01."""
    assert Condition(text, "customer", CUSTOMER).holds({**ACME, "status": "prospect"}, ACME) is holds


def test_an_empty_field_is_neither_more_nor_less() -> None:
    """An amount that nobody filled in is no fault of the rule."""
    assert Condition("customer.credit_limit > 1", "customer", CUSTOMER).holds({}, {"name": "Beta"}) is False
    assert Condition("before.credit_limit > 1", "customer", CUSTOMER).holds({}, ACME) is False


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "what", "near"),
    [
        (
            "customer.vip &&\n customer.credit_limt > 5",
            "unknown",
            2,
            2,
            "customer.credit_limt",
            "customer.credit_limit",
        ),
        ("custmer.vip", "unknown", 1, 1, "custmer.vip", "customer.vip"),
        ("customer.mails.exists(m, m.adress == 'x')", "unknown", 1, 26, "m.adress", "m.address"),
        ("customer.region.name == 'x'", "unknown", 1, 1, "customer.region.name", None),
        ("customer.vip &&", "syntax", 1, 14, "", None),
        ("customer.name.matches('(a+)+')", "not-allowed", 1, 15, "matches()", None),
        ("customer['name'] == 'x'", "not-allowed", 1, 1, "[]", None),
        ("customer.tags.map(t, t)", "not-allowed", 1, 15, "map()", None),
        ("customer.tags.all(t, customer.tags.all(u, true))", "not-allowed", 1, 36, "all()", None),
        ("customer.name.exists(m, true)", "not-allowed", 1, 10, "customer.name", None),
        ("x" * 1001, "too-long", 1, 1, "1000", None),
        ("(" * 30 + "true" + ")" * 30, "too-deep", 1, 11, "", None),
    ],
)
def test_each_fault_is_named_with_its_place(
    text: str, code: str, line: int, column: int, what: str, near: str | None
) -> None:
    """S2.9.1-07."""
    [fault] = check(text, "customer", CUSTOMER).faults
    assert (fault.code, fault.line, fault.column, fault.what, fault.near) == (code, line, column, what, near)
    error = fault.at("condition")
    assert (error.path, error.code) == ("condition", f"condition-{code}")
    assert error.args["line"] == line
    with pytest.raises(Invalid):
        Condition(text, "customer", CUSTOMER)


@pytest.mark.parametrize(
    "text",
    [
        "customer.name",
        "customer.name > 5",
        "1 / 0 > 2",
        "timestamp(1) || -[]",
        "timestamp(customer.name) > customer.created_at",
    ],
)
def test_what_cannot_be_answered_is_said(text: str) -> None:
    with pytest.raises(Invalid):
        Condition(text, "customer", CUSTOMER).holds({}, ACME)


def test_a_list_that_is_too_long_for_the_condition_is_refused_before_it_is_gone_through() -> None:
    """S2.9.1-01: an evaluation is bounded."""
    condition = Condition("customer.tags.exists(t, t == 'a' || t == 'b' || t == 'c')", "customer", CUSTOMER)
    assert condition.holds({}, {"tags": ["x"] * 200 + ["c"]}) is True
    with pytest.raises(Invalid, match="too long"):
        condition.holds({}, {"tags": ["x"] * 5_000})


def test_every_bracket_that_is_allowed_can_be_asked() -> None:
    """The deepest condition that passes the check does not exhaust the stack."""
    depths = [n for n in range(1, 40) if not check("(" * n + "true" + ")" * n, "customer", CUSTOMER).faults]
    assert max(depths) >= 5
    text = "(" * max(depths) + "true" + ")" * max(depths)
    assert Condition(text, "customer", CUSTOMER).holds({}, {}) is True
