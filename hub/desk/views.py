"""Saved views of the inbox: a name for a filter, kept for oneself or shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict

from hub.desk.shared_things import SharedThings
from hub.desk.sharing import shown
from hub.identity.caller import Caller
from hub.model.conversation import PersonRef
from hub.store.client import Database, Doc
from hub.store.inbox_collections import VIEWS


class ViewOut(TypedDict):
    """A saved view. `filters` are those of `GET /api/conversations`."""

    id: str
    name: str
    filters: dict[str, Any]
    owner: PersonRef
    shared_with: str
    may_change: bool
    revision: int


class Views:
    """The views that somebody has."""

    def __init__(self, db: Database) -> None:
        self._things = SharedThings(db, VIEWS, "name")

    async def all(self, caller: Caller) -> list[ViewOut]:
        """All of them."""
        return [_out(caller, doc) for doc in await self._things.all(caller)]

    async def filters(self, caller: Caller, ids: list[str]) -> dict[str, dict[str, Any]]:
        """The filters of those of these views that the caller has, by id."""
        return {doc["_id"]: doc["filters"] for doc in await self._things.all(caller, ids)} if ids else {}

    async def create(self, caller: Caller, name: str, filters: Mapping[str, Any], shared_with: str) -> ViewOut:
        """Save a filter under a name. Raises `Forbidden`, `Conflict`, `Invalid`."""
        return _out(caller, await self._things.create(caller, shared_with, {"name": name, "filters": dict(filters)}))

    async def change(self, caller: Caller, view: str, fields: Mapping[str, Any], revision: int | None) -> ViewOut:
        """Change name, filters or who has it. Raises `NotFound`, `Forbidden`, `StaleRevision`, `Conflict`."""
        return _out(caller, await self._things.change(caller, view, fields, revision))

    async def remove(self, caller: Caller, view: str) -> None:
        """Remove it. Raises `Forbidden`."""
        await self._things.remove(caller, view)


def _out(caller: Caller, doc: Doc) -> ViewOut:
    return {**shown(caller, doc), "name": doc["name"], "filters": doc["filters"]}  # type: ignore[typeddict-item]
