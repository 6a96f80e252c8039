"""Records for the rest of the hub: each act one call, each write one unit of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any, Protocol, TypeVar

from pymongo.errors import DuplicateKeyError

from crm_core.access.actor import Actor, system
from crm_core.access.administrators import ABOUT_PEOPLE, has_administrator
from crm_core.access.builtin import builtin_roles
from crm_core.access.compile import may
from crm_core.declare.registry import Registry
from crm_core.ground.errors import Conflict
from crm_core.records.change import change
from crm_core.records.create import check_new, create
from crm_core.records.files import named, names_it
from crm_core.records.history import history
from crm_core.records.query import count_records, list_records
from crm_core.records.remove import remove
from crm_core.records.save import Written
from crm_core.records.show import show, visible_all
from crm_core.records.texts import RecordText, all_texts, readable_texts
from crm_core.records.transition import transition
from hub.store.record_indexes import record_indexes
from hub.store.record_unit import RecordView, StoreUnit
from hub.store.unit import Unit, Units

__all__ = ["RecordView", "Records", "StoreUnit", "record_indexes"]

Row = dict[str, Any]
T = TypeVar("T")


class HasActor(Protocol):
    """A signed-in caller, as far as records care."""

    @property
    def actor(self) -> Actor:
        """Who acts."""


class Records:
    """What one can do with records. Errors are those of the verbs in `crm_core.records`."""

    def __init__(self, units: Units, registry: Registry) -> None:
        self._units = units
        self.registry = registry
        self._reads = RecordView(units.db)

    async def create(self, actor: Actor, key: str, body: Mapping[str, Any], usable: Collection[str] = ()) -> Row:
        """Store a new record; the answer has `warnings` besides its fields. `usable`: the files that it may name."""
        check_new(self.registry, actor, key, body)  # what is plainly wrong does not hold up the stream
        return await self._write(actor, key, lambda unit: create(unit, self.registry, actor, key, body, usable))

    async def change(
        self, actor: Actor, key: str, record: str, body: Mapping[str, Any], revision: int, usable: Collection[str] = ()
    ) -> Row:
        """Change fields of a record that was read at `revision`. `usable`: the files that it may name anew."""
        return await self._write(
            actor, key, lambda unit: change(unit, self.registry, actor, key, record, body, revision, usable)
        )

    def files_in(self, key: str, body: Mapping[str, Any]) -> set[str]:
        """The files that a body names; raises `NotFound` where there is no such type."""
        return named(self.registry[key], body)

    async def names_file(self, actor: Actor, places: Collection[str], file: str) -> bool:
        """Whether one of these records (`TYPE:ID`) names the file in a field that the actor may read."""
        return await names_it(self._reads, self.registry, actor, places, file)

    async def transition(
        self, actor: Actor, key: str, record: str, to: str, reason: str = "", revision: int | None = None
    ) -> Row:
        """Move a record to another state."""
        return await self._write(
            actor,
            key,
            lambda unit: transition(unit, self.registry, actor, key, record, to, reason=reason, revision=revision),
        )

    async def remove(self, actor: Actor, key: str, record: str, revision: int | None = None) -> None:
        """Delete a record that nothing links to."""

        async def act(unit: StoreUnit) -> None:
            await remove(unit, self.registry, actor, key, record, revision=revision)

        await self._units.run(partial(_with_an_administrator, key, act))

    async def show(self, actor: Actor, key: str, record: str) -> Row:
        """One record."""
        return await show(self._reads, self.registry, actor, key, record)

    async def page(self, actor: Actor, key: str, params: Mapping[str, str]) -> Row:
        """One page of a list: `{items, next}`."""
        return await list_records(self._reads, self.registry, actor, key, params)

    async def count(self, actor: Actor, key: str, params: Mapping[str, str]) -> Row:
        """How long a list is: `{count, more}`."""
        return await count_records(self._reads, self.registry, actor, key, params)

    async def history(self, actor: Actor, key: str, record: str, before: int | None, limit: int) -> Row:
        """The change log of a record: `{items, next}`."""
        return await history(self._reads, self.registry, actor, key, record, before=before, limit=limit)

    async def readable(self, caller: HasActor, record_type: str, ids: Sequence[str]) -> dict[str, RecordText]:
        """Those of the records that the caller may read now, with what search may tell of them."""
        return await readable_texts(self._reads, self.registry, caller.actor, record_type, ids)

    async def texts(self, record_type: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """All searchable texts of records, for the search index."""
        return await all_texts(self._reads, self.registry, record_type, ids)

    async def install_roles(self) -> None:
        """Make the built-in roles that are missing; those that are there stay as the administrator has them."""

        async def work(unit: Unit) -> None:
            store = StoreUnit(unit)
            for body in builtin_roles(self.registry):
                if await store.first("role", {"code": body["code"]}) is None:
                    await create(store, self.registry, system(), "role", body, built_in=True)

        await self._units.run(work)

    async def _write(self, actor: Actor, key: str, act: Callable[[StoreUnit], Awaitable[Written]]) -> Row:
        try:
            written = await self._units.run(partial(_with_an_administrator, key, act))
        except DuplicateKeyError as error:
            raise Conflict(f"there is already such a {key}", reason="duplicate") from error
        declared, warnings = self.registry[key], [asdict(w) for w in written.warnings]
        if not may(actor, "read", declared, written.doc, "basic"):  # it was given to somebody else
            return {"id": written.doc["_id"], "revision": written.doc["revision"], "warnings": warnings}
        rows = await visible_all(self._reads, self.registry, actor, declared, [written.doc])
        return rows[0] | {"warnings": warnings}


async def _with_an_administrator(key: str, act: Callable[[StoreUnit], Awaitable[T]], unit: Unit) -> T:
    """Do it, unless it would take the last administrator away."""
    store = StoreUnit(unit)
    if key not in ABOUT_PEOPLE or not await has_administrator(store):
        return await act(store)
    done = await act(store)
    if not await has_administrator(store):
        raise Conflict(
            "nobody could administer any more; make another administrator first", reason="last-administrator"
        )
    return done
