"""One batch of the commit loop inside one unit of work: look everything up, decide in memory, write it all."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.ground.errors import MainstemError
from hub.model.message import MessageOut
from hub.store.client import Doc
from hub.store.unit import Unit
from hub.stream.amendments import amend
from hub.stream.arrivals import arrive
from hub.stream.found import Found
from hub.stream.ops import Amendment, Arrival, Op, Writing
from hub.stream.pending import Pending
from hub.stream.writings import write_ours

Outcome = MessageOut | MainstemError


class Batch:
    """Works through operations in order. Made anew for each try, so that a repeated transaction starts clean."""

    def __init__(self, unit: Unit, ops: Sequence[Op]) -> None:
        self._ops = [*ops]
        self._first_seq = unit.first_seq
        self._found = Found(unit)
        self._pending = Pending(unit, self._found)

    async def run(self) -> list[Outcome]:
        """Commit the batch within the unit; one outcome per operation, in order."""
        await self.look_up()
        return await self.apply()

    async def look_up(self) -> None:
        """The first half of `run`: read all that the operations need."""
        await self._found.look_up(self._ops)

    async def apply(self) -> list[Outcome]:
        """The second half: decide, and write."""
        outcomes: list[Outcome] = []
        for number, op in enumerate(self._ops):
            try:
                outcomes.append(await self._apply(op, self._first_seq + number))
            except MainstemError as error:
                outcomes.append(error)
        await self._pending.write()
        return outcomes

    def conversation(self, conversation: str) -> Doc | None:
        """A living conversation as it is after the batch, where the batch had to do with it."""
        return self._found.conversation(conversation)

    async def _apply(self, op: Op, seq: int) -> MessageOut:
        match op:
            case Arrival():
                return await arrive(self._pending, op, seq)
            case Writing():
                return write_ours(self._pending, op, seq)
            case Amendment():
                return amend(self._pending, op)
