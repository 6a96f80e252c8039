"""The fields of a type as screens and programs need them: JSON Schema 2020-12 for the data, and the facts beside it."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any

from crm_core.declare.custom import CustomField
from crm_core.declare.lifecycle import Lifecycle
from crm_core.declare.meta import Meta
from crm_core.declare.record import Kept
from crm_core.declare.shape import Shape, shapes_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_WIDGETS = {
    "longtext": "textarea", "int": "number", "decimal": "decimal", "bool": "switch", "choice": "select",
    "file": "file", "table": "rows", "json": "json", "link": "link", "money": "money", "geo": "geo",
}  # fmt: skip


@lru_cache(maxsize=256)
def _whole_schema(declared: type[Kept]) -> dict[str, Any]:
    return declared.model_json_schema(mode="serialization", ref_template="#/$defs/{model}")


def data_schema(declared: type[Kept], names: Collection[str] | None = None) -> dict[str, Any]:
    """The JSON Schema of the type's data, with the fields `names` only (None = all)."""
    whole = _whole_schema(declared)
    properties = {n: p for n, p in whole["properties"].items() if names is None or n in names}
    required = [n for n, shape in shapes_of(declared).items() if shape.required and n in properties]
    defs = {"$defs": whole["$defs"]} if "$defs" in whole else {}
    return {
        "$schema": DIALECT, "title": declared.meta.label, "type": "object", "additionalProperties": False,
        "properties": properties, "required": required, **defs,
    }  # fmt: skip


def field_facts(shape: Shape, *, readonly: bool) -> dict[str, Any]:
    """What the schema does not say of a field: widget, labels, where links lead, what a choice's values are called."""
    found: dict[str, Any] = {
        "kind": shape.kind, "widget": _WIDGETS.get(shape.kind, shape.kind), "label": shape.label, "many": shape.many,
        "required": shape.required, "readonly": readonly, "filterable": shape.filterable,
    }  # fmt: skip
    if shape.choices:
        found["options"] = [option(value, zh) for value, zh in _options(shape)]
    if shape.links:
        found["links"] = list(shape.links)
    if shape.facts.entries:
        found["entries"] = shape.facts.entries
    if shape.facts.only_for:
        other, values = shape.facts.only_for
        found["visible_if"] = {"any": [{"field": other, "eq": value} for value in values]}
    if shape.row:
        inner = [s for s in shape.row if s.name != "id"]
        found["row"] = {s.name: field_facts(s, readonly=readonly or s.facts.computed) for s in inner}
    return found


def custom_facts(custom: CustomField) -> dict[str, Any]:
    """The same for a custom field, which stands under `custom`."""
    found = {
        "kind": custom.kind, "widget": _WIDGETS.get(custom.kind, custom.kind), "many": False,
        "label": {"zh": custom.zh, "en": custom.en or custom.zh}, "required": custom.required, "readonly": False,
        "filterable": False,
    }  # fmt: skip
    return found | ({"options": [option(v, v) for v in custom.options]} if custom.options else {})


def option(value: str, zh: str) -> dict[str, Any]:
    """One value of a choice with its labels."""
    return {"value": value, "label": {"zh": zh or value, "en": value.replace("_", " ").capitalize()}}


def _options(shape: Shape) -> list[tuple[str, str]]:
    labels = shape.facts.options or shape.choices
    return list(zip(shape.choices, labels, strict=True))


def states(lifecycle: Lifecycle) -> list[dict[str, Any]]:
    """The states with their labels."""
    return [option(state, lifecycle.labels.get(state, "")) for state in lifecycle.states]


def moves(lifecycle: Lifecycle) -> list[dict[str, Any]]:
    """The declared moves; `approval` = runs through the type's approval flow."""
    return [{"from": m.source, "to": m.target, "approval": m.approval} for m in lifecycle.moves]


def head(meta: Meta) -> dict[str, Any]:
    """The type's names and place."""
    return {
        "key": meta.key, "label": {"zh": meta.zh or meta.label, "en": meta.label},
        "plural": {"zh": meta.zh or meta.plural, "en": meta.plural}, "module": meta.module, "kind": meta.kind,
        "title": meta.title,
    }  # fmt: skip
