"""Supervisors beside a call that goes on: listening, whispering, joining, taking it over. Audited."""

from __future__ import annotations

import re
from typing import Any

from typing_extensions import TypedDict

from crm_core.ground.errors import Conflict, NotFound
from hub.accounts.directory import Directory
from hub.calling import CallSupervision
from hub.channel import Account
from hub.errors import SetupError
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.call import SpyMode
from hub.store.call_collections import CALLS, PHONES_BESIDE
from hub.store.client import Database, Doc

_EXTENSION = re.compile(r"[A-Za-z0-9_-]{1,32}")


class SupervisedOut(TypedDict):
    """Your phone rings now, or was switched. `agent`: the extension that it is about."""

    agent: str


class BesideOut(TypedDict):
    """The call (its message) that your phone is beside, and how; nulls: none."""

    call: str | None
    mode: SpyMode | None


class Supervision:
    """Has the PBX put a supervisor's phone beside a call. Who may: the route's `may`."""

    def __init__(self, db: Database, directory: Directory, audit: Audit) -> None:
        self._db = db
        self._directory = directory
        self._audit = audit

    async def spy(self, caller: Caller, message: str, mode: SpyMode, far: FarEnd) -> SupervisedOut:
        """Listen, whisper to the agent, or talk with both; a second request switches.

        Raises:
            NotFound: there is no such call.
            Conflict: it is over, nobody talks in it, or the caller has no phone.
        """
        call, extension = await self._live(message), await self._extension(caller)
        account, supervision = await self._pbx(call["account"])
        await self._note(f"call.{mode}", caller, call, extension, far)
        return {"agent": await supervision.spy(account, call["linkedids"], extension, mode)}

    async def mine(self, caller: Caller) -> BesideOut:
        """Where the caller's own phone is, by the PBX's word."""
        person = await self._db["record_user"].find_one({"_id": caller.user}, {"extension": 1})
        extension = (person or {}).get("extension")
        found = await self._db[PHONES_BESIDE].find_one({"extension": extension}) if extension else None
        return BesideOut(call=found["message"], mode=found["mode"]) if found else BesideOut(call=None, mode=None)

    async def take_over(self, caller: Caller, message: str, far: FarEnd) -> SupervisedOut:
        """Have the customer oneself in the agent's place; raises as `spy`."""
        call, extension = await self._live(message), await self._extension(caller)
        account, supervision = await self._pbx(call["account"])
        await self._note("call.taken-over", caller, call, extension, far)
        return {"agent": await supervision.take_over(account, call["linkedids"], extension)}

    async def _note(self, what: str, caller: Caller, call: Doc, extension: str, far: FarEnd) -> None:
        """Before the PBX is asked: nobody listens unnoticed because a hub died before it could write that down."""
        agent = next((each for each in call.get("talking", ()) if each != extension), None)
        facts = {"account": call["account"], "agent": agent}
        await self._audit.write(what, who=caller.user, far=far, about=call["message"], **facts)

    async def _live(self, message: str) -> Doc:
        call = await self._db[CALLS].find_one({"message": message})
        if call is None:
            raise NotFound("there is no such call", call=message)
        if not call["live"]:
            raise Conflict("the call is over")
        return call

    async def _extension(self, caller: Caller) -> str:
        person = await self._db["record_user"].find_one({"_id": caller.user}, {"extension": 1})
        extension = str((person or {}).get("extension") or "")
        if not _EXTENSION.fullmatch(extension):
            raise Conflict("you have no extension that a phone could have: an administrator enters it at your person")
        return extension

    async def _pbx(self, name: str) -> tuple[Account, CallSupervision[Any]]:
        channel, account = (await self._directory.one(name)).ready()
        if channel.supervision is None:
            raise SetupError(f"account {name} lets nobody listen", account=name)
        return account, channel.supervision
