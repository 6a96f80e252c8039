"""Two conversations that an arrival shows to be one, inside a batch."""

from __future__ import annotations

from itertools import chain

from hub.store.client import Doc
from hub.store.collections import MESSAGES, MOVES, OUTBOX
from hub.stream.conversations import announce_conversation
from hub.stream.moves import absorb
from hub.stream.pending import Pending


async def join(pending: Pending, loser: Doc, winner: Doc) -> None:
    """Put the messages of one into the other, and say so."""
    waiting = [doc["_id"] for doc in pending.inserts[MESSAGES] if doc["conversation"] == loser["_id"]]
    pending.touch(loser)
    pending.touch(winner)
    before_loser, before_winner = dict(loser), dict(winner)
    move = await absorb(pending.unit, loser, winner, by="system", fresh=pending.is_fresh(loser["_id"]))
    move["messages"] += waiting  # not in the store yet: an undo must find them too
    pending.inserts[MOVES].append(move)
    _moved(pending, loser["_id"], winner["_id"])
    announce_conversation(pending.unit, before_loser, loser)
    announce_conversation(pending.unit, before_winner, winner, moved=True)


def _moved(pending: Pending, loser: str, winner: str) -> None:
    """Whatever this batch holds of one conversation belongs to another now."""
    found = pending.found
    found.traces.moved(loser, winner)
    held = (
        pending.inserts[MESSAGES],
        pending.inserts[OUTBOX],
        found.amending.values(),
        found.stored.values(),
        found.twins.known(),
        found.written.values(),
    )
    for doc in chain(*held):
        if doc["conversation"] == loser:
            doc["conversation"] = winner
