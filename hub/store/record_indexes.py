"""The indexes of the record collections, derived from the declarations."""

from __future__ import annotations

from collections.abc import Iterator

from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry, link_paths
from crm_core.ground.ports import HISTORY
from crm_core.records.documents import stored_name
from crm_core.records.paging import orders
from hub.store.collections import Index
from hub.store.record_codec import collection_name


def record_indexes(registry: Registry) -> list[Index]:
    """One index per order, per row scope, per link, and those behind numbers, duplicates and addresses."""
    history = collection_name(HISTORY)
    return [
        Index(history, {"type": 1, "record": 1, "revision": -1}, unique=True),
        Index(history, {"actor": 1, "at": -1}),
        *(index for declared in registry for index in _of_type(declared)),
    ]


def _of_type(declared: type[Kept]) -> Iterator[Index]:
    name = collection_name(declared.meta.key)
    for field in dict.fromkeys([*_sorted_by(declared), *_scoped_by(declared), *_linked_by(declared)]):
        yield Index(name, {field: 1, "_id": 1})
    yield Index(name, {"addresses": 1})
    yield Index(name, {"unique_keys": 1}, unique=True, where={"unique_keys": {"$exists": True}})
    yield Index(name, {"near_keys": 1})
    if declared.meta.series:
        yield Index(name, {"number": 1}, unique=True, where={"number": {"$type": "string"}})


def _sorted_by(declared: type[Kept]) -> list[str]:
    return [field for field in orders(declared) if field not in ("id", "created_at")]


def _scoped_by(declared: type[Kept]) -> list[str]:
    if not declared.owned:
        return []
    own = [field for field in declared.meta.own if field != "id"]
    return [*own, "owner", "department", "department_path", "shared_users", "shared_departments"]


def _linked_by(declared: type[Kept]) -> list[str]:
    """Links are asked for backwards: by lists, and before a record is deleted. Shares have their own lists."""
    return [stored_name(path) for path, _ in link_paths(declared) if not path.startswith("shared_with.")]
