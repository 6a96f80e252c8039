"""The public face of the write path: ingest, amend, send, note, start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from crm_core.ground.clock import as_stored
from crm_core.ground.errors import Invalid, Unavailable
from crm_core.ground.ids import new_id
from hub.channel import Raw
from hub.log import correlation
from hub.metrics import MESSAGES
from hub.model.draft import Draft
from hub.model.envelope import Envelope
from hub.model.message import FileOut, MessageOut
from hub.store.client import Database
from hub.store.files import Files
from hub.store.unit import Unit, Units, at_once
from hub.stream.batch import Batch, Outcome
from hub.stream.commit import AWAY, CommitLoop
from hub.stream.ops import Amendment, Arrival, Op, Opening, Writing
from hub.stream.raw import raw_document

MakeId = Callable[[str, str], Awaitable[str]]
"""(account, message id) -> the external id under which the far side will know it."""

T = TypeVar("T")
Looking = Callable[[Unit], Coroutine[Any, Any, None]]
Following = Callable[[Unit, Batch, list[Outcome]], Awaitable[T]]

MOST_FILES = 1000


class Stream:
    """What every channel and every screen writes through."""

    def __init__(self, db: Database, units: Units, files: Files, loop: CommitLoop) -> None:
        self.db = db
        self.units = units
        self._files = files
        self._loop = loop
        self.make_id: MakeId = _its_own_id
        """Set where the accounts are known (`hub.main`): a mail account makes Message-IDs of its own domain."""

    async def ingest(self, envelope: Envelope, raw: Raw | None = None) -> MessageOut:
        """Store what came in; returns when it is durable. A repeat returns the message that is stored.

        Args:
            envelope: the message.
            raw: what it was made of; stored with it, where it is not kept yet.

        Raises:
            Unavailable: the store is away; the far side must keep it.
            Poisoned: it can never be stored; it stands in quarantine with its raw input, so acknowledge it.
        """
        envelope.at = as_stored(envelope.at)
        envelope.correlation = envelope.correlation or correlation.get() or new_id()
        files: list[FileOut] = [
            {**await self._files.put(a.content, a.name, a.type), "content_id": a.content_id, "inline": a.inline}
            for a in envelope.attachments[:MOST_FILES]
        ]
        envelope.attachments = ()
        unkept = raw_document(raw) if raw is not None and not raw.kept else None
        message = await self._loop.submit(Arrival(envelope, files, unkept))
        MESSAGES.labels(channel=envelope.channel, direction=envelope.direction).inc()
        return message

    async def send(self, draft: Draft) -> MessageOut:
        """Answer in a conversation: stored as `queued`, sent by the outbox."""
        return await self._write(draft, None)

    async def note(self, draft: Draft) -> MessageOut:
        """Write an internal note."""
        return await self._write(draft, None)

    async def start(self, draft: Draft, opening: Opening) -> MessageOut:
        """Begin a conversation with an outbound message."""
        return await self._write(draft, opening)

    async def amend(self, message: str, change: Mapping[str, Any], *, force: bool = False) -> MessageOut:
        """Change a stored message (delivery, call, reports); announces it.

        Args:
            change: dotted names to values.
            force: let a delivery go back (a retry).
        """
        return await self._loop.submit(Amendment(message, dict(change), force))

    def arrival(self, envelope: Envelope) -> Arrival:
        """What `ingest` does for an envelope without files, to be committed with other things by `together`."""
        envelope.at = as_stored(envelope.at)
        envelope.correlation = envelope.correlation or correlation.get() or new_id()
        return Arrival(envelope, [])

    async def together(
        self, ops: Sequence[Op], then: Following[T], *, look: Looking | None = None, announcements: int = 0
    ) -> T:
        """Commit operations, and what follows from them, in one unit of work: nobody sees the one without the other.

        Args:
            ops: done in order.
            look: reads what else must be known, once the unit has the turn; beside what the operations read.
            then: called in the same unit with what became of each. It may be called again when the unit is repeated.
            announcements: about so many are expected.

        Raises:
            Unavailable: the store is away.
        """

        async def work(unit: Unit) -> T:
            batch = Batch(unit, ops)
            await at_once(batch.look_up(), *([look(unit)] if look else []))
            return await then(unit, batch, await batch.apply())

        try:
            done = await self.units.run(work, places=len(ops), spare=announcements)
        except AWAY as error:
            raise Unavailable("the store is away; try again soon") from error
        for op in ops:
            if isinstance(op, Arrival):
                MESSAGES.labels(channel=op.envelope.channel, direction=op.envelope.direction).inc()
        return done

    async def _write(self, draft: Draft, opening: Opening | None) -> MessageOut:
        if not draft.text.strip() and not draft.html and not draft.files:
            raise Invalid("there is nothing to send: give a text or a file")
        files = [_shown_in(draft, (await self._files.open(file)).about) for file in draft.files]
        message = new_id()
        account = opening.account if opening else draft.account or await self._account_of(draft.conversation)
        external_id = await self.make_id(account, message) if draft.kind == "reply" and account else None
        if draft.kind == "reply" and not account:
            raise Invalid("this conversation has no account to send from; name one in `account`")
        if draft.client_id:
            draft = replace(draft, client_id=f"{draft.author}:{draft.client_id}")
        stored = await self._loop.submit(Writing(replace(draft, account=account), message, external_id, files, opening))
        MESSAGES.labels(channel=stored["channel"], direction=stored["direction"]).inc()
        return stored

    async def _account_of(self, conversation: str) -> str | None:
        doc = await self.db["conversations"].find_one({"_id": conversation}, {"last_inbound.account": 1, "accounts": 1})
        if doc is None:
            return None
        last = doc.get("last_inbound") or {}
        return last.get("account") or next(iter(doc.get("accounts", ())), None)


def _shown_in(draft: Draft, about: FileOut) -> FileOut:
    """The file as the message has it: a picture that its HTML shows is no attachment."""
    cid = draft.content_ids.get(about["id"])
    return {**about, "content_id": cid, "inline": True} if cid else about


async def _its_own_id(_account: str, message: str) -> str:
    return message
