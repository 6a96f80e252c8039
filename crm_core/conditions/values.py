"""What the fields of a record are in a condition: texts, numbers, yes and no, moments, lists; money is its amount."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crm_core.declare.record import Kept
from crm_core.declare.shape import Shape, shapes_of
from crm_core.ground.money import Money

HIDDEN = frozenset({"json", "file", "geo"})
"""Kinds that no condition looks at."""
ADDRESS = ("country", "province", "city", "district", "street", "postcode")


def known(declared: type[Kept]) -> dict[str, Shape]:
    """The fields that a condition may look at."""
    return {name: shape for name, shape in shapes_of(declared).items() if shape.kind not in HIDDEN and name != "custom"}


def plain(shapes: Mapping[str, Shape], values: Mapping[str, Any]) -> dict[str, Any]:
    """Each of the fields, null where it is empty."""
    return {name: _field(shape, values.get(name)) for name, shape in shapes.items()}


def _field(shape: Shape, value: Any) -> Any:
    if shape.many:
        return [_one(shape, each) for each in value or ()]
    return _one(shape, value)


def _one(shape: Shape, value: Any) -> Any:
    if shape.row and isinstance(value, Mapping):
        return plain({inner.name: inner for inner in shape.row}, value)
    if shape.kind == "address" and isinstance(value, Mapping):
        return {part: value.get(part) for part in ADDRESS}
    return _value(value)


def _value(value: Any) -> Any:
    if isinstance(value, Money):
        return float(value.amount)
    if isinstance(value, Mapping):
        return float(value["amount"]) if "amount" in value else None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return None if value == "" else value
