"""A type as one actor may know it: what may not be read is left out of data schema, fields and layout alike."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.fields import basic, level, readable
from crm_core.access.roles import ACTIONS
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.declare.schema import custom_facts, data_schema, field_facts, head, moves, option, states
from crm_core.declare.shape import shapes_of
from crm_core.ground.errors import NotFound
from crm_core.records.filters import ops_of
from crm_core.records.paging import orders
from crm_core.records.query import VIEWS

_SYSTEM = (
    "id", "number", "state", "state_since", "approval", "owner", "department", "shared_with", "followers", "tags",
    "attachments", "remark", "custom", "created_by", "created_at", "changed_by", "changed_at", "revision", "active",
    "order", "external_id",
)  # fmt: skip
_IN_FORM = ("owner", "department", "tags", "remark", "active", "order", "external_id")


def list_types(registry: Registry, actor: Actor) -> list[dict[str, Any]]:
    """The types of which the actor may read anything: names, and what may be done."""
    return [
        head(declared.meta) | {"actions": _actions(actor, declared)} for declared in registry if _known(actor, declared)
    ]


def describe(registry: Registry, actor: Actor, key: str) -> dict[str, Any]:
    """The whole metadata of one type; `version` changes whenever anything of it does.

    Raises:
        NotFound: no such type, or nothing of it may be read.
    """
    declared = registry[key]
    if not _known(actor, declared):
        raise NotFound(f"there is no record type {key}")
    names = readable(actor, declared)
    if declared.meta.basic and actor.scope(key, "read") is None:
        names &= basic(declared)
    found = head(declared.meta) | {
        "actions": _actions(actor, declared),
        "schema": data_schema(declared, names),
        "fields": {
            name: field_facts(shape, readonly=level(actor, declared, name) != "write") | {"operators": ops_of(shape)}
            for name, shape in shapes_of(declared).items()
            if name in names
        },
        "custom": {one.key: custom_facts(one) for one in registry.customs(key)},
        "layout": _layout(declared, names),
        "states": states(declared.lifecycle),
        "moves": moves(declared.lifecycle),
        "owned": declared.owned,
    }
    text = json.dumps(found, sort_keys=True, ensure_ascii=False)
    return found | {"version": hashlib.sha256(text.encode()).hexdigest()[:16]}


def _known(actor: Actor, declared: type[Kept]) -> bool:
    return actor.scope(declared.meta.key, "read", "basic") is not None


def _actions(actor: Actor, declared: type[Kept]) -> list[str]:
    return [action for action in ACTIONS if actor.scope(declared.meta.key, action, "basic") is not None]


def _layout(declared: type[Kept], names: set[str]) -> dict[str, Any]:
    """Sections of the form, columns of the list, the field of the kanban's columns, and offered filters."""
    shapes = shapes_of(declared)
    own = [n for n in shapes if n in names and n not in _SYSTEM]
    flat = [n for n in own if not shapes[n].row]
    sections = [("main", "基本信息", flat), *((n, shapes[n].label["zh"], [n]) for n in own if shapes[n].row)]
    if "attachments" in names:
        sections.append(("attachments", shapes["attachments"].label["zh"], ["attachments"]))
    sections.append(("more", "其他", [n for n in _IN_FORM if n in names and n in shapes]))
    columns = [n for n in declared.meta.list or (declared.meta.title, "state") if n in names]
    offered = [n for n, s in shapes.items() if n in names and (s.kind in ("choice", "link", "bool") or n in columns)]
    return {
        "sections": [{"key": k, "label": option(k, zh)["label"], "fields": f} for k, zh, f in sections if f],
        "list": {
            "columns": columns,
            "orders": [n for n in orders(declared) if n in names],
            "views": list(VIEWS if declared.owned else VIEWS[:1]),
        },
        "kanban": {"field": "state"} if len(declared.lifecycle.states) > 1 else None,
        "filters": [n for n in offered if shapes[n].filterable],
    }
