"""Follows changes of users, roles and departments: whose rights really changed gets fresh rooms; who left is signed out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from hub.events import RightsChanged, SignInEnded
from hub.identity.audit import Audit
from hub.identity.far_end import FarEnd
from hub.identity.people import USERS, People, Person
from hub.identity.sessions import Sessions
from hub.store.client import Doc
from hub.store.collections import CREDENTIALS, TOKENS
from hub.store.unit import Unit, Units

WANTS = frozenset({"record.changed"})
"""The events of the durable reader `rights` whose `handle` is `RightsWatch.handle`."""
_FOUND_BY = {"user": "_id", "role": "roles", "department": "department_path"}
_HERE = FarEnd("hub", "rights")
_BY = "system"


class RightsWatch:
    """Idempotent: announces only where the fingerprint differs from the one noted last."""

    def __init__(self, units: Units, people: People, sessions: Sessions, audit: Audit) -> None:
        self._units, self._people, self._sessions, self._audit = units, people, sessions, audit

    async def handle(self, batch: Sequence[Doc]) -> None:
        """A batch of `record.changed`."""
        touched: set[str] = set()
        for event in batch:
            async for user in self._touched(event["data"]):
                touched.add(user)
        for user in sorted(touched):
            await self._follow(user)

    async def _touched(self, data: Doc) -> AsyncIterator[str]:
        field = _FOUND_BY.get(data.get("type", ""))
        if field is None or "id" not in data:  # "many moved": their department's own change is announced too
            return
        if field == "_id":  # also a user who was removed
            yield data["id"]
            return
        async for user in self._units.db[USERS].find({field: data["id"]}, {"_id": 1}):
            yield user["_id"]

    async def _follow(self, user: str) -> None:
        person = await self._people.fresh(user)
        print_now = person.fingerprint() if person else None
        credentials = await self._units.db[CREDENTIALS].find_one({"_id": user}, {"fingerprint": 1})
        if credentials is None or credentials.get("fingerprint", "") == print_now:
            return

        async def work(unit: Unit) -> None:
            await self._note(unit, user, print_now, person.login if person else "")
            unit.announce(RightsChanged(user=user))
            if person is None or not person.may_sign_in:
                await self._sign_out(unit, user, person)

        await self._units.run(work)
        self._people.forget(user)

    async def _note(self, unit: Unit, user: str, print_now: str | None, login: str) -> None:
        """Note the fingerprint, and the login under which the person signs in from now on."""
        credentials = unit.db[CREDENTIALS]
        noted: Doc = {"fingerprint": print_now}
        if login:
            noted["login"] = login
            async for holder in credentials.find({"login": login, "_id": {"$ne": user}}, session=unit.session):
                # It was given up there, in a change that this reader has yet to see (two colleagues swapped logins).
                free = {"$set": {"login": f"~{holder['_id']}"}}
                await credentials.update_one({"_id": holder["_id"]}, free, session=unit.session)
        await credentials.update_one({"_id": user}, {"$set": noted}, session=unit.session)

    async def _sign_out(self, unit: Unit, user: str, person: Person | None) -> None:
        await self._sessions.end_all_in(unit, user, by=_BY, far=_HERE)
        await unit.db[TOKENS].delete_many({"user": user}, session=unit.session)
        unit.announce(SignInEnded(user=user, sign_in=None))
        why = "left" if person else "removed"
        await self._audit.write("sign-ins.ended", who=None, about=user, far=_HERE, unit=unit, why=why)
