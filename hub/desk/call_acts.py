"""What somebody does with a call they are in; as a supervisor, with any. Each act is audited, and the PBX has the word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, Forbidden, Invalid
from hub.calling import CallControl
from hub.channel import Account
from hub.desk.call_note_changes import paused, ran, uninvited, without
from hub.desk.call_notes import CallNotes
from hub.desk.calls import Calls
from hub.errors import Permanent
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.call import CallOut, InvitedOut, MuteDirection, PauseOut
from hub.store.client import Database, Doc

RecordingState = Literal["running", "paused"]
_USERS = "record_user"


class Hands(NamedTuple):
    """All that an act needs: the PBX, the call, and the phone that is meant."""

    account: Account
    control: CallControl[Account]
    call: Doc
    extension: str

    @property
    def links(self) -> Sequence[str]:
        """Under which linkedids the PBX has it."""
        links: list[str] = self.call["linkedids"]
        return links


class CallActs:
    """Steers calls. Every act raises `NotFound`, `Forbidden`, and `Conflict` where it does not fit the call."""

    def __init__(self, db: Database, calls: Calls, notes: CallNotes, audit: Audit) -> None:
        self._db, self._calls, self._notes, self._audit = db, calls, notes, audit

    async def answer(self, caller: Caller, call: str, far: FarEnd) -> None:
        """Have the ringing phone answer."""
        hands = await self._hands(caller, call, far, "answered")
        await hands.control.answer(hands.account, hands.links, hands.extension)

    async def hold(self, caller: Caller, call: str, far: FarEnd) -> None:
        """Put the other side on hold."""
        hands = await self._hands(caller, call, far, "held")
        await hands.control.hold(hands.account, hands.links, hands.extension)

    async def resume(self, caller: Caller, call: str, far: FarEnd) -> None:
        """Take the other side back."""
        hands = await self._hands(caller, call, far, "resumed")
        await hands.control.resume(hands.account, hands.links, hands.extension)

    async def mute(self, caller: Caller, call: str, direction: MuteDirection, far: FarEnd, *, on: bool) -> CallOut:
        """Mute the phone, or not any more."""
        hands = await self._hands(caller, call, far, "muted", on=on, direction=direction)
        muted = await hands.control.mute(hands.account, hands.links, hands.extension, direction, on=on)

        def change(doc: Doc) -> Doc:
            before: dict[str, str] = doc.get("notes", {}).get("muted", {})
            others = {phone: word for phone, word in before.items() if phone != hands.extension}
            after = others | ({hands.extension: muted} if muted else {})
            return {} if after == before else {"muted": after}

        return await self._notes.write(hands.call["_id"], change, kept=False)

    async def play(self, caller: Caller, call: str, digits: str, far: FarEnd) -> None:
        """Play keys to the other side. What was typed may be a secret: only how much is audited."""
        hands = await self._hands(caller, call, far, "keys", count=len(digits))
        await hands.control.play(hands.account, hands.links, hands.extension, digits)

    async def transfer(self, caller: Caller, call: str, to: str, far: FarEnd, *, ask: bool) -> None:
        """Hand the call on: at once, or after asking (then `complete` or `cancel` follows)."""
        hands = await self._hands(caller, call, far, "transferred", to=to, kind="attended" if ask else "blind")
        if ask:
            await hands.control.consult(hands.account, hands.links, hands.extension, to)
            return
        await self._run_again(hands)
        await hands.control.transfer(hands.account, hands.links, hands.extension, to)

    async def complete(self, caller: Caller, call: str, far: FarEnd) -> None:
        """Hand the call over to who was asked."""
        hands = await self._hands(caller, call, far, "transfer-completed")
        await self._run_again(hands)
        await hands.control.complete(hands.account, hands.links, hands.extension)

    async def cancel(self, caller: Caller, call: str, far: FarEnd) -> None:
        """Back to the other side."""
        hands = await self._hands(caller, call, far, "transfer-cancelled")
        await hands.control.cancel(hands.account, hands.links, hands.extension)

    async def invite(self, caller: Caller, call: str, to: str, far: FarEnd) -> CallOut:
        """Call somebody into the call. That is noted first; what the PBX refuses is taken back, what it leaves open stays."""
        hands = await self._hands(caller, call, far, "invited", to=to)
        invited: InvitedOut = {"to": to, "by": caller.user, "name": caller.name, "at": now()}
        noted = await self._notes.write(
            hands.call["_id"], lambda doc: {"invited": [*doc.get("notes", {}).get("invited", ()), invited]}
        )
        try:
            await hands.control.invite(hands.account, hands.links, hands.extension, to)
        except (Conflict, Invalid, Permanent):
            await self._notes.write(hands.call["_id"], lambda doc: uninvited(doc, invited))
            raise
        return noted

    async def set_recording(self, caller: Caller, call: str, state: RecordingState, far: FarEnd) -> CallOut:
        """Let the recording stand still for card data, or go on; who wanted it when stands on the call.

        That is noted first, so that no crash and no lost answer hides it; whether it does stand still is the PBX's word, and
        comes by itself as `recording_now`.
        """
        hands = await self._hands(caller, call, far, "recording", state=state)
        by = (caller.user, caller.name)
        before: list[PauseOut] = hands.call.get("notes", {}).get("pauses", [])
        noted = await self._notes.write(
            hands.call["_id"], lambda doc: paused(doc, by) if state == "paused" else ran(doc)
        )
        if await hands.control.pause_recording(hands.account, hands.links, paused=state == "paused"):
            return noted
        if state == "paused":
            mine = [each for each in noted["part"].get("pauses", []) if each not in before]
            await self._notes.write(hands.call["_id"], lambda doc: without(doc, mine))
        raise Conflict("this call is not recorded", reason="not-recorded")

    async def _run_again(self, hands: Hands) -> None:
        """A pause is for what one agent is told, and ends when the call comes to somebody else."""
        if ran(hands.call) or hands.call["part"].get("recording_now") in ("paused", "unknown"):
            await hands.control.pause_recording(hands.account, hands.links, paused=False)
            await self._notes.write(hands.call["_id"], ran)

    async def _hands(self, caller: Caller, call: str, far: FarEnd, what: str, **facts: Any) -> Hands:
        doc = await self._calls.found(caller, call)
        if not doc["live"]:
            raise Conflict("the call is over")
        own = await self._db[_USERS].find_one({"_id": caller.user}, {"extension": 1})
        phones = phones_of(doc)
        extension = (own or {}).get("extension")
        if extension not in phones:
            if not (caller.supervisor or caller.admin):
                raise Forbidden("only who is in the call, or a supervisor, may do that")
            extension = next(iter(phones), None)
        if extension is None:
            raise Conflict("no phone of the house is in this call")
        account, control, entry = await self._calls.pbx(doc["account"])
        await self._audit.write(
            f"call.{what}", who=caller.user, far=far, about=call, account=entry.id, extension=extension, **facts
        )
        return Hands(account, control, doc, extension)


def phones_of(call: Doc) -> list[str]:
    """The extensions that are in the call, or ring in it; those that talk first."""
    ringing = [agent["extension"] for agent in call["part"]["agents"] if agent["ended_at"] is None]
    return list(dict.fromkeys([*call.get("talking", ()), *ringing]))
