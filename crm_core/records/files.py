"""Files that records name: only those that the writer may open are named anew, and who reads the field may open them.

A record names a file in its fields of the kind `file`: a photo, its attachments. The store remembers at each file which
records name it (`RecordUnit.hold_files`), so that it stays as long as one does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.compile import scope_filter, within
from crm_core.access.fields import shown
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.declare.shape import Shape, shapes_of
from crm_core.ground.errors import FieldError, Invalid
from crm_core.ground.ports import Doc, FileFacts, RecordReads, RecordUnit
from crm_core.records.documents import to_values


def files_in(declared: type[Kept], values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every file among the values: where it stands, its id. Takes what a client sent as well, whatever its shape."""
    for shape in shapes_of(declared).values():
        value = values.get(shape.name)
        yield from _of(shape.name, shape, value)
        for at, row in enumerate(value if shape.row and isinstance(value, list) else ()):
            for inner in shape.row if isinstance(row, Mapping) else ():
                yield from _of(f"{shape.name}.{at}.{inner.name}", inner, row.get(inner.name))


def _of(path: str, shape: Shape, value: Any) -> Iterator[tuple[str, str]]:
    if shape.kind != "file":
        return
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        yield from ((f"{path}.{at}", one) for at, one in enumerate(value) if isinstance(one, str))


def named(declared: type[Kept], values: Mapping[str, Any]) -> set[str]:
    """The ids of all files among the values."""
    return {one for _, one in files_in(declared, values)}


async def hold_files(
    unit: RecordUnit,
    actor: Actor,
    declared: type[Kept],
    record: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    usable: Collection[str],
) -> dict[str, FileFacts]:
    """Check the files that are named anew, and note at each file whether this record names it.

    Args:
        usable: the files that the actor may open; the system may name any.
    Returns:
        What is known of the files, where any came or went. The change log keeps it: a file that went is removed some day.
    Raises:
        Invalid: names each field; a file that one may not open and one that does not exist look the same.
    """
    old, new = named(declared, before), named(declared, after)
    if old == new:
        return {}
    known = await unit.files(old | new)
    lost = [
        FieldError(path, "file", "there is no such file")
        for path, one in files_in(declared, after)
        if one not in old and (one not in known or not (actor.is_system or one in usable))
    ]
    if lost:
        raise Invalid("a file cannot be named", fields=tuple(lost))
    await unit.hold_files(f"{declared.meta.key}:{record}", new - old, old - new)
    return known


async def files_of(
    reads: RecordReads, declared: type[Kept], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, FileFacts]]:
    """For each row, what is known of the files that it names, by id; one question to the store for all."""
    each = [named(declared, row) for row in rows]
    wanted = set[str]().union(*each)
    known = await reads.files(wanted) if wanted else {}
    return [{one: known[one] for one in ids if one in known} for ids in each]


async def names_it(reads: RecordReads, registry: Registry, actor: Actor, places: Collection[str], file: str) -> bool:
    """Whether one of these records (`TYPE:ID`) names the file in a field that the actor may read."""
    by_type: dict[str, list[str]] = defaultdict(list)
    for place in places:
        key, _, record = place.partition(":")
        by_type[key].append(record)
    for key in by_type.keys() & set(registry.keys()):
        declared = registry[key]
        sight = scope_filter(actor, "read", declared, "basic")
        for doc in await reads.find(key, within({"_id": {"$in": by_type[key]}}, sight)):
            names = shown(actor, declared, doc)
            if file in named(declared, {n: v for n, v in to_values(declared, doc).items() if n in names}):
                return True
    return False


def told(fields: Sequence[Doc], known: Mapping[str, FileFacts]) -> dict[str, FileFacts]:
    """What is known of the files among the old and new values of some fields of the change log."""
    ids: set[str] = set()
    for field in fields:
        for value in (field["old"], field["new"]):
            ids |= {one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)}
    return {one: known[one] for one in sorted(ids) if one in known}
