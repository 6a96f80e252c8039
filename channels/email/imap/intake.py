"""Takes mails of the open folder into the stream: raw first, in bounded portions, none skipped silently."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

from channels.email.account import EmailAccount
from channels.email.arrivals import read
from channels.email.headers import split
from channels.email.ids import read_ids
from channels.email.imap.names import uid_set
from channels.email.imap.position import FolderMark
from channels.email.imap.replies import Fetched
from channels.email.imap.session import Session
from channels.email.imap.wire import Refused
from crm_core.ground.clock import now
from hub.channel import Inlet, Raw
from hub.errors import Poisoned

log = logging.getLogger(__name__)

_PORTION_BYTES = 16 * 1024 * 1024
_PORTION_MAILS = 100

Replay = Callable[[Raw], Awaitable[None]]


class Intake:
    """What is taken in is in the stream, or in quarantine, when `take` returns. Safe to repeat at any point.

    Args:
        replay: makes messages of kept raw input.
    """

    def __init__(self, account: EmailAccount, inlet: Inlet, replay: Replay) -> None:
        self._account = account
        self._inlet = inlet
        self._replay = replay

    async def take(self, session: Session, mark: FolderMark, mails: list[Fetched], *, sent: bool = False) -> None:
        """Take in what the store does not hold; `sent`: the folder holds what was written from this mailbox.

        Raises:
            Unavailable: the store is away.
            Transient: the connection is lost, or the server did not hand a mail out.
        """
        ids = {mail.uid: message_id(mail) for mail in mails}
        held = await self._inlet.holds([*(mark.place(uid) for uid in ids), *filter(None, ids.values())])
        wanted = []
        for mail in mails:
            ours = sent and ids[mail.uid] in held  # in the stream since it was written; its place needs no note
            if mark.place(mail.uid) not in held and not ours:
                wanted.append(mail)
        doubtful = {mail.uid for mail in wanted if ids[mail.uid] is None or ids[mail.uid] in held}
        async for portion in self._portions(session, wanted):
            work = (self._one(mark, mail, body, uid in doubtful, sent) for uid, mail, body in portion)
            outcomes = await asyncio.gather(*work, return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome

    async def _portions(
        self, session: Session, mails: list[Fetched]
    ) -> AsyncIterator[list[tuple[int, Fetched, bytes]]]:
        """The mails with their contents, as many at a time as memory should hold."""
        limit = self._account.size_limit
        portion: list[Fetched] = []
        for mail in mails:
            if (mail.size or 0) > limit:
                yield [(mail.uid, mail, await session.headers(mail.uid))]
                continue
            if portion and (
                len(portion) >= _PORTION_MAILS or sum(m.size or 0 for m in [*portion, mail]) > _PORTION_BYTES
            ):
                yield await _with_bodies(session, portion)
                portion = []
            portion.append(mail)
        if portion:
            yield await _with_bodies(session, portion)

    async def note(self, mark: FolderMark, mail: Fetched, *, sent: bool) -> None:
        """Take in a mail that the server lists and will not hand out: a message that says so."""
        if await self._inlet.holds([mark.place(mail.uid)]):
            return
        content = f"X-Mainstem-Not-Handed-Out: {mark.validity};{mail.uid}\r\n\r\n".encode()
        await self._one(mark, replace(mail, size=None), content, False, sent, not_handed_out=True)
        log.warning("mail is not handed out", extra={"account": self._account.id, "place": mark.place(mail.uid)})

    async def _one(
        self, mark: FolderMark, mail: Fetched, body: bytes, doubtful: bool, sent: bool, *, not_handed_out: bool = False
    ) -> None:
        note: dict[str, Any] = {"place": mark.place(mail.uid), "seen": mail.seen}
        if mail.at is not None:
            note["came_at"] = mail.at
        if sent:
            note["outbound"] = True
        if (mail.size or 0) > self._account.size_limit:
            note |= {"left_there": mail.size, "limit": self._account.size_limit}
        if not_handed_out:
            note |= {"left_there": 1, "limit": None}
        try:
            if not (doubtful and await self._is_repeat(body, note)):
                await self._replay(await self._inlet.keep_raw(body, note))
        except Poisoned as error:
            # It stands in quarantine with its raw input, visible to people: fetching it again would change nothing.
            facts = {"account": self._account.id, "place": note["place"], "reason": str(error)}
            log.warning("mail went to quarantine", extra=facts)

    async def _is_repeat(self, body: bytes, note: dict[str, Any]) -> bool:
        """Whether the stream has this very mail, from another place (UIDs became void, a copy, the door). Then only
        its new place is noted, and the raw mail is not kept a second time."""
        unkept = Raw(id="", account=self._account.id, content=body, at=now(), note=note, correlation="")
        envelope = await read(self._account, unkept, self._inlet)
        if not await self._inlet.has(envelope.external_id, envelope.fingerprint):
            return False
        stored = await self._inlet.ingest(envelope)
        if stored.get("mail", {}).get("gone"):
            await self._inlet.amend(note["place"], {"mail.gone": False})
        return True


async def _with_bodies(session: Session, mails: list[Fetched]) -> list[tuple[int, Fetched, bytes]]:
    """The mails that are still there, each with its content.

    Raises:
        Refused: the server lists one of them and does not hand it out.
    """
    bodies = await session.bodies([mail.uid for mail in mails])
    without = [mail.uid for mail in mails if mail.uid not in bodies]
    if without and (left := set(await session.search("UID", uid_set(without))) & set(without)):
        raise Refused(f"{session.wire.where} does not hand out the mail with UID {min(left)}; it is asked again")
    return [(mail.uid, mail, body) for mail in mails if (body := bodies.get(mail.uid)) is not None]


def message_id(mail: Fetched) -> str | None:
    """The id that the mail says it has."""
    return next(iter(read_ids(split(mail.header or b"")[0].raw(b"message-id"))), None)
