"""A rule against the declaration of the type that it speaks of: every field that it names must be there."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from crm_core.conditions.check import check as check_condition
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.declare.shape import Shape, shapes_of
from crm_core.ground.errors import FieldError
from crm_core.ground.ports import Doc, RecordReads
from crm_core.records.duplicates import folded
from crm_core.templates.check import check as check_template
from crm_core.templates.problems import as_field_error
from crm_core.templates.usual import record_scope, root_of

TEXTS = ("subject", "body")
OF_THE_OWNED = frozenset({"owner", "superior", "department_manager", "followers"})
"""Ways to name people that only records with an owner have."""
NAMED = frozenset({"field", "role", "team", "user"})
"""Ways to name people that need a value."""


def rule_faults(registry: Registry, rule: Any) -> Iterator[FieldError]:
    """Everything that is wrong with a rule, as far as declarations tell."""
    if rule.type not in registry:
        near = _near(rule.type, registry.keys())
        said = {"rule": "no-such", "what": rule.type}
        yield FieldError("type", "unknown", f"there is no record type {rule.type}{_meant(near)}", said | _as_args(near))
        return
    declared = registry[rule.type]
    yield from _moment(rule, declared)
    if rule.condition:
        for fault in check_condition(rule.condition, root_of(rule.type), declared).faults:
            yield fault.at("condition")
    for at, row in enumerate(rule.recipients):
        yield from _recipient(f"recipients.{at}", row.by, row.value, declared)
    for name in TEXTS:
        for problem in check_template(getattr(rule, name) or "", record_scope(registry, rule.type)).problems:
            yield as_field_error(name, problem)


def _moment(rule: Any, declared: type[Kept]) -> Iterator[FieldError]:
    if rule.on == "assigned" and not declared.owned:
        yield FieldError("on", "not-owned", "records of this type belong to nobody")
    if rule.field and rule.field not in shapes_of(declared):
        yield _no_field("field", rule.field, list(shapes_of(declared)))
    if rule.to_state and rule.to_state not in declared.lifecycle.states:
        yield _no_field("to_state", rule.to_state, list(declared.lifecycle.states))


def _recipient(path: str, by: str, value: str | None, declared: type[Kept]) -> Iterator[FieldError]:
    if by in OF_THE_OWNED and not declared.owned:
        yield FieldError(f"{path}.by", "not-owned", "records of this type belong to nobody")
    if by in NAMED and not value:
        yield FieldError(f"{path}.value", "missing", "say who")
    if by == "field" and value and person_shape(declared, value) is None:
        yield _no_field(f"{path}.value", value, people_fields(declared))


def person_shape(declared: type[Kept], path: str) -> Shape | None:
    """The field that names a colleague: `owner`, or `members.user` in child rows."""
    name, _, inner = path.partition(".")
    shape = shapes_of(declared).get(name)
    if shape is not None and inner:
        shape = next((one for one in shape.row if one.name == inner), None)
    return shape if shape is not None and shape.links == ("user",) else None


def people_fields(declared: type[Kept]) -> list[str]:
    """All such fields of a type."""
    found = [(shape.name, shape) for shape in shapes_of(declared).values()]
    found += [(f"{name}.{inner.name}", inner) for name, shape in found for inner in shape.row]
    return [path for path, shape in found if shape.links == ("user",)]


async def named_people(rule: Any, reads: RecordReads) -> list[FieldError]:
    """The roles, teams and colleagues that a rule names must be there."""
    return [
        FieldError(f"recipients.{at}.value", "unknown", f"there is no {row.by} {row.value}", _no_such(row.value))
        for at, row in enumerate(rule.recipients)
        if row.value and (where := named(row.by, row.value)) and await reads.first(row.by, where) is None
    ]


def named(by: str, value: str) -> Doc | None:
    """The store filter for a role by its code, a team by its name, a colleague by login or employee number; or by id."""
    names = {"role": ("code",), "team": ("name",), "user": ("login", "employee_no")}.get(by)
    if names is None:
        return None
    return {"$or": [{"_id": value}, {"unique_keys": {"$in": [f"{name}={folded(value)}" for name in names]}}]}


def _no_such(what: str) -> dict[str, str | int]:
    return {"rule": "no-such", "what": what}


def _no_field(path: str, what: str, known: list[str]) -> FieldError:
    near = _near(what, known)
    return FieldError(path, "field-unknown", f"there is no {what}{_meant(near)}", {"what": what, **_as_args(near)})


def _near(what: str, known: list[str]) -> str | None:
    return next(iter(get_close_matches(what, known, 1)), None)


def _meant(near: str | None) -> str:
    return f"; did you mean {near}?" if near else ""


def _as_args(near: str | None) -> dict[str, Any]:
    return {"near": near} if near else {}
