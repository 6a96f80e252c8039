"""Files and the records that name them. A file's entry has `records`, the places (`TYPE:ID`) of those that do.

While one does, `kept` is `"record"`, and the sweep lets the file be; when the last one lets go, the file stands as if it
had just been uploaded, so that the sweep looks at it a day later and asks whether a message carries it.
"""

from __future__ import annotations

from collections.abc import Collection

from pymongo.asynchronous.client_session import AsyncClientSession

from crm_core.ground.clock import now
from crm_core.ground.ports import FileFacts
from hub.store.client import Database
from hub.store.desk_indexes import FILES
from hub.store.unit import Unit

_BY_RECORD = "record"
NOT_NAMED = {"records.0": {"$exists": False}}
"""No record names the file."""


async def facts_of(
    db: Database, ids: Collection[str], session: AsyncClientSession | None = None
) -> dict[str, FileFacts]:
    """Name, type and size of the files among `ids` that exist."""
    found = db[FILES].find({"_id": {"$in": sorted(ids)}}, {"name": 1, "type": 1, "size": 1}, session=session)
    return {one["_id"]: FileFacts(name=one["name"], type=one["type"], size=one["size"]) async for one in found}


async def hold(unit: Unit, place: str, taken: Collection[str], dropped: Collection[str]) -> None:
    """Note that the record at `place` names the files `taken`, and no longer those `dropped`. The sweep, which is no
    unit, collides with this write or comes after it: it never removes what is being named."""
    entries, session = unit.db[FILES], unit.session
    if taken:
        these = {"_id": {"$in": sorted(taken)}}
        await entries.update_many(these, {"$addToSet": {"records": place}}, session=session)
        await entries.update_many({**these, "kept": False}, {"$set": {"kept": _BY_RECORD}}, session=session)
    if dropped:
        these = {"_id": {"$in": sorted(dropped)}}
        await entries.update_many(these, {"$pull": {"records": place}}, session=session)
        left = {**these, **NOT_NAMED, "kept": _BY_RECORD}
        await entries.update_many(left, {"$set": {"kept": False, "at": now()}}, session=session)
