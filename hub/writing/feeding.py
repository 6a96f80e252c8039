"""Sending a run, step by step, so that a crash anywhere is safe: the audience is written down first, then each letter
becomes a message under an id made of run and address, then the receiver is noted as queued.

At most a window of messages lies in the outbox at once: agents' answers on the same account do not wait behind
thousands of letters, and a run that is held or cancelled stops soon.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from pymongo import UpdateOne

from crm_core.ground.clock import now
from crm_core.ground.errors import Invalid, NotFound
from hub.desk.ports import SendingAccounts
from hub.identity.people import People, Person
from hub.store.client import Database, Doc
from hub.store.records import Records
from hub.stream.stream import Stream
from hub.writing.audience import Audience, Candidate
from hub.writing.drafts import mailing_draft, mailing_opening
from hub.writing.indexes import RECEIVERS, RUNS
from hub.writing.letters import Letter
from hub.writing.merging import Merging, Receiver, hand_of
from hub.writing.optouts import OptOuts
from hub.writing.progress import counts, settle
from hub.writing.runs import Runs
from hub.writing.schemes import letter_of, segments_of

WINDOW = 200
_BATCH = 50
_POLL_S = 0.5
Tell = Callable[[int, int | None, str], Awaitable[None]]
Outcome = Literal["done", "stopped", "more", "early"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeding:
    """What sending a run takes."""

    db: Database
    stream: Stream
    records: Records
    people: People
    accounts: SendingAccounts
    optouts: OptOuts
    runs: Runs
    company: str

    async def work(self, run_id: str, tell: Tell, within_s: float) -> Outcome:
        """Send what can be sent within the time; `more` = ask again.

        Raises:
            MainstemError: the run cannot be sent at all (its writer is gone, its account is off); it says so then.
        """
        run = await self._begin(run_id)
        if run is None:
            return "early"
        if run["state"] != "running":
            return "stopped"
        try:
            return await self._send(run, tell, time.monotonic() + within_s)
        except (Invalid, NotFound) as error:
            change = {"state": "failed", "reason": error.detail, "ended_at": now()}
            await self.db[RUNS].update_one({"_id": run_id, "state": "running"}, {"$set": change})
            raise

    async def _begin(self, run_id: str) -> Doc | None:
        """The run, begun where its moment has come; None where it has not."""
        run = await self.db[RUNS].find_one({"_id": run_id})
        if run is None:
            raise NotFound("there is no such sending", run=run_id)
        if run["state"] == "planned":
            due = {"_id": run_id, "state": "planned", "send_at": {"$lte": now()}}
            return await self.db[RUNS].find_one_and_update(due, {"$set": {"state": "running"}}, return_document=True)
        return run

    async def _send(self, run: Doc, tell: Tell, until: float) -> Outcome:
        desk = await _Writer.open(self, run)
        if not run["prepared"]:
            await desk.prepare()
        while (state := await self._state(run["_id"])) == "running":
            await settle(self.db, run["_id"])
            now_at = await counts(self.db, run["_id"])
            total = sum(now_at.values())
            await tell(total - now_at["waiting"] - now_at["queued"], total, "")
            if not now_at["waiting"] and not now_at["queued"]:
                ended = {"state": "done", "ended_at": now()}
                await self.db[RUNS].update_one({"_id": run["_id"], "state": "running"}, {"$set": ended})
                return "done"
            if not await desk.write(min(_BATCH, WINDOW - now_at["queued"])):
                await asyncio.sleep(_POLL_S)
            if time.monotonic() > until:
                return "more"
        await self._stop(run, state)
        return "stopped"

    async def _state(self, run: str) -> str:
        doc = await self.db[RUNS].find_one({"_id": run}, {"state": 1})
        return str(doc["state"]) if doc else "cancelled"

    async def _stop(self, run: Doc, state: str) -> None:
        """What was written while somebody held or cancelled the run follows."""
        if state == "paused":
            await self.runs.hold(run["_id"])
        elif state == "cancelled":
            await self.runs.withdraw(run["_id"], "cancelled", run["user"]["id"])


class _Writer:
    """Writes the letters of one run, with the rights of whoever began it."""

    def __init__(self, parts: Feeding, run: Doc, person: Person, queue: str) -> None:
        self._parts, self._run, self._scheme = parts, run, run["scheme"]
        self._queue = queue
        self._person = person
        hand = hand_of(self._scheme["language"], person.time_zone)
        self._letter: Letter = letter_of(self._scheme, parts.records, person.time_zone)
        self._merging = Merging(parts.records, person.actor, hand, parts.company)

    @classmethod
    async def open(cls, parts: Feeding, run: Doc) -> _Writer:
        """Raises: Invalid: whoever began the run may not sign in any more, or the account cannot send."""
        person = await parts.people.fresh(run["user"]["id"])
        if person is None or not person.may_sign_in:
            raise Invalid(f"{run['user']['name']} began this sending and may not sign in any more")
        _, queue = await parts.accounts.sending_account(run["scheme"]["channel"], run["scheme"]["account"])
        return cls(parts, run, person, queue)

    async def prepare(self) -> None:
        """Write the audience down, so that it is the same after a crash."""
        audience = Audience(
            self._parts.records, self._person.actor, segments_of(self._scheme), self._scheme["addresses"]
        )
        batch: list[tuple[int, Candidate]] = []
        number = 0
        async for candidate in audience.candidates():
            number += 1
            batch.append((number, candidate))
            if len(batch) == WINDOW:
                await self._note(batch)
                batch = []
        await self._note(batch)
        prepared = {"prepared": True, "total": number}
        await self._parts.db[RUNS].update_one({"_id": self._run["_id"]}, {"$set": prepared})

    async def _note(self, batch: list[tuple[int, Candidate]]) -> None:
        if not batch:
            return
        barred = await self._parts.optouts.barred([c.receiver.key for _, c in batch if c.why is None])
        docs = [receiver_document(self._run["_id"], n, c, barred.get(c.receiver.key)) for n, c in batch]
        writes = [UpdateOne({"_id": doc.pop("_id")}, {"$setOnInsert": doc}, upsert=True) for doc in docs]
        await self._parts.db[RECEIVERS].bulk_write(writes, ordered=False)

    async def write(self, most: int) -> int:
        """Write the next letters; returns how many receivers were dealt with."""
        if most <= 0:
            return 0
        waiting = {"run": self._run["_id"], "state": "waiting"}
        docs = await self._parts.db[RECEIVERS].find(waiting).sort("n", 1).limit(most).to_list()
        barred = await self._parts.optouts.barred([doc["key"] for doc in docs])
        await asyncio.gather(*(self._write_one(doc, barred.get(doc["key"])) for doc in docs))
        return len(docs)

    async def _write_one(self, doc: Doc, why: str | None) -> None:
        change: Doc = {"state": "skipped", "reason": why}
        if why is None:
            try:
                change = await self._letter_to(doc)
            except (Invalid, NotFound) as error:  # of this one receiver; the others get theirs
                change = {"state": "failed", "reason": error.detail}
        where = {"_id": doc["_id"], "state": "waiting"}
        await self._parts.db[RECEIVERS].update_one(where, {"$set": change})

    async def _letter_to(self, doc: Doc) -> Doc:
        receiver = await self._receiver(doc)
        link = self._parts.optouts.link(receiver.key)
        merged = self._letter.merge(await self._merging.values(receiver, self._letter.links, unsubscribe=link))
        scheme = self._scheme
        draft = mailing_draft(self._run["_id"], self._run["user"], receiver, merged, scheme["attachments"], link)
        opening = mailing_opening(scheme["channel"], scheme["account"], self._queue, receiver)
        message = await self._parts.stream.start(draft, opening)
        return {"state": "queued", "message": message["id"], "conversation": message["conversation"]}

    async def _receiver(self, doc: Doc) -> Receiver:
        """The receiver with the record as it is now."""
        found = Receiver(kind=doc["kind"], key=doc["key"], name=doc["name"], id=doc["record_id"])
        if found.record is None:
            return found
        row = await self._parts.records.show(self._person.actor, *found.record)
        return Receiver(kind=found.kind, key=found.key, name=found.name, id=found.id, row=row)


def receiver_document(run: str, number: int, candidate: Candidate, barred: str | None) -> Doc:
    """How a candidate is written down. The id is of run and address; whoever gets nothing has one of the record."""
    receiver, why = candidate.receiver, candidate.why or barred
    gets = candidate.why is None
    own = receiver.key if gets else f"{candidate.why}|{receiver.kind}|{receiver.id or receiver.key}"
    return {
        "_id": f"{run}|{own}",
        "run": run,
        "n": number,
        "kind": receiver.kind,
        "record_id": receiver.id,
        "record": f"{receiver.record[0]}:{receiver.id}" if receiver.record else None,
        "key": receiver.key,
        "address": receiver.key.partition(":")[2],
        "name": receiver.name,
        "state": "skipped" if why else "waiting",
        "reason": why,
        "message": None,
    }
