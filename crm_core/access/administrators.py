"""The rule that somebody can always administer: no act on people or roles takes the last administrator away."""

from __future__ import annotations

from crm_core.ground.ports import RecordReads

ABOUT_PEOPLE = frozenset({"user", "role"})
"""The types whose records decide who administers."""


async def has_administrator(reads: RecordReads) -> bool:
    """Whether anybody who may sign in holds a role in use that administers."""
    roles = [role["_id"] for role in await reads.find("role", {"admin": True, "state": "active"})]
    if not roles:
        return False
    return (
        await reads.first("user", {"roles": {"$in": roles}, "state": {"$ne": "left"}, "login": {"$gt": ""}}) is not None
    )
