"""What search may know of records: the texts of their fields, and how a link to them reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from crm_core.access.actor import Actor
from crm_core.access.compile import scope_filter, within
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.declare.shape import Shape, shapes_of
from crm_core.ground.ports import RecordReads
from crm_core.records.documents import to_values
from crm_core.records.show import visible

_SEARCHED = frozenset({"text", "longtext", "phone", "email"})
_NOT_SEARCHED = frozenset({"id", "state", "time_zone"})


class RecordText(TypedDict):
    """One record: its label, its texts as far as the actor may read them, and when it last changed."""

    label: str
    texts: list[str]
    at: datetime


async def readable_texts(
    reads: RecordReads, registry: Registry, actor: Actor, key: str, ids: Sequence[str]
) -> dict[str, RecordText]:
    """The records among `ids` that the actor may read now; none where the type is unknown."""
    if key not in registry:
        return {}
    declared = registry[key]
    where = within({"_id": {"$in": list(ids)}}, scope_filter(actor, "read", declared, "basic"))
    docs = await reads.find(key, where)
    return {
        doc["_id"]: RecordText(
            label=str(doc.get(declared.meta.title) or doc["_id"]),
            texts=list(_texts(declared, visible(actor, declared, doc))),
            at=doc["changed_at"],
        )
        for doc in docs
    }


async def all_texts(reads: RecordReads, registry: Registry, key: str, ids: Sequence[str]) -> dict[str, list[str]]:
    """All texts of the records among `ids` that exist, for the index. Guarded fields are never indexed."""
    if key not in registry:
        return {}
    declared = registry[key]
    docs = await reads.find(key, {"_id": {"$in": list(ids)}})
    return {doc["_id"]: list(_texts(declared, to_values(declared, doc))) for doc in docs}


def _texts(declared: type[Kept], values: Mapping[str, Any]) -> Iterator[str]:
    for name, shape in shapes_of(declared).items():
        if name not in _NOT_SEARCHED and not shape.facts.guarded:
            yield from _of(shape, values.get(name))


def _of(shape: Shape, value: Any) -> Iterator[str]:
    if shape.kind in _SEARCHED:
        yield from (str(one) for one in (value if isinstance(value, list) else [value]) if one)
    elif shape.kind == "address" and isinstance(value, Mapping):
        yield from (str(part) for part in value.values() if part)
    elif shape.row and isinstance(value, list):
        for row in value:
            for inner in shape.row:
                if inner.name != "id":
                    yield from _of(inner, row.get(inner.name))
