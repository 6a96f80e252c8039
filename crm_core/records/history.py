"""The change log of a record: who changed what, when, from which value to which."""

from __future__ import annotations

from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.fields import shown
from crm_core.declare.registry import Registry
from crm_core.ground.ports import HISTORY, Doc, RecordReads
from crm_core.records.files import told
from crm_core.records.find import find_readable


async def history(
    reads: RecordReads, registry: Registry, actor: Actor, key: str, record: str, *, before: int | None = None,
    limit: int = 50,
) -> dict[str, Any]:  # fmt: skip
    """The entries, newest first; fields that the actor may not read are left out.

    Args:
        before: only entries of a smaller revision: the `next` of the page before.
    Raises:
        NotFound: there is no such record in sight.
    """
    declared = registry[key]
    names = shown(actor, declared, await find_readable(reads, actor, declared, record))
    where: Doc = {"type": key, "record": record}
    if before is not None:
        where["revision"] = {"$lt": before}
    found = await reads.find(HISTORY, where, (("revision", -1),), limit + 1)
    items = [_entry(doc, names) for doc in found[:limit]]
    return {"items": items, "next": items[-1]["revision"] if len(found) > limit else None}


def _entry(doc: Doc, names: set[str]) -> dict[str, Any]:
    entry = {"id": doc["_id"], **{k: doc[k] for k in ("revision", "at", "actor", "change", "state", "reason")}}
    fields = [f for f in doc["fields"] if f["field"] in names]
    return entry | {"fields": fields, "files": told(fields, doc.get("files") or {})}
