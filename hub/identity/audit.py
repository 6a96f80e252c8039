"""The audit log: who did what, about what or whom, when, from where. Entries are added, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.ids import first_id_at, new_id
from hub.identity.far_end import FarEnd
from hub.log import correlation
from hub.store.client import Database, Doc
from hub.store.collections import AUDIT
from hub.store.unit import Unit

_READ_MS = 2000
_USERS = "record_user"


class AuditEntry(TypedDict):
    """One line of the audit log. `actor` is None where nobody was signed in (a failed sign-in)."""

    id: str
    at: datetime
    actor: str | None
    what: str
    about: str | None
    address: str
    correlation: str | None
    facts: dict[str, Any]


class Audit:
    """Writes and reads the audit log."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def write(
        self,
        what: str,
        *,
        who: str | None,
        far: FarEnd,
        about: str | None = None,
        unit: Unit | None = None,
        **facts: Any,
    ) -> None:
        """Add an entry; with `unit`, exactly when that unit commits. `facts` must hold no secret."""
        entry = {
            "_id": new_id(),
            "at": now(),
            "actor": who,
            "what": what,
            "about": about,
            "address": far.address,
            "correlation": correlation.get(),
            "facts": facts,
        }
        await self._db[AUDIT].insert_one(entry, session=unit.session if unit else None)

    async def page(
        self,
        *,
        limit: int,
        before: str | None = None,
        actor: str | None = None,
        what: str | None = None,
        about: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[AuditEntry]:
        """Entries, newest first. `before` is the id of the last entry already seen (ids sort by time)."""
        where = conditions(before=before, actor=actor, what=what, about=about, since=since, until=until)
        found = self._db[AUDIT].find(where).sort("_id", -1).limit(limit).max_time_ms(_READ_MS)
        return [_out(entry) async for entry in found]

    async def names(self, entries: Sequence[AuditEntry]) -> dict[str, str]:
        """The names of the people that entries speak of, by id."""
        ids = {entry["actor"] for entry in entries} | {entry["about"] for entry in entries}
        found = self._db[_USERS].find({"_id": {"$in": sorted(one for one in ids if one)}}, {"name": 1})
        return {person["_id"]: person["name"] async for person in found}


def conditions(
    *,
    before: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **plain: str | None,
) -> Doc:
    """The store's filter. Times become places in the order of ids, so that the index that sorts also bounds them."""
    where: Doc = {key: value for key, value in plain.items() if value is not None}
    below = [one for one in (before, first_id_at(until) if until else None) if one is not None]
    place = ({"$lt": min(below)} if below else {}) | ({"$gte": first_id_at(since)} if since else {})
    return where | ({"_id": place} if place else {})


def _out(entry: Doc) -> AuditEntry:
    return AuditEntry(
        id=entry["_id"],
        at=entry["at"],
        actor=entry["actor"],
        what=entry["what"],
        about=entry["about"],
        address=entry["address"],
        correlation=entry["correlation"],
        facts=entry["facts"],
    )
