"""Brings the mailbox in step with what people did here: read, unread, deleted. Safe to repeat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from channels.email.account import EmailAccount
from channels.email.ids import is_message_id
from channels.email.imap.folders import trash_folder
from channels.email.imap.position import read_place
from channels.email.imap.session import Session, open_session
from hub.channel import Marks


@dataclass(slots=True)
class _Work:
    """What is to be done in one folder: marks by UID under the UIDVALIDITY they were written for, and by Message-ID."""

    placed: list[tuple[int, int, Marks]] = field(default_factory=list)


async def follow(account: EmailAccount, marks: Sequence[Marks]) -> None:
    """Write the marks to the server. Mail that is not there any more is in step already.

    Raises:
        Transient, Permanent: what the far side did; the marks are to be written again.
    """
    if account.mark_seen == "never":
        marks = [mark for mark in marks if mark.deleted]
    by_folder: defaultdict[str, _Work] = defaultdict(_Work)
    for mark in marks:
        for text in mark.places:
            if place := read_place(text):
                by_folder[place[0]].placed.append((place[1], place[2], mark))
    if not by_folder:
        return
    async with open_session(account) as session:
        names = {folder.name for folder in await session.folders()} | {"INBOX"}
        trash = await trash_folder(session) if account.deleted_goes_to == "trash" else None
        for name, work in by_folder.items():
            if name in names:
                await _in_folder(session, name, work, trash)


async def _in_folder(session: Session, name: str, work: _Work, trash: str | None) -> None:
    selected = await session.select(name)
    read, unread, deleted = set[int](), set[int](), set[int]()
    for validity, uid, mark in work.placed:
        uids = {uid} if validity == selected.validity else await _found_again(session, mark)
        if mark.deleted:
            deleted |= uids
        if mark.seen is not None:
            (read if mark.seen else unread).update(uids)
    if read:
        await session.store(read, r"+FLAGS.SILENT (\Seen)")
    if unread:
        await session.store(unread, r"-FLAGS.SILENT (\Seen)")
    if not deleted:
        return
    if trash and trash != name:
        await session.move(deleted, trash)
    else:
        await session.remove(deleted)


async def _found_again(session: Session, mark: Marks) -> set[int]:
    """The mail under its new UID, where the folder gave out new ones since."""
    sent_as = mark.external_id.partition("#")[0]
    return set(await session.find(sent_as)) if is_message_id(sent_as) else set()
