"""Who a user id is today: the person's record, roles and queues, as one value; kept for a few seconds."""

from __future__ import annotations

import hashlib
import json
import time
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from crm_core.access.actor import Actor
from crm_core.access.roles import Rights, rights_of
from crm_core.declare.registry import Registry
from hub.store.client import Database, Doc
from hub.store.collections import CREDENTIALS, PRESENCE, QUEUES

USERS = "record_user"
ROLES = "record_role"
SUPERVISOR = "SU"
"""Code of the built-in role of contact-centre supervisors."""

_KEEP_S = 5.0
_MOST = 20_000
_PERSON_EVENTS = frozenset({"record.changed", "queue.changed", "hub.rights-changed"})
_FIELDS = {
    "login": 1,
    "name": 1,
    "state": 1,
    "department": 1,
    "department_path": 1,
    "roles": 1,
    "locale": 1,
    "time_zone": 1,
}


def normal_login(login: str) -> str:
    """Logins are compared without regard to case and spelling variants of the same letters (NFKC)."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A colleague with what follows from roles and queues."""

    user: str
    login: str
    name: str
    state: str
    locale: str
    time_zone: str
    roles: frozenset[str]
    supervisor: bool
    queues: frozenset[str]
    actor: Actor
    must_enrol: bool = False
    """A role asks for a second factor, and there is none: nothing else may be done before."""

    @property
    def may_sign_in(self) -> bool:
        """Employees without a login, and those who left, may not."""
        return bool(self.login) and self.state != "left"

    def fingerprint(self) -> str:
        """Changes whenever the person's record gives other rights, rooms or sign-in. Queues announce their own changes."""
        rights = self.actor.rights
        parts: list[Any] = [self.login, self.may_sign_in, self.supervisor, self.actor.admin, self.actor.path]
        parts += ["must enrol"] if self.must_enrol else []
        parts += [sorted(self.roles), sorted((*k, v) for k, v in rights.scopes.items())]
        parts += [sorted((*k, v) for k, v in rights.fields.items())]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleSet:
    """What follows from the roles that somebody holds."""

    codes: frozenset[str]
    admin: bool
    rights: Rights
    second_factor: bool = False
    """Whether one of them asks for a second factor."""


Session = AsyncClientSession | None
RolesOf = Callable[[tuple[str, ...]], Awaitable[RoleSet]]


class People:
    """Finds persons. A change made on any hub is seen when its event arrives, and after 5 seconds at the latest."""

    def __init__(self, db: Database, registry: Registry) -> None:
        self._db, self._registry = db, registry
        self._kept: dict[str, tuple[float, Person]] = {}
        self._held: dict[tuple[str, ...], tuple[float, RoleSet]] = {}
        self._age = 0

    async def find(self, user: str) -> Person | None:
        """The person, or None where there is no such user."""
        kept = self._kept.get(user)
        if kept is not None and time.monotonic() - kept[0] < _KEEP_S:
            return kept[1]
        age = self._age
        person = await self._read(user, self._roles)
        if person is not None and age == self._age:  # else something changed while we read
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[user] = (time.monotonic(), person)
        return person

    async def fresh(self, user: str, session: Session = None) -> Person | None:
        """The person as the store has it now; with `session`, as the unit of work sees it."""
        return await self._read(user, partial(self._fresh_roles, session=session), session)

    async def _read(self, user: str, roles_of: RolesOf, session: Session = None) -> Person | None:
        found = await self._db[USERS].find_one({"_id": user}, _FIELDS, session=session)
        if found is None:
            return None
        roles = await roles_of(tuple(sorted(found.get("roles") or ())))
        queues = self._db[QUEUES].find({"members": user}, {"_id": 1}, session=session)
        must_enrol = roles.second_factor and not await self._has_second_factor(user, session)
        return _person(found, roles, frozenset([queue["_id"] async for queue in queues]), must_enrol=must_enrol)

    async def _has_second_factor(self, user: str, session: Session) -> bool:
        has = {"_id": user, "otp": {"$type": "object"}}
        return await self._db[CREDENTIALS].find_one(has, {"_id": 1}, session=session) is not None

    async def _roles(self, held: tuple[str, ...]) -> RoleSet:
        """Most colleagues hold the same roles: what follows from them is worked out, and kept in memory, once."""
        kept = self._held.get(held)
        if kept is not None and time.monotonic() - kept[0] < _KEEP_S:
            return kept[1]
        age = self._age
        roles = await self._fresh_roles(held)
        if kept is not None and kept[1] == roles:
            roles = kept[1]  # one object for all who hold them, also for those read long ago
        if age == self._age:
            if len(self._held) >= _MOST:
                self._held.clear()
            self._held[held] = (time.monotonic(), roles)
        return roles

    async def _fresh_roles(self, held: tuple[str, ...], session: Session = None) -> RoleSet:
        found = await self._db[ROLES].find({"_id": {"$in": list(held)}}, session=session).to_list()
        active = [role for role in found if role.get("state", "active") == "active"]
        admin = any(role.get("admin") for role in active)
        codes = frozenset(str(role["code"]) for role in active)
        second_factor = any(role.get("second_factor") for role in active)
        rights = rights_of(active, self._registry, admin=admin)
        return RoleSet(codes=codes, admin=admin, rights=rights, second_factor=second_factor)

    async def presence(self, user: str) -> str:
        """The person's presence state, `offline` where none is known."""
        found = await self._db[PRESENCE].find_one({"_id": user}, {"state": 1})
        return str(found["state"]) if found else "offline"

    def forget(self, user: str | None = None) -> None:
        """Read this person (or everybody) anew next time."""
        self._age += 1
        if user is None:
            self._kept.clear()
            self._held.clear()
        else:
            self._kept.pop(user, None)

    def listen(self, batch: Sequence[Doc]) -> None:
        """For the feed: forget what an event makes old. Subscribe before whoever lets consoles reconnect."""
        for event in batch:
            if event["name"] not in _PERSON_EVENTS:
                continue
            data = event["data"]
            match event["name"], data.get("type"):
                case "hub.rights-changed", _:
                    self.forget(data["user"])
                case "record.changed", "user":
                    self.forget(data.get("id"))  # none where many moved at once
                case ("queue.changed", _) | ("record.changed", "role" | "department"):
                    self.forget()


def _person(found: Doc, roles: RoleSet, queues: frozenset[str], *, must_enrol: bool = False) -> Person:
    actor = Actor(
        user=found["_id"],
        department=found.get("department"),
        path=tuple(found.get("department_path") or ()),
        rights=roles.rights,
        admin=roles.admin,
    )
    return Person(
        user=found["_id"],
        login=normal_login(found.get("login") or ""),
        name=found["name"],
        state=found.get("state", "active"),
        locale=found.get("locale") or "zh",
        time_zone=found.get("time_zone") or "Asia/Shanghai",
        roles=roles.codes,
        supervisor=SUPERVISOR in roles.codes,
        queues=queues,
        actor=actor,
        must_enrol=must_enrol,
    )
