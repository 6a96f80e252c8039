"""The same mails in any order of arrival lie in the same conversations (S2.9.3: threading of shuffled and late mail)."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass

from channels.email.account import EmailAccount
from channels.email.parse import Arrival, parse
from crm_core.ground.clock import now
from hub.model.envelope import Envelope
from hub.store.client import Database
from hub.stream.stream import Stream

MAILS = 300
ORDERS = 50
THREADS = 45
ACCOUNT = EmailAccount(id="support", addresses=("support@demo.local",))


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail before it is written down. `{}` in its texts is the order that it is sent in: each has its own people."""

    number: int
    thread: int
    sender: str
    to: tuple[str, ...]
    answers: tuple[int, ...] = ()
    """The mails above it that its headers name, oldest first."""
    full_chain: bool = True
    names: bool = True
    """Some programs name no mail above; then only the subject tells."""
    subject: str = ""

    def raw(self, order: int) -> bytes:
        """The mail of one order."""
        ids = [f"<m{each}.{order}@example.com>" for each in self.answers]
        fields = {
            "From": f"{self.sender}.{order}@example.com",
            "To": ", ".join(("support@demo.local", *(f"{each}.{order}@example.com" for each in self.to))),
            "Subject": self.subject, "Message-ID": f"<m{self.number}.{order}@example.com>",
            "Date": "Mon, 23 Nov 2026 14:00:00 +0000",
        }  # fmt: skip
        if ids and self.names:
            fields["In-Reply-To"] = ids[-1]
            if self.full_chain:
                fields["References"] = " ".join(ids)
        return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\nWords\r\n"


def letters(chance: random.Random) -> list[Letter]:
    """Threads that branch, lose mails on the way, name only their parent, and strangers who quote their ids."""
    written: list[Letter] = []
    above: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    number = 0
    while len(written) < MAILS:
        number += 1
        thread = chance.randrange(THREADS)
        people = [f"p{thread}-{each}" for each in range(1 + thread % 3)]
        if above[thread] and chance.random() < 0.06:
            written.append(Letter(number, -number, f"eve{number}", (), chance.choice(above[thread]), subject="Hello"))
            continue
        chain = chance.choice(above[thread]) if above[thread] else ()
        above[thread].append((*chain, number))
        if chance.random() < 0.1:
            continue  # this one never reaches us; what answers it names it all the same
        sender = chance.choice(people)
        others = tuple(each for each in people if each != sender)
        subject = f"{'Re: ' if chain else ''}Broken printer on floor {thread}"
        whole, names = chance.random() < 0.8, chance.random() < 0.94
        written.append(Letter(number, thread, sender, others, chain, whole, names, subject))
    return written


async def test_three_hundred_mails_in_fifty_orders_give_the_same_conversations(stream: Stream, db: Database) -> None:
    """Each order is sent by people of its own, so that the orders do not meet and nothing needs to be emptied."""
    mails = letters(random.Random(20261123))
    first: set[frozenset[int]] | None = None
    for order in range(ORDERS):
        chance = random.Random(order)
        shuffled = mails if order == 0 else chance.sample(mails, len(mails))
        await _send(stream, [_envelope(each, order) for each in shuffled], chance)
        groups = await _groups(db, order)
        if first is None:
            first = groups
            _check(groups, mails)
        assert groups == first, f"order {order} differs in {groups ^ first}"


def _envelope(letter: Letter, order: int) -> Envelope:
    return parse(letter.raw(order), ACCOUNT, Arrival(at=now(), recipients=("support@demo.local",)))


async def _send(stream: Stream, envelopes: list[Envelope], chance: random.Random) -> None:
    """In bursts of different sizes: what arrives together shares a batch."""
    at = 0
    while at < len(envelopes):
        size = chance.choice((1, 5, 40, 120, 200))
        await asyncio.gather(*(stream.ingest(each) for each in envelopes[at : at + size]))
        at += size


async def _groups(db: Database, order: int) -> set[frozenset[int]]:
    """Which letters of an order lie together."""
    held: dict[str, set[int]] = defaultdict(set)
    ids = {f"m{number}.{order}@example.com": number for number in range(4 * MAILS)}
    query = {"account": ACCOUNT.id, "external_id": {"$in": list(ids)}}
    async for message in db["messages"].find(query, {"conversation": 1, "external_id": 1}):
        held[message["conversation"]].add(ids[message["external_id"]])
    return {frozenset(numbers) for numbers in held.values()}


def _check(groups: set[frozenset[int]], mails: list[Letter]) -> None:
    """The conversations are the right ones, and not only the same each time."""
    assert sum(map(len, groups)) == len(mails) == MAILS
    by_number = {each.number: each for each in mails}
    for group in groups:
        assert len({by_number[number].thread for number in group}) == 1, "strangers or other threads in a conversation"
    whole = sum(1 for group in groups if len(group) > 2)
    assert whole > THREADS // 2
