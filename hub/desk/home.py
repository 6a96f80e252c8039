"""Home pages: schemes by administrators for persons and roles, and what each person makes of theirs. (S2.1.1-01, -03, -15)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import FieldError, Invalid, NotFound, StaleRevision
from crm_core.ground.ids import new_id
from hub.desk.home_blocks import Block, built_in
from hub.events import HomeChanged
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.identity.people import ROLES, USERS
from hub.store.client import Doc
from hub.store.notice_collections import HOME_PAGES, HOME_SCHEMES
from hub.store.unit import Unit, Units

_MOST_SCHEMES = 200


class HomeOut(TypedDict):
    """A person's page. `scheme` is its name, None for the built-in one; `personal`: the person changed it."""

    scheme: str | None
    personal: bool
    blocks: list[dict[str, Any]]


class SchemeOut(TypedDict):
    """A scheme. `standard`: for everybody to whom no other is assigned. `roles` are codes, `users` ids."""

    id: str
    name: str
    blocks: list[dict[str, Any]]
    standard: bool
    roles: list[str]
    users: list[str]
    revision: int


class Home:
    """Reads and keeps pages and schemes."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units, self._db, self._audit = units, units.db, audit

    async def show(self, who: Caller) -> HomeOut:
        """The caller's page: the own one, else the scheme of the person, of a role, the standard, the built-in."""
        scheme = await self._scheme_of(who)
        own = await self._db[HOME_PAGES].find_one({"_id": who.user})
        blocks = own["blocks"] if own else scheme["blocks"] if scheme else dump(built_in())
        return HomeOut(scheme=scheme["name"] if scheme else None, personal=own is not None, blocks=blocks)

    async def change(self, who: Caller, blocks: Sequence[Block]) -> HomeOut:
        """Keep the page as the caller has it; raises `Invalid` where two blocks have one id."""
        kept = {"_id": who.user, "blocks": dump(checked(blocks)), "changed_at": now()}

        async def work(unit: Unit) -> None:
            await unit.db[HOME_PAGES].replace_one({"_id": who.user}, kept, upsert=True, session=unit.session)
            unit.announce(HomeChanged(_user=who.user))

        await self._units.run(work)
        return await self.show(who)

    async def forget(self, who: Caller) -> HomeOut:
        """Back to the scheme."""

        async def work(unit: Unit) -> None:
            await unit.db[HOME_PAGES].delete_one({"_id": who.user}, session=unit.session)
            unit.announce(HomeChanged(_user=who.user))

        await self._units.run(work)
        return await self.show(who)

    async def schemes(self) -> list[SchemeOut]:
        """All of them, by name."""
        return [_out(doc) async for doc in self._db[HOME_SCHEMES].find().sort("name", 1).limit(_MOST_SCHEMES)]

    async def create_scheme(self, who: Caller, far: FarEnd, fields: Mapping[str, Any]) -> SchemeOut:
        """A new scheme; raises `Invalid` for roles and users whom there are not."""
        doc: Doc = {"_id": new_id(), **await self._checked(fields), "revision": 1, "changed_at": now()}

        async def work(unit: Unit) -> None:
            await unit.db[HOME_SCHEMES].insert_one(doc, session=unit.session)
            await self._settle(unit, doc, "home-scheme.created", who, far)

        await self._units.run(work)
        return _out(doc)

    async def change_scheme(
        self, who: Caller, far: FarEnd, scheme: str, fields: Mapping[str, Any], revision: int
    ) -> SchemeOut:
        """Change what is given; raises `NotFound`, `StaleRevision`, `Invalid`."""
        values = await self._checked(fields)

        async def work(unit: Unit) -> Doc:
            before = await _load(unit, scheme)
            if before["revision"] != revision:
                raise StaleRevision("somebody changed this scheme; read it again", revision=before["revision"])
            after = {**before, **values, "revision": revision + 1, "changed_at": now()}
            await unit.db[HOME_SCHEMES].replace_one({"_id": scheme}, after, session=unit.session)
            await self._settle(unit, after, "home-scheme.changed", who, far)
            return after

        return _out(await self._units.run(work))

    async def remove_scheme(self, who: Caller, far: FarEnd, scheme: str) -> None:
        """Remove it; its people get the next that is meant for them."""

        async def work(unit: Unit) -> None:
            doc = await _load(unit, scheme)
            await unit.db[HOME_SCHEMES].delete_one({"_id": scheme}, session=unit.session)
            await self._settle(unit, {**doc, "standard": False}, "home-scheme.removed", who, far)

        await self._units.run(work)

    async def _scheme_of(self, who: Caller) -> Doc | None:
        ways: list[Doc] = [{"users": who.user}, {"roles": {"$in": sorted(who.roles)}}, {"standard": True}]
        for where in ways:
            if found := await self._db[HOME_SCHEMES].find_one(where, sort=[("name", 1)]):
                return found
        return None

    async def _settle(self, unit: Unit, doc: Doc, what: str, who: Caller, far: FarEnd) -> None:
        """At most one is the standard; every console looks again; the audit log knows."""
        if doc["standard"]:
            others = {"standard": True, "_id": {"$ne": doc["_id"]}}
            change = {"$set": {"standard": False}, "$inc": {"revision": 1}}
            await unit.db[HOME_SCHEMES].update_many(others, change, session=unit.session)
        unit.announce(HomeChanged())
        await self._audit.write(what, who=who.user, far=far, about=doc["_id"], unit=unit, name=doc["name"])

    async def _checked(self, fields: Mapping[str, Any]) -> Doc:
        values = dict(fields)
        if "blocks" in values:
            values["blocks"] = dump(checked(values["blocks"]))
        await self._check_known("roles", ROLES, "code", values.get("roles", ()))
        await self._check_known("users", USERS, "_id", values.get("users", ()))
        return values

    async def _check_known(self, field: str, collection: str, key: str, wanted: Sequence[str]) -> None:
        known = {doc[key] async for doc in self._db[collection].find({key: {"$in": list(wanted)}}, {key: 1})}
        if missing := [one for one in wanted if one not in known]:
            detail = f"there is no {', '.join(missing)}"
            raise Invalid(
                f"{field}: {detail}",
                fields=(FieldError(field, "unknown", detail, {"rule": "no-such", "what": ", ".join(missing)}),),
            )


def checked(blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks; raises `Invalid` where two have one id, or a records block names no type."""
    seen: set[str] = set()
    for at, block in enumerate(blocks):
        if block.id in seen:
            raise Invalid("two blocks have one id", fields=(FieldError(f"blocks.{at}.id", "taken", "choose another"),))
        if block.kind == "records" and block.type is None:
            raise Invalid("name a record type", fields=(FieldError(f"blocks.{at}.type", "missing", "name a type"),))
        seen.add(block.id)
    return blocks


def dump(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """The stored form."""
    return [block.model_dump() for block in blocks]


async def _load(unit: Unit, scheme: str) -> Doc:
    doc = await unit.db[HOME_SCHEMES].find_one({"_id": scheme}, session=unit.session)
    if doc is None:
        raise NotFound("there is no such scheme", scheme=scheme)
    return doc


def _out(doc: Doc) -> SchemeOut:
    plain = ("name", "blocks", "standard", "roles", "users", "revision")
    return {"id": doc["_id"]} | {key: doc[key] for key in plain}  # type: ignore[return-value]
