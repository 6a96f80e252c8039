"""The core's ports to the record store, on MongoDB."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import ExecutionTimeout

from crm_core.ground.errors import Conflict, Unavailable
from crm_core.ground.events import Event
from crm_core.ground.ports import Doc, FileFacts, Filter, Order
from hub.store.client import Database
from hub.store.collections import CONVERSATIONS, COUNTERS
from hub.store.record_codec import records_of
from hub.store.record_files import facts_of, hold
from hub.store.unit import Unit

_READ_MS = 5_000
"""A list that takes longer is given up, so that it cannot slow live work."""


class RecordView:
    """Reading records; inside a transaction when a session is given. Implements `RecordReads`."""

    def __init__(self, db: Database, session: AsyncClientSession | None = None) -> None:
        self.db = db
        self._session = session

    async def first(self, key: str, where: Filter) -> Doc | None:
        """Any one record that matches."""
        return await records_of(self.db, key).find_one(where, session=self._session, max_time_ms=self._budget())

    async def find(self, key: str, where: Filter, order: Order = (), limit: int = 0) -> list[Doc]:
        """The records that match. Raises `Unavailable` when it takes too long."""
        cursor = records_of(self.db, key).find(where, session=self._session, limit=limit, max_time_ms=self._budget())
        try:
            return await (cursor.sort(list(order)) if order else cursor).to_list()
        except ExecutionTimeout:
            raise Unavailable("this list takes too long; filter by something narrower") from None

    async def count(self, key: str, where: Filter, limit: int = 0) -> int:
        """How many match, counted up to `limit` (0 = to the end). Raises `Unavailable` when it takes too long."""
        options: dict[str, Any] = {"limit": limit} if limit else {}
        if budget := self._budget():
            options["maxTimeMS"] = budget
        try:
            return await records_of(self.db, key).count_documents(where, session=self._session, **options)
        except ExecutionTimeout:
            raise Unavailable("this count takes too long; filter by something narrower") from None

    async def files(self, ids: Collection[str]) -> dict[str, FileFacts]:
        """What is known of the files among `ids` that exist."""
        return await facts_of(self.db, ids, self._session)

    def _budget(self) -> int | None:
        """Transactions have a bound of their own."""
        return None if self._session else _READ_MS


class StoreUnit(RecordView):
    """One unit of work over records. Implements `RecordUnit`."""

    def __init__(self, unit: Unit) -> None:
        super().__init__(unit.db, unit.session)
        self._unit = unit

    async def insert(self, key: str, doc: Doc) -> None:
        """Store a new document."""
        await records_of(self.db, key).insert_one(doc, session=self._unit.session)

    async def replace(self, key: str, doc: Doc) -> None:
        """Store a document anew; it must not have been changed since `doc` was read in this unit."""
        where = {"_id": doc["_id"], "revision": doc["revision"] - 1}
        done = await records_of(self.db, key).replace_one(where, doc, session=self._unit.session)
        if done.matched_count != 1:
            raise Conflict(f"the {key} was changed twice in one unit")

    async def set_many(self, key: str, where: Filter, values: Filter) -> int:
        """Set values in all that match."""
        done = await records_of(self.db, key).update_many(where, {"$set": dict(values)}, session=self._unit.session)
        return done.matched_count

    async def remove(self, key: str, record: str) -> None:
        """Delete one document."""
        await records_of(self.db, key).delete_one({"_id": record}, session=self._unit.session)

    async def hold_files(self, place: str, taken: Collection[str], dropped: Collection[str]) -> None:
        """Note at the files that the record at `place` names them now, or no longer does."""
        await hold(self._unit, place, taken, dropped)

    async def next_number(self, series: str) -> int:
        """The next of a series; a unit that fails gives it back unused."""
        counter = await self.db[COUNTERS].find_one_and_update(
            {"_id": series}, {"$inc": {"value": 1}}, upsert=True, return_document=True, session=self._unit.session
        )
        assert counter is not None
        return int(counter["value"])

    async def in_stream(self, key: str, record: str) -> bool:
        """Whether a conversation names the record as a party or assignee, or has it attached."""
        links = [f"record:{key}:{record}", *([f"{key}:{record}"] if key in ("contact", "customer", "user") else [])]
        where: Doc = {"links": {"$in": links}}
        if key == "user":
            where = {"$or": [where, {"assignee.id": record}]}
        return await self.db[CONVERSATIONS].find_one(where, {"_id": 1}, session=self._unit.session) is not None

    def announce(self, event: Event) -> None:
        """Tell the consoles when this unit commits."""
        self._unit.announce(event)
