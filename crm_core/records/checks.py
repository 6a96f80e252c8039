"""What a client sent, checked before anything is looked up: known fields, rights to them, row ids, the class's rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from crm_core.access.actor import Actor
from crm_core.access.fields import level
from crm_core.declare.custom import read_custom
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.declare.shape import Shape, shapes_of
from crm_core.ground.errors import FieldError, Forbidden, Invalid
from crm_core.ground.faults import field_errors
from crm_core.templates.usual import template_faults

EMPTY: tuple[Any, ...] = (None, "", [], {})


def check_body(actor: Actor, declared: type[Kept], body: Mapping[str, Any]) -> None:
    """Refuse unknown and computed fields, and fields the actor may not write.

    Raises:
        Invalid: names each unknown or computed field.
        Forbidden: names each field without the right.
    """
    shapes = shapes_of(declared)
    errors = [FieldError(name, "unknown", "there is no such field") for name in body if name not in shapes]
    errors += [_computed(name) for name in body if name in shapes and shapes[name].facts.computed]
    if errors:
        raise Invalid(f"this is no valid {declared.meta.key}", fields=tuple(errors))
    denied = sorted(name for name in body if level(actor, declared, name) != "write")
    if denied:
        raise Forbidden(f"you may not write {', '.join(denied)}", fields=denied)


def merged(declared: type[Kept], before: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The stored values with what was sent laid over; child rows keep their ids and computed columns.

    Raises:
        Invalid: a row has an id that was never given out, or a computed column was sent.
    """
    values, errors = dict(before), []
    for name, value in body.items():
        shape = shapes_of(declared)[name]
        values[name] = [] if value is None and shape.many else {} if value is None and name == "custom" else value
        if shape.row and isinstance(value, list):
            values[name], wrong = _merged_rows(shape, before.get(name) or [], value)
            errors += wrong
    if errors:
        raise Invalid(f"this is no valid {declared.meta.key}", fields=tuple(errors))
    return values


def _merged_rows(shape: Shape, old: list[dict[str, Any]], new: list[Any]) -> tuple[list[Any], list[FieldError]]:
    known = {row["id"]: row for row in old}
    computed = [inner.name for inner in shape.row if inner.facts.computed]
    rows, errors = [], []
    for at, row in enumerate(new):
        if not isinstance(row, Mapping):
            rows.append(row)  # the class says what is wrong with it
            continue
        kept = known.get(row.get("id", ""), {})
        if "id" in row and not kept:
            errors.append(
                FieldError(f"{shape.name}.{at}.id", "row", "there is no such row; leave the id of a new row out")
            )
        errors += [
            _computed(f"{shape.name}.{at}.{c}") for c in computed if row.get(c) not in (None, _text(kept.get(c)))
        ]
        rows.append({**row, **{c: kept[c] for c in computed if c in kept}})
    return rows, errors


def _text(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value


def _computed(path: str) -> FieldError:
    return FieldError(path, "computed", "this field is made by the system; leave it out")


def validated(declared: type[Kept], values: Mapping[str, Any]) -> Kept:
    """The record, checked field by field by its class.

    Raises:
        Invalid: names each field that does not fit.
    """
    try:
        return declared.model_validate(dict(values))
    except ValidationError as error:
        raise Invalid(f"this is no valid {declared.meta.key}", fields=tuple(field_errors(error))) from None


def check_rules(registry: Registry, record: Kept) -> None:
    """The rules over more than one field: the class's own, fields of another kind, custom fields, fields due at a state.

    Raises:
        Invalid: names each field.
    """
    declared = type(record)
    record.custom, errors = read_custom(record.custom, registry.customs(declared.meta.key))
    errors = [*errors, *record.check(), *_misplaced(record), *_shares(record), *template_faults(registry, record)]
    errors += [error for check in declared.against for error in check(registry, record)]
    errors += [
        FieldError(name, "missing", f"this field is required in state {record.state}")
        for name in declared.lifecycle.required.get(record.state, ())
        if getattr(record, name) in EMPTY
    ]
    if errors:
        raise Invalid(f"this is no valid {declared.meta.key}", fields=tuple(errors))


def _misplaced(record: Kept) -> Iterable[FieldError]:
    for shape in shapes_of(type(record)).values():
        if shape.facts.only_for and getattr(record, shape.name) not in EMPTY:
            other, values = shape.facts.only_for
            if getattr(record, other) not in values:
                yield FieldError(
                    shape.name,
                    "misplaced",
                    f"only where {other} is {' or '.join(values)}",
                    {"other": other, "values": ", ".join(values)},
                )


def _shares(record: Kept) -> Iterable[FieldError]:
    for at, row in enumerate(getattr(record, "shared_with", ())):
        if (row.user is None) == (row.department is None):
            yield FieldError(f"shared_with.{at}", "share", "name either a user or a department")
