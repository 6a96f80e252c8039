"""Superiors who read what their subordinates are working on: only where the parameter allows, and never unnoticed.
(S2.1.3-18) Reading is all they may: whatever changes a conversation goes by the usual rule of sight."""

from __future__ import annotations

from crm_core.ground.errors import NotFound
from hub.desk.parameters import SUPERIORS_READ, Parameters
from hub.desk.sight import seen_conversation
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.message import as_shown
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, MESSAGES

_DEEPEST = 20
_INSIDE = FarEnd("")
"""The entry's correlation id leads to the request."""


class Superiors:
    """A wider sight for reading."""

    def __init__(self, db: Database, parameters: Parameters, audit: Audit) -> None:
        self._db = db
        self._parameters = parameters
        self._audit = audit

    async def conversation(self, caller: Caller, conversation: str) -> Doc:
        """The conversation, by the caller's own sight or as the assignee's superior; the latter is audited.

        Raises:
            NotFound: there is none, or the caller may not read it.
        """
        try:
            return await seen_conversation(self._db, caller, conversation)
        except NotFound:
            found = await self._db[CONVERSATIONS].find_one({"_id": conversation, "state": {"$ne": "merged"}})
            if found is None or not await self.over(caller, (found["assignee"] or {}).get("id")):
                raise
        await self._note(caller, "superior.read", f"conversation:{conversation}", found["assignee"]["id"])
        return found

    async def message(self, caller: Caller, message: str) -> Doc:
        """The message, likewise; of a removed one without its content."""
        found = await self._db[MESSAGES].find_one({"_id": message})
        if found is None:
            raise NotFound("there is no such message", message=message)
        try:
            await self.conversation(caller, found["conversation"])
        except NotFound:
            raise NotFound("there is no such message", message=message) from None
        return as_shown(found)

    async def sight_of(self, caller: Caller, assignee: str | None) -> Doc | None:
        """A store filter of what the caller may list as this colleague's superior; None where that is nothing."""
        if caller.supervisor or caller.admin or not await self.over(caller, assignee):
            return None
        await self._note(caller, "superior.listed", f"user:{assignee}", str(assignee))
        return {"assignee.id": assignee}

    async def over(self, caller: Caller, subordinate: str | None) -> bool:
        """Whether the parameter is on and the caller is a superior of the colleague: manager of their department or of
        one above it, or above them in the line of superiors."""
        if subordinate is None or subordinate == caller.user or not await self._parameters.on(SUPERIORS_READ):
            return False
        person = await self._person(subordinate)
        if person is None:
            return False
        managed = {"_id": {"$in": person.get("department_path") or []}, "manager": caller.user}
        if await self._db["record_department"].find_one(managed, {"_id": 1}) is not None:
            return True
        for _ in range(_DEEPEST):
            superior = person.get("superior") if person else None
            if superior is None or superior == caller.user:
                return superior is not None
            person = await self._person(superior)
        return False

    async def _person(self, user: str) -> Doc | None:
        return await self._db["record_user"].find_one({"_id": user}, {"superior": 1, "department_path": 1})

    async def _note(self, caller: Caller, what: str, about: str, subordinate: str) -> None:
        await self._audit.write(what, who=caller.user, far=_INSIDE, about=about, subordinate=subordinate)
