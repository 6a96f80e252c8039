"""Custom fields: declared as data by administrators, kept in a record's `custom`, checked like any other field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from crm_core.declare import fields
from crm_core.ground.errors import FieldError
from crm_core.ground.faults import field_errors

CustomKind = Literal["text", "longtext", "int", "decimal", "date", "datetime", "bool", "choice", "phone", "email"]

_HINTS: Mapping[str, Any] = {
    "text": fields.Text, "longtext": fields.LongText, "int": fields.Int, "decimal": fields.Decimal, "date": fields.Date,
    "datetime": fields.DateTime, "bool": fields.Bool, "choice": fields.Text, "phone": fields.Phone, "email": fields.Email,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CustomField:
    """One custom field. The key begins with `x_`; `options` are the values of a choice."""

    key: str
    kind: CustomKind
    zh: str
    en: str = ""
    required: bool = False
    options: Sequence[str] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        if not self.key.startswith("x_"):
            raise ValueError(f"custom field {self.key!r}: the key must begin with x_")

    def read(self, value: Any) -> Any:
        """The value in its stored form. Raises ValueError when it does not fit."""
        adapter: TypeAdapter[Any] = TypeAdapter(_HINTS[self.kind])
        checked = adapter.dump_python(adapter.validate_python(value))
        if self.kind == "choice" and checked not in self.options:
            raise ValueError(f"one of {', '.join(self.options)}")
        return checked


def read_custom(values: Mapping[str, Any], declared: Sequence[CustomField]) -> tuple[dict[str, Any], list[FieldError]]:
    """The values in stored form, and what is wrong with them."""
    known = {one.key: one for one in declared}
    errors = [FieldError(f"custom.{key}", "unknown", "there is no such field") for key in values.keys() - known.keys()]
    stored: dict[str, Any] = {}
    for key, one in known.items():
        value = values.get(key)
        if value is None:
            errors += [FieldError(f"custom.{key}", "missing", "this field is required")] if one.required else []
            continue
        try:
            stored[key] = one.read(value)
        except ValidationError as error:
            errors.append(replace(next(field_errors(error)), path=f"custom.{key}"))
        except ValueError as error:
            errors.append(FieldError(f"custom.{key}", "choice", str(error), {"expected": ", ".join(one.options)}))
    return stored, errors
