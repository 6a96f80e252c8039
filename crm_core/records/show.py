"""A stored document as a client sees it: only the fields that the actor may read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.fields import shown
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.ground.ports import Doc, RecordReads
from crm_core.records.documents import to_values
from crm_core.records.files import files_of
from crm_core.records.find import find_readable
from crm_core.records.links import labels_of


def visible(actor: Actor, declared: type[Kept], doc: Mapping[str, Any]) -> dict[str, Any]:
    """The declared fields of a document that the actor may read."""
    names = shown(actor, declared, doc)
    return {name: value for name, value in to_values(declared, doc).items() if name in names}


async def visible_all(
    reads: RecordReads, registry: Registry, actor: Actor, declared: type[Kept], docs: Sequence[Doc]
) -> list[dict[str, Any]]:
    """Several documents, each with `labels`, the names of what it links to, by id; and where it names files with `files`,
    what is known of them, by id."""
    rows = [visible(actor, declared, doc) for doc in docs]
    labels = await labels_of(reads, registry, actor, declared, rows)
    files = await files_of(reads, declared, rows)
    return [
        row | {"labels": _used(labels, row)} | ({"files": known} if known else {})
        for row, known in zip(rows, files, strict=True)
    ]


def _used(labels: Mapping[str, str], value: Any) -> dict[str, str]:
    if isinstance(value, str):
        return {value: labels[value]} if value in labels else {}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {key: label for one in inner for key, label in _used(labels, one).items()}


async def show(reads: RecordReads, registry: Registry, actor: Actor, key: str, record: str) -> dict[str, Any]:
    """One record. Raises `NotFound` where there is none, or none in sight."""
    declared = registry[key]
    doc = await find_readable(reads, actor, declared, record)
    return (await visible_all(reads, registry, actor, declared, [doc]))[0]
