"""What declarations say: every type, number series, shapes, and contradictions refused at start."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.access.actor import system
from crm_core.access.builtin import builtin_roles
from crm_core.access.roles import rights_of
from crm_core.declare import DuplicateRule, Link, Meta, Money, Record, Reference, Text, maybe, needed
from crm_core.declare.numbering import Numbering
from crm_core.declare.record import Kept
from crm_core.declare.registry import Contradiction, Registry
from crm_core.declare.schema import head
from crm_core.declare.shape import shapes_of
from crm_core.load import load, resolve
from crm_core.records.describe import describe

REGISTRY = load()
AT = datetime(2026, 5, 1, tzinfo=UTC)


class Thing(Record):
    """Links to itself and to another class by name."""

    meta = Meta("thing")
    name: Text = needed("名称")
    next: Link[Thing] | None = maybe("下一个")
    price: Money | None = maybe("价格")


@pytest.mark.parametrize("declared", list(REGISTRY), ids=lambda t: t.meta.key)
def test_every_type_can_be_described(declared: type[Kept]) -> None:
    """One test for all types: labels in both languages, a valid schema, a layout of fields that exist."""
    found = describe(REGISTRY, system(), declared.meta.key)
    jsonschema.Draft202012Validator.check_schema(found["schema"])
    assert found["fields"].keys() == found["schema"]["properties"].keys()
    for name, field in found["fields"].items():
        assert field["label"]["zh"] != field["label"]["en"], name
        assert field["label"]["zh"], name
    placed = {f for section in found["layout"]["sections"] for f in section["fields"]}
    assert placed | set(found["layout"]["list"]["columns"]) | set(found["layout"]["filters"]) <= found["fields"].keys()
    required = {name for name, shape in shapes_of(declared).items() if shape.required}
    assert required <= placed, "a required field must stand on the form"
    assert describe(REGISTRY, system(), declared.meta.key)["version"] == found["version"]


@pytest.mark.parametrize(
    ("key", "plural"),
    [("contact", "Contacts"), ("currency", "Currencies"), ("survey", "Surveys"), ("address", "Addresses")],
)
def test_a_list_is_headed_by_the_plural(key: str, plural: str) -> None:
    """Chinese has none."""
    assert head(Meta(key, zh="名"))["plural"] == {"zh": "名", "en": plural}


def test_links_are_resolved_across_classes() -> None:
    registry = resolve({"Thing": Thing, **_organisation()})
    assert shapes_of(registry["thing"])["next"].links == ("thing",)
    assert shapes_of(registry["thing"])["price"].kind == "money"


def _organisation() -> dict[str, type[Kept]]:
    return {t.__name__: t for t in REGISTRY}


def test_contradictions_are_refused_at_start() -> None:
    class Lost(Reference):
        """Speaks of a field it does not have."""

        meta = Meta("lost", title="name")
        duplicates = (DuplicateRule("nothing"),)

    with pytest.raises(Contradiction, match="nothing"):
        resolve({"Lost": Lost, **_organisation()})
    with pytest.raises(Contradiction, match="two record types"):
        Registry([*REGISTRY, REGISTRY["team"]])


@given(seq=st.integers(1, 10**9), year=st.integers(2000, 9998))
def test_a_number_is_never_given_twice(seq: int, year: int) -> None:
    series, at = Numbering("OPP{yyyy}{seq:05}"), AT.replace(year=year)
    assert series.render(seq, at).startswith(f"OPP{year}")
    assert series.render(seq, at) != series.render(seq + 1, at)
    assert series.prefix(at) == f"OPP{year}{{}}"


@pytest.mark.parametrize("pattern", ["CUS", "CUS{seq}{seq}", "CUS{day}{seq}", "CUS{mm}{seq:04}"])
def test_a_series_that_would_repeat_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"seq|yyyy"):
        Numbering(pattern)


def test_money_is_rounded_half_up() -> None:
    assert Money(amount=Decimal("1.005"), currency="CNY").rounded(2).amount == Decimal("1.01")
    assert Money(amount=Decimal("2.5"), currency="JPY").rounded(0).amount == Decimal(3)


def test_built_in_roles_give_what_the_table_says() -> None:
    """The catalogue's Permissions table."""
    roles = {role["code"]: role for role in builtin_roles(REGISTRY)}
    assert set(roles) == {"SP", "SM", "SA", "VM", "MK", "FI", "AP", "SU", "admin", "auditor"}

    def scope(code: str, key: str, action: str, part: str = "all") -> str | None:
        return rights_of([roles[code]], REGISTRY).scope(key, action, part)  # type: ignore[arg-type]

    assert [scope("SP", "customer", a) for a in ("read", "create", "update", "delete")] == ["own", "own", "own", None]
    assert [scope("SM", "customer", a) for a in ("read", "delete", "export", "assign")] == ["tree"] * 4
    assert [scope("SA", "customer", a) for a in ("read", "create", "update")] == ["all", "all", None]
    assert (scope("SP", "user", "read"), scope("SP", "user", "read", "basic")) == ("own", "all")
    assert (scope("FI", "contact", "update"), scope("AP", "contact", "read")) == (None, "shared")
    assert scope("SM", "role", "read") is None
    assert scope("auditor", "role", "read") == "all"
    assert all(scope("auditor", t.meta.key, "update") is None for t in REGISTRY)
    union = rights_of([roles["SP"], roles["SA"]], REGISTRY)
    assert (union.scope("customer", "read"), union.scope("customer", "update")) == ("all", "own")
