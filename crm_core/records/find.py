"""One record, found only by those who may see it."""

from __future__ import annotations

from crm_core.access.actor import Actor
from crm_core.access.compile import may, scope_filter, within
from crm_core.access.roles import Action
from crm_core.declare.record import Kept
from crm_core.ground.errors import Forbidden, NotFound
from crm_core.ground.ports import Doc, RecordReads


async def find_readable(reads: RecordReads, actor: Actor, declared: type[Kept], record: str) -> Doc:
    """The document, where at least its basic part may be read.

    Raises:
        NotFound: it does not exist, or is out of sight: the two look the same.
    """
    sight = scope_filter(actor, "read", declared, "basic")
    doc = await reads.first(declared.meta.key, within({"_id": record}, sight))
    if doc is None:
        raise NotFound(f"there is no such {declared.meta.key}")
    return doc


async def find_for(reads: RecordReads, actor: Actor, action: Action, declared: type[Kept], record: str) -> Doc:
    """The document, where the actor may do something to it.

    Raises:
        NotFound: out of sight. Forbidden: in sight, but the action is not allowed on it.
    """
    doc = await find_readable(reads, actor, declared, record)
    if not may(actor, action, declared, doc):
        raise Forbidden(f"you may not {action} this {declared.meta.key}")
    return doc
