"""The wrap-up of a call: what came of it, by an outcome code and a note; it ends the after-call work."""

from __future__ import annotations

from crm_core.ground.clock import now
from crm_core.ground.errors import Forbidden
from hub.desk.after_calls import AfterCalls
from hub.desk.call_notes import CallNotes
from hub.desk.call_outcomes import CallOutcomes
from hub.desk.calls import Calls
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.model.call import CallOut, WrapUpOut
from hub.store.client import Doc


class WrapUps:
    """Writes wrap-ups; the last word stands."""

    def __init__(
        self, calls: Calls, notes: CallNotes, outcomes: CallOutcomes, after_calls: AfterCalls, audit: Audit
    ) -> None:
        self._calls, self._notes, self._outcomes = calls, notes, outcomes
        self._after_calls, self._audit = after_calls, audit

    async def write(
        self, caller: Caller, call: str, outcome: str, note: str, far: FarEnd, *, seconds: int = 0
    ) -> CallOut:
        """Store what came of a call; the agent's after-call work ends at once, or in `seconds`.

        Raises:
            NotFound: there is no such call, or the caller may not see it.
            Forbidden: the caller was not in it.
            Invalid: there is no such outcome for the call's queue.
        """
        doc = await self._calls.found(caller, call)
        if not (caller.supervisor or caller.admin or caller.user in doc["users"]):
            raise Forbidden("only who was in the call, or a supervisor, may wrap it up")
        await self._outcomes.check(outcome, doc["part"]["queue"])
        said: WrapUpOut = {
            "outcome": outcome, "note": note, "by": caller.user, "name": caller.name, "at": now(),
        }  # fmt: skip

        def change(before: Doc) -> Doc:
            old = before.get("notes", {}).get("wrap_up")
            same = old and (old["outcome"], old["note"], old["by"]) == (outcome, note, caller.user)
            return {} if same else {"wrap_up": said}

        await self._audit.write("call.wrapped-up", who=caller.user, far=far, about=call, outcome=outcome)
        shown = await self._notes.write(doc["_id"], change)
        await self._after_calls.end(caller.user, call=doc["_id"], left_s=seconds)
        return shown
