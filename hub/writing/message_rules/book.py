"""The rules that are in use, and the changes that they are held against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm_core.declare.registry import Registry
from crm_core.ground.ports import HISTORY
from crm_core.message_rules.happening import Happening, happening
from hub.store.client import Database, Doc
from hub.store.record_codec import records_of

RULES = "message_rule"


@dataclass(frozen=True, slots=True)
class Case:
    """One change: the record as it is now, and what happened to it then."""

    doc: Doc
    what: Happening


class RuleBook:
    """Reads them."""

    def __init__(self, db: Database, registry: Registry) -> None:
        self._db, self._registry = db, registry

    async def active(self, types: Iterable[str], *, ask: bool | None = None) -> list[Doc]:
        """The rules of these types that are in use; of one kind only, where `ask` is given."""
        where: Doc = {"type": {"$in": sorted(set(types))}, "state": "active"}
        if ask is not None:
            where["ask"] = ask
        return await records_of(self._db, RULES).find(where).sort("_id", 1).to_list()

    async def rule(self, rule: str) -> Doc | None:
        """One of those in use."""
        return await records_of(self._db, RULES).find_one({"_id": rule, "state": "active"})

    async def case(self, key: str, record: str, revision: int) -> Case | None:
        """The change that gave the record this revision; None where the record is gone, or nothing is known of it."""
        doc = await records_of(self._db, key).find_one({"_id": record}) if key in self._registry else None
        if doc is None:
            return None
        where = {"type": key, "record": record, "revision": {"$gte": revision}}
        entries = await records_of(self._db, HISTORY).find(where).sort("revision", -1).to_list()
        if not entries or entries[-1]["revision"] != revision:
            return None
        return Case(doc, happening(self._registry[key], doc, entries))
