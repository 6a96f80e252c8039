"""What follows from calls: after-call work, callbacks for lost callers, an end to pauses of the recording.

A durable reader of the stream: after a crash it sees calls again, and everything it does can be done twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.ground.errors import NotFound
from hub.desk.after_calls import AfterCalls
from hub.desk.call_note_changes import ran
from hub.desk.call_notes import CallNotes
from hub.desk.lost_callers import LostCallers
from hub.readers import Reader
from hub.store.client import Doc

_WANTS = frozenset({"call.changed", "call.answered", "call.ended", "agent.changed"})


class CallReader:
    """Hands each event to whom it concerns."""

    def __init__(self, after_calls: AfterCalls, lost: LostCallers, notes: CallNotes) -> None:
        self._after_calls, self._lost, self._notes = after_calls, lost, notes

    def reader(self) -> Reader:
        """The durable reader, for `hub.main`."""
        return Reader("calls", _WANTS, self.handle, calm=True)

    async def handle(self, batch: Sequence[Doc]) -> None:
        """A batch of events, in order; whom nobody answered, and who was reached, is worked through in one go."""
        for event in batch:
            data: Doc = event["data"]
            match event["name"]:
                case "call.changed":
                    await self._after_calls.begin(data["call"], event["at"])
                case "call.ended":
                    await self._run_again(data["call"])
                case "agent.changed" if data["state"] not in ("wrap_up", "busy"):
                    await self._after_calls.end(data["user"], begun_before=data["since"])
        await self._lost.follow(batch)

    async def _run_again(self, call: Doc) -> None:
        """A recording that stood still when the call ended stands still no more."""
        if any(each["until"] is None for each in call["part"].get("pauses", ())):
            try:
                await self._notes.write(f"{call['account']}|{call['call']}", ran)
            except NotFound:  # taken out of the store by retention
                return
