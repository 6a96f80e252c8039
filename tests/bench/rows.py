"""Rows as the commit loop makes them, without the commit loop: conversations with their messages, by the same functions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.model.envelope import Envelope
from hub.store.client import Doc
from hub.stream.conversations import new_conversation
from hub.stream.documents import arrival_document, last_inbound, take_in
from hub.stream.ops import Arrival
from hub.stream.parties import People
from hub.stream.place import Place
from tests.bench.texts import Writer, customer_address
from tests.lab.envelopes import mail


@dataclass
class Rows:
    """Makes messages `1..` of as many conversations as asked, mixed as they are in life: some old, some busy."""

    conversations: int
    queues: int
    states: tuple[str, ...] = ("open", "pending", "closed", "closed", "closed")
    made: dict[int, Doc] = field(default_factory=dict)
    _seq: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(3)
        self._writer = Writer(3)
        self._people = People()
        self._start = now() - timedelta(days=365)

    def messages(self, count: int) -> Iterator[Doc]:
        """The next messages; `made` holds the conversations as they are after them."""
        for _ in range(count):
            number = self._seq
            fresh = number % max(1, count // self.conversations) == 0 and len(self.made) < self.conversations
            which = len(self.made) if fresh else self._chance.randrange(max(0, len(self.made) - 5000), len(self.made))
            yield self._message(which)

    def _message(self, which: int) -> Doc:
        self._seq += 1
        conversation = self.made.get(which) or self._open(which)
        arrival = Arrival(self._envelope(which), [], at=self._start + timedelta(seconds=self._seq * 20))
        because = Place() if conversation["message_count"] == 0 else Place(conversation["_id"], "reference")
        doc = arrival_document(
            arrival, new_id(), self._seq, conversation["_id"], because, self._people, arrival.envelope.external_id
        )
        sender = arrival.envelope.sender
        take_in(conversation, doc, [(sender.key, self._people.party(sender))], self._people)
        conversation["last_inbound"] = last_inbound(doc, sender.key, sender.name)
        conversation["state"] = self.states[which % len(self.states)]
        return doc

    def _open(self, which: int) -> Doc:
        at = self._start + timedelta(seconds=self._seq * 20)
        piece = self._writer.piece()
        doc = new_conversation(new_id(), queue=f"queue-{which % self.queues}", subject=piece.subject, at=at)
        self.made[which] = doc
        return doc

    def _envelope(self, which: int) -> Envelope:
        piece = self._writer.piece()
        external_id, sender = f"<{self._seq}@mail.example>", customer_address(which % 50_000)
        return mail(external_id, sender, subject=piece.subject, text=piece.text)
