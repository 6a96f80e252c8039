"""Takes a mailbox in, and goes on for as long as the connection holds.

Order of everything: raw kept, message committed, place in the ledger (same transaction), bookmark moved, and only then,
where the account says so, the mail is marked as read. A crash at any point repeats work, never loses or doubles a mail.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from channels.email.account import EmailAccount
from channels.email.imap.folders import sent_folder
from channels.email.imap.intake import Intake, Replay
from channels.email.imap.names import among
from channels.email.imap.position import FolderMark, Position, position_of
from channels.email.imap.replies import Fetched
from channels.email.imap.session import Selected, Session, open_session
from channels.email.imap.wire import Refused
from crm_core.ground.clock import now
from hub.channel import Inlet
from hub.errors import Transient

log = logging.getLogger(__name__)

_BATCH = 200
"""Mails between two movements of the bookmark."""
_FEW = 2000
_ONE_BY_ONE = 2
_GIVE_UP = 5
"""Refusals in a row: after the first number mails are asked for singly, after the second one is taken in as it is."""
_BREATH_S = 0.2


class Receiver:
    """One account's mailbox. `run` ends only by raising."""

    def __init__(self, account: EmailAccount, inlet: Inlet, replay: Replay) -> None:
        self._account = account
        self._inlet = inlet
        self._intake = Intake(account, inlet, replay)
        self._moved = False
        self._looked: dict[str, float] = {}

    async def run(self) -> None:
        """Receive until cancelled. A connection that brought something before it was lost is opened anew at once;
        one that brought nothing is the hub's to try again, with back-off.

        Raises:
            Transient, Permanent: what the far side did.
            Unavailable: the store is away, or this hub lost the account.
        """
        while True:
            self._moved = False
            try:
                async with open_session(self._account) as session:
                    await self._receive(session)
            except Transient as error:
                if not self._moved:
                    raise
                facts = {"account": self._account.id, "reason": str(error)}
                log.info("mailbox connection lost after mail came; connecting again", extra=facts)
            await asyncio.sleep(_BREATH_S)

    async def _receive(self, session: Session) -> None:
        position = position_of(await self._inlet.position(), self._account, now())
        if "since" not in await self._inlet.position():
            await self._inlet.move_to(position.document())
        first, *others = self._account.imap_folders
        sent = await sent_folder(session, self._account) if self._account.read_sent else None
        watched: list[tuple[str, bool]] = [(name, name == sent) for name in (*others, sent) if name and name != first]
        self._inlet.connected(f"reads {', '.join([first, *(name for name, _ in watched)])}")
        await self._visit(session, position, first, sent=first == sent)
        clock = asyncio.get_running_loop().time
        while True:
            for name, is_sent in watched:
                await self._visit(session, position, name, sent=is_sent)
            selected = await self._visit(session, position, first, sent=first == sent)
            until = clock() + self._account.imap_poll_s if watched else float("inf")
            while clock() < until:
                wait_s = min(self._account.imap_idle_s, until - clock())
                await self._wait(session, max(wait_s, 0.01))
                await self._catch_up(session, position, selected, sent=first == sent)

    async def _wait(self, session: Session, wait_s: float) -> None:
        """Until there is news, or so long. Afterwards the server must show that it is still there."""
        if not session.wire.news:
            if not session.can("IDLE") or not await session.wire.idle(wait_s):
                await asyncio.sleep(min(wait_s, self._account.imap_poll_s))
            await session.noop()

    async def _visit(self, session: Session, position: Position, name: str, *, sent: bool) -> Selected:
        """Open a folder and bring our side in step with it."""
        selected = await session.select(name)
        mark = position.folders.get(name)
        if mark is None or mark.validity != selected.validity:
            position.folders[name] = self._begin(name, selected, fresh=mark is None)
        await self._catch_up(session, position, selected, sent=sent)
        return selected

    def _begin(self, name: str, selected: Selected, *, fresh: bool) -> FolderMark:
        """A folder whose UIDs we do not know. New to us and wanted from now on: all that is there is passed over."""
        mark = FolderMark(name=name, validity=selected.validity, first=selected.uidnext)
        if fresh and self._account.start_from == "now":
            mark.upto = selected.uidnext
        if not fresh:
            log.warning("folder has new UIDs", extra={"account": self._account.id, "folder": name})
        return mark

    async def _catch_up(self, session: Session, position: Position, selected: Selected, *, sent: bool) -> None:
        mark = position.folders[selected.name]
        while True:
            session.wire.news = False
            await self._take_new(session, position, mark, sent=sent)
            if await self._follow_changes(session, mark, selected):
                await self._inlet.move_to(position.document())
            if not session.wire.news:
                return

    async def _take_new(self, session: Session, position: Position, mark: FolderMark, *, sent: bool) -> None:
        todo = await self._wanted(session, position, mark)
        size = _BATCH if mark.tries < _ONE_BY_ONE else 1  # which of them is it that the server cannot hand out?
        for start in range(0, len(todo), size):
            pack = todo[start : start + size]
            try:
                mails = await self._take_pack(session, position, mark, pack, sent=sent)
            except Refused:
                mark.tries += 1
                await self._inlet.move_to(position.document())  # with the count; nothing else moved
                raise
            for mail in mails:
                mark.took(mail.uid, seen=mail.seen)
            mark.upto, mark.tries = pack[-1] + 1, 0
            self._moved = True
            await self._inlet.move_to(position.document())
            if self._account.mark_seen == "on_arrival" and (unseen := [m.uid for m in mails if not m.seen]):
                await session.store(unseen, r"+FLAGS.SILENT (\Seen)")
        if mark.upto < mark.first:
            mark.upto = mark.first
            await self._inlet.move_to(position.document())

    async def _take_pack(
        self, session: Session, position: Position, mark: FolderMark, pack: Sequence[int], *, sent: bool
    ) -> list[Fetched]:
        """Take these in, as far as they are wanted; returns them. What was refused too often is taken in unread."""
        hopeless = mark.tries >= _GIVE_UP
        mails = await (session.outlines(pack) if hopeless else session.metadata(pack))
        mails = sorted((m for m in mails if m.uid >= mark.first or not m.at or m.at >= position.since), key=_uid)
        if hopeless:
            for mail in mails:
                await self._intake.note(mark, mail, sent=sent)
        else:
            await self._intake.take(session, mark, mails, sent=sent)
        return mails

    async def _wanted(self, session: Session, position: Position, mark: FolderMark) -> list[int]:
        """The UIDs still to be decided: below `first` those since the account's start, above it all."""
        old: Sequence[int] = ()
        if mark.upto < mark.first:
            old = await session.search_since(position.since, "UID", f"{mark.upto}:{mark.first - 1}")
        low = max(mark.upto, mark.first)
        new = await session.search("UID", f"{low}:*")  # names the last mail even where that is below
        return [*(uid for uid in old if mark.upto <= uid < mark.first), *(uid for uid in new if uid >= low)]

    # -- what others changed -----------------------------------------------------------------------------------

    async def _follow_changes(self, session: Session, mark: FolderMark, selected: Selected) -> bool:
        """Tell the stream which mails were read, unread or removed at the server; whether there were any."""
        if mark.upto <= 1 or not self._is_time(mark, selected):
            return False
        known = mark.modseq
        if selected.modseq and mark.modseq:
            changed, gone_sets = await session.changes(mark.upto, mark.modseq)
        else:
            changed, gone_sets = await session.flags(mark.upto)
        gone = set().union(*(among(mark.uids, text) for text in gone_sets))
        if not (selected.modseq and mark.modseq):
            gone |= mark.uids - {mail.uid for mail in changed}
        elif not session.vanishing:
            gone |= mark.uids - set(await session.search("ALL"))
        if selected.modseq:
            mark.modseq = max(mark.modseq, selected.modseq, *(mail.modseq for mail in changed), 0)
        told = await self._tell(mark, changed, gone)
        return told or mark.modseq != known

    def _is_time(self, mark: FolderMark, selected: Selected) -> bool:
        """A server that counts no changes must list all flags: not after each mail where there are many."""
        if selected.modseq or len(mark.uids) < _FEW:
            return True
        clock = asyncio.get_running_loop().time()
        if clock - self._looked.get(mark.name, float("-inf")) < self._account.imap_poll_s:
            return False
        self._looked[mark.name] = clock
        return True

    async def _tell(self, mark: FolderMark, changed: list[Fetched], gone: set[int]) -> bool:
        news = [m for m in changed if m.flags is not None and m.uid in mark.uids and m.seen != (m.uid in mark.seen)]
        for mail in news:
            await self._inlet.amend(mark.place(mail.uid), {"mail.seen": mail.seen})
            (mark.seen.add if mail.seen else mark.seen.discard)(mail.uid)
        for uid in sorted(gone):
            await self._inlet.amend(mark.place(uid), {"mail.gone": True})
            mark.lost(uid)
        return bool(news or gone)


def _uid(mail: Fetched) -> int:
    return mail.uid
