"""Calls with the caller's eyes: finding them, the gist of what is live, dialling, hanging up."""

from __future__ import annotations

import re

from crm_core.ground.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from hub.accounts.call_documents import call_out
from hub.accounts.directory import Directory, Entry
from hub.calling import CallControl, PhoneState, Still, new_reference
from hub.channel import Account
from hub.desk.in_time import in_time
from hub.desk.sight import seen_among
from hub.errors import ChannelError, SetupError, Transient
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.call import CallOut
from hub.store.call_collections import CALLS
from hub.store.client import Database, Doc

_EXTENSION = re.compile(r"[A-Za-z0-9_-]{1,32}")
MOST_LIVE = 500
_SAME = 20


class Calls:
    """Reads calls, and has the PBX act."""

    def __init__(self, db: Database, directory: Directory, audit: Audit) -> None:
        self._db = db
        self._directory = directory
        self._audit = audit

    async def of_linkedid(self, caller: Caller, linkedid: str) -> list[CallOut]:
        """The calls that ever had this linkedid (one per PBX at most), as far as the caller may see them."""
        where = {"linkedids": linkedid, "merged_into": None}
        return await self._seen(caller, await self._db[CALLS].find(where).limit(_SAME).to_list())

    async def live(self, caller: Caller) -> list[CallOut]:
        """The calls that go on now, the longest first."""
        docs = await self._db[CALLS].find({"live": True}).sort("began_at", 1).limit(MOST_LIVE).to_list()
        return await self._seen(caller, docs)

    async def dial(
        self, caller: Caller, to: str, account: str | None, far: FarEnd, reference: str | None = None,
        still: Still | None = None, *, traced: bool = False,
    ) -> tuple[str, str]:  # fmt: skip
        """Ring the caller's own phone and then the number; returns the account and the linkedid to come.

        Args:
            reference: the linkedid to come, where it was written down before (`hub.calling.new_reference`).
            still: whether it is still to be done; without it, for as long as somebody waits who asked for it just now.
            traced: the PBX is to note what becomes of it, for `hub.desk.outbound.tracing`.

        Raises:
            Late: this hub stood still meanwhile; nothing was dialled.
            Conflict: the caller has no extension.
            Invalid: that is no number, or there is no such PBX.
        """
        still = still or in_time()
        extension = await self._extension(caller)
        pbx, control, entry = await self.pbx(account)
        linkedid = reference or new_reference()
        await self._audit.write("call.dialled", who=caller.user, far=far, about=linkedid, account=entry.id, to=to)
        return entry.id, await control.dial(pbx, extension, to, linkedid, still, traced=traced)

    async def reaches(self, caller: Caller, account: str | None) -> bool:
        """Whether the caller's own phone is there; where the PBX does not say, dialling will show.

        Raises:
            Transient: the PBX is away.
        """
        extension = await self._extension(caller)
        pbx, _, entry = await self.pbx(account)
        control = entry.channel.phones if entry.channel is not None else None
        if control is None:
            return True
        try:
            found = [each for each in await control.phones(pbx) if each.extension == extension]
        except Transient:
            raise
        except ChannelError:
            return True
        return not found or found[0].registered

    async def take_queue(self, caller: Caller, queue: str, state: PhoneState, account: str | None, far: FarEnd) -> None:
        """Let the caller's phone take calls of a queue, or not.

        Raises:
            Forbidden: the caller is no member of that queue here.
            Conflict: the caller has no extension.
            Permanent: the PBX has no such queue.
        """
        if queue not in caller.queues:
            raise Forbidden("you are no member of this queue: join it first")
        extension = await self._extension(caller)
        pbx, control, entry = await self.pbx(account)
        await control.queue(pbx, queue, extension, caller.name, state)
        await self._audit.write("call.queue", who=caller.user, far=far, about=queue, account=entry.id, state=state)

    async def _extension(self, caller: Caller) -> str:
        person = await self._db["record_user"].find_one({"_id": caller.user}, {"extension": 1})
        if not person or not _EXTENSION.fullmatch(person.get("extension") or ""):
            raise Conflict("you have no extension that a phone could have: an administrator enters it at your person")
        return str(person["extension"])

    async def hang_up(self, caller: Caller, message: str, far: FarEnd) -> int:
        """End a call: one's own, or as a supervisor any; returns how many channels there were.

        Raises:
            NotFound: there is none, or the caller may not see it.
            Conflict: it is over.
        """
        doc = await self.found(caller, message)
        if not doc["live"]:
            raise Conflict("the call is over")
        if not (caller.supervisor or caller.admin or _is_in(caller, doc)):
            raise Forbidden("only who is in the call, or a supervisor, may end it")
        pbx, control, _ = await self.pbx(doc["account"])
        await self._audit.write("call.hung-up", who=caller.user, far=far, about=message, account=doc["account"])
        return await control.hang_up(pbx, doc["linkedids"])

    async def found(self, caller: Caller, message: str) -> Doc:
        """The document of a call that the caller sees; raises `NotFound`."""
        doc = await self._db[CALLS].find_one({"message": message})
        if doc is None or not await self._seen(caller, [doc]):
            raise NotFound("there is no such call", call=message)
        return doc

    async def pbx(self, account: str | None) -> tuple[Account, CallControl[Account], Entry]:
        """The PBX of an account, or the first where none is named.

        Raises:
            Invalid: there is no such account that makes calls.
            SetupError: there is none at all.
        """
        for entry in await self._directory.all():
            if account not in (None, entry.id) or not entry.enabled or entry.channel is None:
                continue
            if entry.channel.control is not None and entry.account is not None:
                return entry.account, entry.channel.control, entry
        if account is None:
            raise SetupError("there is no PBX: an administrator adds a telephony account")
        wrong = f"there is no enabled account {account!r} that makes calls"
        raise Invalid(wrong, fields=(FieldError("account", "account", wrong),))

    async def _seen(self, caller: Caller, docs: list[Doc]) -> list[CallOut]:
        """Supervisors see all; others the calls of conversations they see, and those they were in."""
        if caller.supervisor or caller.admin:
            return [call_out(doc) for doc in docs]
        seen = await seen_among(self._db, caller, (doc["conversation"] for doc in docs if doc["conversation"]))
        return [call_out(doc) for doc in docs if doc["conversation"] in seen or caller.user in doc["users"]]


def _is_in(caller: Caller, call: Doc) -> bool:
    """Whether the caller's own phone is in the call now."""
    return any(agent["user"] == caller.user and agent["ended_at"] is None for agent in call["part"]["agents"])
