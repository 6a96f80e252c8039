"""Accounts of people: a user with a login and a password, for the command line, the demo and administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pymongo.errors import DuplicateKeyError

from crm_core.declare.registry import Registry
from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, FieldError, Invalid, NotFound
from hub.events import SignInEnded
from hub.identity.audit import Audit
from hub.identity.far_end import FarEnd
from hub.identity.passwords import Passwords, check_password
from hub.identity.people import ROLES, USERS, People, normal_login
from hub.identity.person_record import NewPerson, make_person
from hub.identity.sessions import Sessions
from hub.store.client import Doc
from hub.store.collections import CREDENTIALS, TOKENS
from hub.store.unit import Unit, Units

_LONGEST_LOGIN = 64


class Staff:
    """Makes users and sets their passwords."""

    def __init__(
        self,
        units: Units,
        registry: Registry,
        people: People,
        passwords: Passwords,
        sessions: Sessions,
        audit: Audit,
    ) -> None:
        self._units, self._registry, self._people, self._passwords = units, registry, people, passwords
        self._sessions, self._audit, self._db = sessions, audit, units.db

    async def create_user(
        self,
        login: str,
        name: str,
        password: str,
        *,
        far: FarEnd,
        by: str | None = None,
        roles: Sequence[str] = (),
        department: str | None = None,
        locale: Literal["zh", "en"] = "zh",
        weak: bool = False,
    ) -> str:
        """A new user who may sign in; returns the id.

        Args:
            login: any case; compared without it.
            roles: codes of roles (`SA`, `admin`).
            department: its id or its code; None = the root, which is made where there is none.
            weak: take the password as it is (the demo's `demo`).

        Raises:
            Invalid: names the login, password, role or department that will not do.
            Conflict: the login or the employee number is taken.
        """
        login = _checked_login(login)
        if not weak:
            check_password(password, login)
        role_ids = await self._role_ids(roles)
        stored = await self._passwords.hashed(password)

        async def work(unit: Unit) -> str:
            person = NewPerson(login=login, name=name, roles=role_ids, department=department, locale=locale)
            user = await make_person(unit, self._registry, person)
            made = await self._people.fresh(user, unit.session)
            # The first rights are nobody's change: without the note, the first consoles would be sent away once.
            noted = {"fingerprint": made.fingerprint()} if made else {}
            credentials = _credentials(user, login, stored) | noted
            await unit.db[CREDENTIALS].insert_one(credentials, session=unit.session)
            await self._audit.write("user.created", who=by, about=user, far=far, unit=unit, login=login)
            return user

        try:
            return await self._units.run(work)
        except DuplicateKeyError:
            raise Conflict(f"the login {login} is taken") from None

    async def set_password(self, user: str, password: str, *, by: str, far: FarEnd, but: str | None = None) -> None:
        """Give an existing user a (new) password; all sessions but `but` end.

        Raises:
            NotFound: there is no such user.
            Invalid: the password will not do, or the user has no login.
        """
        found = await self._db[USERS].find_one({"_id": user}, {"login": 1})
        if found is None:
            raise NotFound("there is no such user")
        login = normal_login(found.get("login") or "")
        if not login:
            raise Invalid("this employee has no login; give one first", fields=(FieldError("login", "missing", ""),))
        check_password(password, login)
        fresh = _credentials(user, login, await self._passwords.hashed(password))

        async def work(unit: Unit) -> None:
            changes = {key: value for key, value in fresh.items() if key != "_id"}
            await unit.db[CREDENTIALS].update_one({"_id": user}, {"$set": changes}, upsert=True, session=unit.session)
            await self._sessions.end_all_in(unit, user, by=by, far=far, but=but)
            await self._audit.write("password.set", who=by, about=user, far=far, unit=unit)

        try:
            await self._units.run(work)
        except DuplicateKeyError:
            raise Conflict(f"another user signs in as {login}") from None

    async def end_sign_ins(self, user: str, *, by: str, far: FarEnd) -> None:
        """End every session and token of a person at once (a lost device, a dismissal)."""

        async def work(unit: Unit) -> None:
            await self._sessions.end_all_in(unit, user, by=by, far=far)
            await unit.db[TOKENS].delete_many({"user": user}, session=unit.session)
            unit.announce(SignInEnded(user=user, sign_in=None))
            await self._audit.write("sign-ins.ended", who=by, about=user, far=far, unit=unit)

        await self._units.run(work)

    async def user_id(self, login: str) -> str:
        """The id of the user with this login.

        Raises:
            NotFound: there is none.
        """
        found = await self._db[CREDENTIALS].find_one({"login": normal_login(login)}, {"_id": 1})
        if found is None:
            raise NotFound(f"there is no user with the login {login}")
        return str(found["_id"])

    async def is_empty(self) -> bool:
        """Whether nobody can sign in yet."""
        return await self._db[CREDENTIALS].find_one({}, {"_id": 1}) is None

    async def _role_ids(self, codes: Sequence[str]) -> list[str]:
        found = {role["code"]: role["_id"] async for role in self._db[ROLES].find({"code": {"$in": list(codes)}})}
        if missing := [code for code in codes if code not in found]:
            detail = f"there is no role {', '.join(missing)}"
            raise Invalid(
                detail,
                fields=(FieldError("roles", "unknown", detail, {"rule": "no-role", "what": ", ".join(missing)}),),
            )
        return [found[code] for code in codes]


def _checked_login(login: str) -> str:
    normal = normal_login(login)
    if (
        not normal
        or len(normal) > _LONGEST_LOGIN
        or any(c.isspace() or not c.isprintable() for c in normal)
        or "~" in normal
    ):
        detail = f"use 1 to {_LONGEST_LOGIN} characters without blanks or ~"
        raise Invalid(
            f"login: {detail}", fields=(FieldError("login", "form", detail, {"rule": "login", "most": _LONGEST_LOGIN}),)
        )
    return normal


def _credentials(user: str, login: str, password: str) -> Doc:
    return {"_id": user, "login": login, "password": password, "changed_at": now()}
