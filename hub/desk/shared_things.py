"""One collection of things that people keep or share (see `sharing`): listed, made, changed, removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo.errors import DuplicateKeyError

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, Invalid
from crm_core.ground.ids import new_id
from hub.desk.sharing import check_change, scope_of, visible_to
from hub.identity.caller import Caller
from hub.store.client import Database, Doc

_MOST_OWN = 200
_MOST_SHOWN = 1000


class SharedThings:
    """`unique`: the field of which no two may be the same for the same people."""

    def __init__(self, db: Database, collection: str, unique: str) -> None:
        self._things = db[collection]
        self._unique = unique

    async def all(self, caller: Caller, ids: list[str] | None = None) -> list[Doc]:
        """What the caller has, by name; only those of these ids where some are given."""
        where = {"$and": [{"_id": {"$in": ids}} if ids is not None else {}, visible_to(caller)]}
        return await self._things.find(where).sort([("scope", 1), (self._unique, 1)]).limit(_MOST_SHOWN).to_list()

    async def create(self, caller: Caller, shared_with: str, fields: Mapping[str, Any]) -> Doc:
        """A new one.

        Raises:
            Forbidden: the caller may not share so. Conflict: there is one of this name. Invalid: too many.
        """
        scope = scope_of(caller, shared_with)
        if await self._things.count_documents({"scope": scope}, limit=_MOST_OWN) >= _MOST_OWN:
            raise Invalid(f"there are {_MOST_OWN} already; remove some")
        doc = {
            "_id": new_id(),
            "owner": {"id": caller.user, "name": caller.name},
            "scope": scope,
            "revision": 1,
            "at": now(),
            **fields,
        }
        try:
            await self._things.insert_one(doc)
        except DuplicateKeyError:
            raise self._taken(fields) from None
        return doc

    async def change(self, caller: Caller, thing: str, fields: Mapping[str, Any], revision: int | None) -> Doc:
        """Change what the caller names; `shared_with` moves it to other people."""
        before = check_change(caller, await self._seen(caller, thing), revision)
        changes = dict(fields)
        if (wanted := changes.pop("shared_with", None)) is not None:
            changes["scope"] = before["scope"] if wanted == before["scope"] else scope_of(caller, wanted)
            if wanted == "me":
                changes["owner"] = {"id": caller.user, "name": caller.name}
        after = {**before, **changes, "revision": before["revision"] + 1, "at": now()}
        try:
            done = await self._things.replace_one({"_id": thing, "revision": before["revision"]}, after)
        except DuplicateKeyError:
            raise self._taken(after) from None
        if not done.matched_count:
            check_change(caller, await self._seen(caller, thing), before["revision"])
        return after

    async def remove(self, caller: Caller, thing: str) -> None:
        """Remove it; again is no mistake."""
        doc = await self._seen(caller, thing)
        if doc is not None:
            check_change(caller, doc, None)
            await self._things.delete_one({"_id": thing})

    async def _seen(self, caller: Caller, thing: str) -> Doc | None:
        return await self._things.find_one({"$and": [{"_id": thing}, visible_to(caller)]})

    def _taken(self, fields: Mapping[str, Any]) -> Conflict:
        return Conflict(f"there is one called {fields.get(self._unique)!r} for the same people")
