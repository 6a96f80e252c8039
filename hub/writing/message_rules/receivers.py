"""Whom a rule means: by the record's own fields, by role and team, or by name; each once. (S2.9.1-08)"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import tzinfo
from typing import Any

from crm_core.ground.clock import now
from crm_core.ground.errors import Invalid
from crm_core.message_rules.check import named
from hub.desk.addressed import holders
from hub.identity.people import USERS
from hub.store.client import Database, Doc
from hub.store.record_codec import records_of
from hub.writing.message_rules.book import Case

_DEPARTMENTS = "record_department"


class Receivers:
    """Finds them."""

    def __init__(self, db: Database, zone: tzinfo) -> None:
        self._db, self._zone = db, zone

    async def of(self, rule: Doc, case: Case) -> tuple[list[str], list[str]]:
        """The ids of the people, and what could not be found."""
        found: dict[str, None] = {}
        missing = []
        for row in rule["recipients"]:
            try:
                found |= {user: None async for user in self._by(row["by"], row.get("value") or "", case) if user}
            except Invalid as error:
                missing.append(error.detail)
        return list(found), missing

    async def _by(self, by: str, value: str, case: Case) -> AsyncIterator[str]:
        after = case.what.after
        match by:
            case "owner" | "followers":
                for user in _values(after.get(by)):
                    yield user
            case "creator":
                yield after.get("created_by") or case.doc.get("created_by") or ""
            case "superior":
                yield await self._named_in(USERS, after.get("owner"), "superior")
            case "department_manager":
                yield await self._named_in(_DEPARTMENTS, after.get("department"), "manager")
            case "field":
                for user in _at(after, value):
                    yield user
            case _:
                for user in await self._named(by, value):
                    yield user

    async def _named_in(self, collection: str, id_: str | None, field: str) -> str:
        found = await self._db[collection].find_one({"_id": id_}, {field: 1}) if id_ else None
        return str((found or {}).get(field) or "")

    async def _named(self, by: str, value: str) -> list[str]:
        """Those of a role, a team, or one colleague. Raises `Invalid`, naming it, where it is not there (any more)."""
        where = named(by, value)
        found = await records_of(self._db, by).find_one({**where, "state": {"$ne": "retired"}}) if where else None
        if found is None:
            raise Invalid(f"{by} {value}")
        if by == "role":
            return await holders(self._db, found["_id"])
        return self._members(found) if by == "team" else [found["_id"]]

    def _members(self, team: Doc) -> list[str]:
        """Those whose time in the team it is."""
        today = now().astimezone(self._zone).date().isoformat()
        return [
            row["user"]
            for row in team["members"]
            if str(row.get("since") or "") <= today and today <= str(row.get("until") or "9")
        ]


def _at(values: Mapping[str, Any], path: str) -> list[str]:
    """The people at the end of a path such as `members.user`."""
    name, _, inner = path.partition(".")
    found = _values(values.get(name))
    return [user for row in found for user in _values(row.get(inner))] if inner else found


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []
