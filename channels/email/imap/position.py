"""Where the receiver of a mailbox stands: one mark per folder, written only after the commit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.email.account import EmailAccount
from channels.email.imap.names import uid_set, uids_of

FIRST_LOOK_BACK = timedelta(days=30)


@dataclass(slots=True, kw_only=True)
class FolderMark:
    """One folder.

    Attributes:
        validity: UIDVALIDITY; another one means that all UIDs are void (RFC 3501, 2.3.1.1).
        first: UIDNEXT when it was first opened: below it only mail since the account's start is wanted.
        upto: every UID below is decided.
        uids: those of them that we took in and that are still there.
        seen: those that are marked as read.
        modseq: changes up to here are known; 0 where the server does not count them.
        tries: how often the server refused to hand out what comes next.
    """

    name: str
    validity: int = 0
    first: int = 0
    upto: int = 1
    uids: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    modseq: int = 0
    tries: int = 0

    def place(self, uid: int) -> str:
        """The ledger's name of a mail."""
        return place(self.name, self.validity, uid)

    def took(self, uid: int, *, seen: bool) -> None:
        """A mail is in the stream."""
        self.uids.add(uid)
        if seen:
            self.seen.add(uid)

    def lost(self, uid: int) -> None:
        """A mail is in the folder no more."""
        self.uids.discard(uid)
        self.seen.discard(uid)


@dataclass(slots=True, kw_only=True)
class Position:
    """The whole bookmark. `since`: mail that came before is not asked for."""

    since: datetime
    folders: dict[str, FolderMark] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """As the inlet keeps it. A list, because a folder's name may be no key."""
        folders = [
            {
                "name": mark.name,
                "validity": mark.validity,
                "first": mark.first,
                "upto": mark.upto,
                "uids": uid_set(mark.uids),
                "seen": uid_set(mark.seen),
                "modseq": mark.modseq,
                "tries": mark.tries,
            }
            for mark in self.folders.values()
        ]
        return {"since": self.since, "folders": folders}


def position_of(document: Mapping[str, Any], account: EmailAccount, at: datetime) -> Position:
    """The bookmark that was kept, or that of an account which begins now."""
    if "since" not in document:
        return Position(since=start_of(account, at))
    marks = [
        FolderMark(**{**kept, "uids": uids_of(kept["uids"]), "seen": uids_of(kept["seen"])})
        for kept in document["folders"]
    ]
    return Position(since=document["since"], folders={mark.name: mark for mark in marks})


def start_of(account: EmailAccount, at: datetime) -> datetime:
    """From when on an account that begins now takes mail."""
    if account.start_from is None:
        return at - FIRST_LOOK_BACK
    if account.start_from == "now":
        return at.replace(microsecond=0)
    day = account.start_from
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def place(folder: str, validity: int, uid: int) -> str:
    """`INBOX;3;17`: a mail's place in the mailbox, for as long as its folder keeps its UIDs."""
    return f"{folder};{validity};{uid}"


def read_place(text: str) -> tuple[str, int, int] | None:
    """Folder, UIDVALIDITY and UID of a place; None when it is of another kind."""
    rest, _, uid = text.rpartition(";")
    folder, _, validity = rest.rpartition(";")
    return (folder, int(validity), int(uid)) if folder and validity.isdecimal() and uid.isdecimal() else None
