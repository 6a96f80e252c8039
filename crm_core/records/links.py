"""Links: every one points at a record that exists, of an allowed type; only what one may see can be linked anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.compile import scope_filter, within
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.declare.shape import Shape, shapes_of
from crm_core.ground.errors import FieldError, Invalid
from crm_core.ground.ports import RecordReads


def links_in(
    declared: type[Kept], values: Mapping[str, Any], *, computed: bool = False
) -> Iterator[tuple[str, Shape, str]]:
    """Every link among the values: where it stands, its shape, the id."""
    for shape in shapes_of(declared).values():
        if shape.facts.computed and not computed:
            continue
        value = values.get(shape.name)
        if shape.links:
            yield from _each(shape.name, shape, value)
        for at, row in enumerate(value or () if shape.row else ()):
            for inner in shape.row:
                if inner.links:
                    yield from _each(f"{shape.name}.{at}.{inner.name}", inner, row.get(inner.name))


def _each(path: str, shape: Shape, value: Any) -> Iterator[tuple[str, Shape, str]]:
    if isinstance(value, list):
        yield from ((f"{path}.{at}", shape, one) for at, one in enumerate(value))
    elif value:
        yield path, shape, value


async def check_links(
    reads: RecordReads,
    registry: Registry,
    actor: Actor,
    declared: type[Kept],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    """Refuse new links that point at nothing the actor may see. A link to the record itself is left to its own rules.

    Raises:
        Invalid: names each such field; a record out of sight and one that does not exist look the same.
    """
    known = {(shape.links, shape.facts.entries, one) for _, shape, one in links_in(declared, before)}
    fresh = [
        (path, shape, one)
        for path, shape, one in links_in(declared, after)
        if (shape.links, shape.facts.entries, one) not in known and one != after["id"]
    ]
    wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
    for _, shape, one in fresh:
        for target in shape.links:
            wanted[target, shape.facts.entries].add(one)
    found = set()
    for (target, entries), ids in wanted.items():
        where = {"_id": {"$in": sorted(ids)}, **({"list": entries} if entries else {})}
        sight = scope_filter(actor, "read", registry[target], "basic")
        docs = await reads.find(target, within(where, sight))
        found |= {(target, entries, doc["_id"]) for doc in docs}
    lost = [
        FieldError(path, "link", f"there is no such {' or '.join(shape.links)}")
        for path, shape, one in fresh
        if not any((target, shape.facts.entries, one) in found for target in shape.links)
    ]
    if lost:
        raise Invalid("a link leads nowhere", fields=tuple(lost))


async def labels_of(
    reads: RecordReads, registry: Registry, actor: Actor, declared: type[Kept], rows: list[dict[str, Any]]
) -> dict[str, str]:
    """The names of all records that some rows link to, by id; of those only that the actor may see."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for _, shape, one in links_in(declared, row, computed=True):
            for target in shape.links:
                wanted[target].add(one)
    labels: dict[str, str] = {}
    for target, ids in wanted.items():
        where = {"_id": {"$in": sorted(ids)}}
        sight = scope_filter(actor, "read", registry[target], "basic")
        for doc in await reads.find(target, within(where, sight)):
            labels[doc["_id"]] = str(doc.get(registry[target].meta.title) or doc["_id"])
    return labels
