"""The filters of a list: `field=value`, `field__op=value`, read by the field's own kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crm_core.access.actor import Actor
from crm_core.access.fields import basic, level
from crm_core.declare.record import Kept
from crm_core.declare.shape import Shape, shapes_of
from crm_core.ground.errors import FieldError, Forbidden, Invalid
from crm_core.records.documents import stored_name

_MOST_FILTERS = 20
_MOST_VALUES = 100
_LONGEST = 500
_ORDERED = frozenset({"int", "decimal", "date", "datetime", "text"})
_WORDS = frozenset({"text", "phone", "email"})


class _Wrong(Exception):
    def __init__(self, code: str, detail: str, **args: str | int) -> None:
        super().__init__(detail)
        self.code, self.detail, self.facts = f"filter-{code}", detail, args


def read_filters(actor: Actor, declared: type[Kept], params: Mapping[str, str]) -> tuple[dict[str, Any], bool]:
    """The store filter for the given filters, and whether they speak only of the type's basic fields.

    Raises:
        Invalid: names each field that is not declared, or whose operator or value does not fit.
        Forbidden: a field that the actor may not read; a filter would tell its value.
    """
    if len(params) > _MOST_FILTERS:
        raise Invalid(f"at most {_MOST_FILTERS} filters")
    shapes, parts, errors, names = shapes_of(declared), [], [], set()
    for param, text in params.items():
        name, _, op = param.partition("__")
        try:
            parts.append(_read(shapes.get(name), op or "eq", text))
        except _Wrong as wrong:
            errors.append(FieldError(param, wrong.code, wrong.detail, wrong.facts))
        names.add(name)
    if errors:
        raise Invalid("the list cannot be filtered like this", fields=tuple(errors))
    denied = sorted(name for name in names if level(actor, declared, name) == "none")
    if denied:
        raise Forbidden(f"you may not read {', '.join(denied)}", fields=denied)
    where = {} if not parts else parts[0] if len(parts) == 1 else {"$and": parts}
    return where, names <= basic(declared)


def ops_of(shape: Shape) -> list[str]:
    """The operators that fit a field."""
    ordered = ["gt", "gte", "lt", "lte"] if shape.kind in _ORDERED else []
    words = ["contains", "startswith"] if shape.kind in _WORDS else []
    return ["eq", "ne", "in", "nin", *ordered, *words, "exists"] if shape.filterable else ["exists"]


def _read(shape: Shape | None, op: str, text: str) -> dict[str, Any]:
    if shape is None:
        raise _Wrong("unknown", "there is no such field to filter by")
    if op not in ops_of(shape):
        fit = ", ".join(ops_of(shape))
        raise _Wrong("operator", f"this field can be filtered with {fit}", fit=fit)
    return {stored_name(shape.name): _condition(shape, op, text)}


def _condition(shape: Shape, op: str, text: str) -> Any:
    match op:
        case "eq":
            return _value(shape, text)
        case "in" | "nin":
            values = text.split(",")
            if len(values) > _MOST_VALUES:
                raise _Wrong("many", f"at most {_MOST_VALUES} values", most=_MOST_VALUES)
            return {f"${op}": [_value(shape, one) for one in values]}
        case "contains":
            return {"$regex": re.escape(_short(text)), "$options": "i"}
        case "startswith":
            return {"$regex": "^" + re.escape(_short(text))}
        case "exists":
            if text not in ("true", "false"):
                raise _Wrong("bool", "true or false")
            return {"$nin": [None, []]} if text == "true" else {"$in": [None, []]}
        case _:
            return {f"${op}": _value(shape, text)}


def _short(text: str) -> str:
    if not 0 < len(text) <= _LONGEST or not text.isprintable():
        raise _Wrong("length", f"1 to {_LONGEST} printable characters", most=_LONGEST)
    return text


def _value(shape: Shape, text: str) -> Any:
    """The value as the store has it; an empty text means "none"."""
    if text == "":
        return None
    adapter: TypeAdapter[Any] = shape.adapter()
    try:
        return adapter.dump_python(adapter.validate_python(text))
    except ValidationError as error:
        raise _Wrong("value", error.errors()[0]["msg"]) from None
