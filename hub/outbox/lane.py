"""One account's way out, run by the hub that holds its lease: a few messages at a time, each conversation in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from pymongo.errors import PyMongoError

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound, Unavailable
from hub.accounts.directory import Entry
from hub.accounts.inlet import Inlets
from hub.errors import ChannelError
from hub.leases import Lease
from hub.metrics import OUTBOX_WAITING
from hub.model.delivery import Delivery
from hub.outbox.copies import Copies
from hub.outbox.delivery import load_delivery
from hub.outbox.journal import Journal
from hub.outbox.limits import WINDOW_S, Window
from hub.outbox.rules import MOST_TRIES, Failed, GoAhead, Sent, Try, Verdict, judge_asking, judge_sending
from hub.store.client import Doc
from hub.store.files import Files

log = logging.getLogger(__name__)
T = TypeVar("T")

CONCURRENCY = 4
_LOOKED_AT_ONCE = 50
_ADOPT_EVERY_S = 30.0
_LAND_S = 8.0
_CANCEL_AGAIN_S = 0.2
_SLOW_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneParts:
    """What every lane stands on. `sweep_s` and `copies_s`: the longest wait where a wake-up was missed, for messages and
    for copies of them; `send_s`: bound of one try."""

    journal: Journal
    files: Files
    inlets: Inlets
    sweep_s: float = 5.0
    send_s: float = 120.0
    copies_s: float = 30.0


class Lane:
    """Sends what is due for one account until cancelled."""

    def __init__(self, parts: LaneParts, entry: Entry, lease: Lease) -> None:
        self._parts = parts
        self._journal = parts.journal
        self._entry = entry
        self._channel, self._account = entry.ready()
        self._lease = lease
        self._woken = asyncio.Event()
        self._flying: dict[str, str] = {}  # conversation -> message
        self._out: set[str] = set()  # messages at the far side, whose verdict is not written down yet
        self._senders: set[asyncio.Task[None]] = set()
        self._landing = False
        self._window = Window(self._account.rate_per_minute)
        self._keeps_copies = self._channel.keeps_copies(self._account)
        self._copies = Copies(
            self._journal.db, parts.journal.stream, parts.files, entry.id, lease, self._file_copy, parts.copies_s
        )

    def wake(self) -> None:
        """Something was queued, or a message that was in the way has gone."""
        self._woken.set()

    async def run(self) -> None:
        """Take up what was left, then send what becomes due."""
        past = await self._journal.sent_since(self._entry.id, now() - timedelta(seconds=WINDOW_S))
        ages = [(now() - at).total_seconds() for at in past]
        self._window = Window(self._account.rate_per_minute, [_clock() - age for age in ages])
        await self._journal.forget_done(self._entry.id)
        async with asyncio.TaskGroup() as group:
            if self._keeps_copies:
                self._start(group, self._copies.run(), "copies")
            try:
                await self._work(group)
            except asyncio.CancelledError:
                await self._land()
                raise
            finally:
                await self._stop_senders()

    async def _work(self, group: asyncio.TaskGroup) -> None:
        adopted_at = float("-inf")
        while True:
            self._woken.clear()
            if _clock() - adopted_at >= _ADOPT_EVERY_S:
                await self._journal.adopt(self._entry, set(self._flying.values()))
                OUTBOX_WAITING.set(await self._journal.waiting())
                adopted_at = _clock()
            await self._start_due(group)
            await self._pause()

    async def _land(self) -> None:
        """Told to stop while the account is still ours: begin nothing, but hear the far side out for what is at it."""
        self._landing = True
        try:
            async with asyncio.timeout(_LAND_S):
                while self._out and self._lease.held:
                    self._woken.clear()
                    await self._woken.wait()
        except TimeoutError:
            log.warning("messages cut off while being sent", extra={"account": self._entry.id, "count": len(self._out)})

    async def _stop_senders(self) -> None:
        """Cancel until they are done: the group does it once, and the driver can lose a cancellation (Python 3.11)."""
        while left := set(self._senders):
            for task in left:
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):  # we are being stopped already
                await asyncio.wait(left, timeout=_CANCEL_AGAIN_S)

    async def _start_due(self, group: asyncio.TaskGroup) -> None:
        blocked: set[str] = set()
        at = now()
        while len(self._flying) < CONCURRENCY:
            besides = blocked | self._flying.keys()
            candidates = await self._journal.due(self._entry.id, at, besides, _LOOKED_AT_ONCE)
            if not candidates:
                return
            for conversation in dict.fromkeys(doc["conversation"] for doc in candidates):
                if len(self._flying) >= CONCURRENCY or self._window.wait_s(_clock()) > 0:
                    return
                head = await self._journal.head(self._entry.id, conversation, at)
                if head is None or head["next_at"] > at:
                    blocked.add(conversation)
                    continue
                self._flying[conversation] = head["_id"]
                self._window.note(_clock())
                self._start(group, self._carry(head), f"send:{head['_id']}")

    def _start(self, group: asyncio.TaskGroup, work: Coroutine[Any, Any, None], name: str) -> None:
        task = group.create_task(work, name=name)
        self._senders.add(task)
        task.add_done_callback(self._senders.discard)

    async def _pause(self) -> None:
        wait_s = self._parts.sweep_s
        if len(self._flying) < CONCURRENCY:
            coming = await self._journal.next_at(self._entry.id, now())
            if coming is not None:
                wait_s = min(wait_s, max(0.0, (coming - now()).total_seconds()))
            if (limit_s := self._window.wait_s(_clock())) > 0:
                wait_s = min(self._parts.sweep_s, limit_s)
        try:
            async with asyncio.timeout(wait_s):  # unlike wait_for of Python 3.11, never loses a cancellation
                await self._woken.wait()
        except TimeoutError:
            return

    async def _carry(self, doc: Doc) -> None:
        try:
            await self._try(doc)
        except (PyMongoError, Unavailable) as error:  # nothing was sent, or what was sent is written down as `sending`
            log.warning("store away while sending", extra={"message_id": doc["_id"], "reason": str(error)})
            await asyncio.sleep(1.0)
        finally:
            del self._flying[doc["conversation"]]
            self.wake()

    async def _try(self, doc: Doc) -> None:
        number = doc["attempts"] + 1
        planned = await self._plan(doc, number)
        if self._landing or not self._lease.held:
            return
        claimed = await self._journal.claim(doc, self._lease.holder)
        if claimed is None:
            return  # cancelled by a person
        self._out.add(doc["_id"])
        try:
            verdict = planned if isinstance(planned, Failed) else await self._send(claimed, planned)
            written = await self._write(claimed, verdict, planned)
        finally:
            self._out.discard(doc["_id"])
            self.wake()
        await self._journal.record(written)
        self._copies.wake()

    async def _plan(self, doc: Doc, number: int) -> Delivery | Failed:
        """What is to be sent, shown as `sending`; or why it cannot be."""
        if number > MOST_TRIES:
            return Failed(f"given up after {MOST_TRIES} tries: the hub failed each time", doubt=True)
        try:
            delivery = await load_delivery(self._journal.db, self._parts.files, doc["_id"], number)
            await self._journal.announce_try(doc, number)
        except NotFound as error:
            return Failed(error.detail)
        return delivery

    async def _send(self, doc: Doc, delivery: Delivery) -> Verdict:
        """One try at the far side; asks it first where an earlier try may have got through."""
        this = Try(number=delivery.attempt, due_since=doc["first_at"], at=now())
        if doc.get("doubt"):
            answer = await self._outcome(self._channel.find_sent(self._account, delivery))
            asked = judge_asking(answer, this, getattr(self._account, "in_doubt", "resend"))
            if not isinstance(asked, GoAhead):
                return asked
        inlet = self._parts.inlets.of(self._entry.id, self._lease)
        return judge_sending(await self._outcome(self._channel.send(self._account, delivery, inlet)), this)

    async def _outcome(self, work: Awaitable[T]) -> T | BaseException:
        """What the channel gave or raised, within the time-out. Being cancelled ourselves is passed on."""
        [outcome] = await asyncio.gather(_within(self._parts.send_s, work), return_exceptions=True)
        if isinstance(outcome, BaseException) and not isinstance(outcome, ChannelError | OSError | EOFError):
            log.error("fault in a channel", exc_info=outcome, extra={"account": self._entry.id})
        return outcome

    async def _file_copy(self, delivery: Delivery) -> BaseException | None:
        inlet = self._parts.inlets.of(self._entry.id, self._lease)
        return await self._outcome(self._channel.file_copy(self._account, delivery, inlet))

    async def _write(self, doc: Doc, verdict: Verdict, planned: Delivery | Failed) -> Doc:
        """Write the verdict down however long the store is away; losing the lease ends the wait."""
        done = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            if self._keeps_copies and isinstance(verdict, Sent) and isinstance(planned, Delivery):
                group.create_task(self._witness(planned, done), name=f"witness:{doc['_id']}")
            written = await self._write_down(doc, verdict)
            done.set()
        return written

    async def _write_down(self, doc: Doc, verdict: Verdict) -> Doc:
        while True:
            try:
                return await self._journal.write(doc, verdict, copy=self._keeps_copies)
            except PyMongoError as error:
                log.warning("delivery not written down yet", extra={"message_id": doc["_id"], "reason": str(error)})
                await asyncio.sleep(1.0)

    async def _witness(self, delivery: Delivery, written: asyncio.Event) -> None:
        """Where the store does not answer at once, the copy at the far side is filed without waiting for it: should this hub
        end too, whoever comes after finds the copy, and does not send again."""
        try:
            async with asyncio.timeout(_SLOW_S):
                await written.wait()
        except TimeoutError:
            await self._file_copy(delivery)


async def _within(limit_s: float, work: Awaitable[T]) -> T:
    async with asyncio.timeout(limit_s):
        return await work


def _clock() -> float:
    return asyncio.get_running_loop().time()
