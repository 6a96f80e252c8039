"""Threads of mails with and without references, in any order, give the same conversations; no stranger is in one."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from crm_core.ground.clock import now
from hub.model.envelope import Envelope, ThreadKey
from hub.model.subjects import telling_subject
from hub.store.client import Database
from hub.stream.stream import Stream
from tests.lab.envelopes import mail

THREADS = 12


def written(
    hour: int, message_id: str, sender: str, subject: str, *, cc: str = "", refers: tuple[str, ...] = ()
) -> Envelope:
    """A mail as the email channel makes it: its subject is a key where it refers to nothing."""
    envelope = mail(message_id, sender, subject=subject, refers=refers, cc=(cc,) if cc else ())
    envelope.at = now() + timedelta(hours=hour)
    told = telling_subject(subject)
    if told and not refers:
        envelope.thread_keys = (*envelope.thread_keys, ThreadKey("subject", told[0], own=not told[1]))
    return envelope


def thread(n: int) -> list[Envelope]:
    """Ada asks with Bob in copy; both answer in every way; a stranger tries by subject and by id."""
    ada, bob, subject, ids = (
        f"ada{n}@x.example",
        f"bob{n}@x.example",
        f"Printer number {n}",
        [f"<{n}.{i}@x>" for i in range(6)],
    )
    return [
        written(0, ids[0], ada, subject, cc=bob),
        written(10, ids[1], bob, f"Re: {subject}", cc=ada, refers=(ids[0],)),
        written(20, ids[2], bob, f"回复: {subject}"),
        written(30, ids[3], ada, f"AW: RE: {subject}"),
        written(40, ids[4], ada, f"Re: {subject}", refers=(ids[0], ids[1])),
        written(50, ids[5], bob, f"SV: {subject}", cc=ada),
        written(60, f"<{n}.evil1@x>", "eve@evil.example", f"Re: {subject}", cc=ada),
        written(60, f"<{n}.evil2@x>", "eve@evil.example", f"Re: {subject}", refers=tuple(ids)),
    ]


@pytest.mark.parametrize("seed", range(8))
async def test_any_order_gives_the_same_conversations(stream: Stream, db: Database, seed: int) -> None:
    mails = [each for n in range(THREADS) for each in thread(n)]
    random.Random(seed).shuffle(mails)
    if seed % 2:
        for envelope in mails:
            await stream.ingest(envelope)
    else:
        await asyncio.gather(*(stream.ingest(envelope) for envelope in mails))
    groups: dict[str, set[str]] = {}
    async for doc in db["messages"].find({}, {"conversation": 1, "external_id": 1}):
        groups.setdefault(doc["conversation"], set()).add(doc["external_id"])
    whole = {frozenset(f"<{n}.{i}@x>" for i in range(6)) for n in range(THREADS)}
    found = {frozenset(group) for group in groups.values()}
    assert whole <= found, sorted(map(sorted, found - whole))
    assert all(all("evil" in each for each in group) for group in found - whole)
