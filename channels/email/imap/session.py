"""One signed-in connection to a mailbox: what we ask of an IMAP server, in our own words."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from channels.email.account import EmailAccount
from channels.email.imap.names import encoded_name, uid_set
from channels.email.imap.replies import Fetched, Folder, codes, fetched, folders, searched, vanished
from channels.email.imap.wire import Refused, Reply, Wire, quoted
from channels.email.oauth import access_token, forget
from hub.errors import Permanent, Transient

_HEADROOM = 4 * 1024 * 1024
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HEADER = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"
_MOST_HEADER = 1024 * 1024
_AT_ONCE = 500
"""UIDs named in one command: servers take lines of 8,000 characters at least (RFC 7162, 4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """An open folder. `modseq` is 0 where the server keeps none (RFC 7162)."""

    name: str
    validity: int
    uidnext: int
    modseq: int


class Session:
    """Errors of every method: `Transient` where the connection is lost or the server refuses for now."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.vanishing = False
        """The server says which mails are gone (QRESYNC is on)."""

    def can(self, what: str) -> bool:
        """Whether the server offers it."""
        return what in self.wire.capabilities

    async def select(self, name: str, *, writing: bool = True) -> Selected:
        """Open a folder.

        Raises:
            Permanent: there is no such folder.
        """
        keeps = self.can("CONDSTORE") or self.can("QRESYNC")
        arguments = quoted(encoded_name(name)) + (" (CONDSTORE)" if keeps else "")
        reply = await self.wire.select(arguments, writing=writing)
        if reply.result != "OK":
            kind = Transient if _passes(reply.text) else Permanent
            raise kind(f"{self.wire.where}: folder {name!r} cannot be opened: {reply.text}")
        said = codes(reply.lines)
        validity, uidnext = _number(said.get("UIDVALIDITY")), _number(said.get("UIDNEXT"))
        if not uidnext:
            uidnext = max(await self.search("ALL"), default=0) + 1
        modseq = _number(said.get("HIGHESTMODSEQ"))
        return Selected(name=name, validity=validity, uidnext=uidnext, modseq=modseq if keeps else 0)

    async def search(self, *criteria: str) -> list[int]:
        """UIDs in the open folder, lowest first."""
        return searched((await self._ok("SEARCH", *criteria, uid=True)).lines)

    async def search_since(self, since: datetime, *more: str) -> list[int]:
        """UIDs of what came on that day (by the server's calendar, so one day is added) or later."""
        day = since.toordinal() - 1
        at = datetime.fromordinal(max(day, 1))
        return await self.search("SINCE", f"{at.day}-{_MONTHS[at.month - 1]}-{at.year}", *more)

    async def find(self, message_id: str) -> list[int]:
        """UIDs of mails with this Message-ID (given without brackets)."""
        if not message_id.isascii() or any(ord(char) < 32 for char in message_id):
            return []
        return await self.search("HEADER", "MESSAGE-ID", quoted(message_id))

    async def metadata(self, uids: Iterable[int]) -> list[Fetched]:
        """Flags, size, time of arrival and the Message-ID header.

        Raises:
            Refused: the server cannot read one of them.
        """
        return await self._fetch(uids, f"(UID FLAGS INTERNALDATE RFC822.SIZE {_HEADER})")

    async def outlines(self, uids: Iterable[int]) -> list[Fetched]:
        """Flags and time of arrival: what the server knows without reading the mails."""
        return await self._fetch(uids, "(UID FLAGS INTERNALDATE)")

    async def bodies(self, uids: Iterable[int]) -> dict[int, bytes]:
        """Whole mails, without marking them as read; those that the server refuses are left out."""
        found: dict[int, bytes] = {}
        for pack in _packs(uids):
            reply = await self.wire.ask("FETCH", uid_set(pack), "(UID BODY.PEEK[])", uid=True)
            found |= {mail.uid: mail.body for mail in fetched(reply.lines) if mail.body is not None}
        return found

    async def headers(self, uid: int) -> bytes:
        """The header block of a mail, a megabyte of it at most."""
        found = await self._fetch([uid], f"(UID BODY.PEEK[HEADER]<0.{_MOST_HEADER}>)")
        return next((mail.header for mail in found if mail.header), b"")

    async def flags(self, upto: int) -> tuple[list[Fetched], list[str]]:
        """The flags of all mails below a UID, and the sets of those that went while the server listed them: such a mail
        may stand in both."""
        lines = (await self._ok("FETCH", f"1:{upto - 1}", "(UID FLAGS)", uid=True)).lines
        return list(fetched(lines)), list(vanished(lines))

    async def changes(self, upto: int, modseq: int) -> tuple[list[Fetched], list[str]]:
        """Mails below a UID whose flags changed since, and (with QRESYNC) the sets of those that are gone."""
        since = f"(CHANGEDSINCE {modseq}{' VANISHED' if self.vanishing else ''})"
        lines = (await self._ok("FETCH", f"1:{upto - 1}", "(UID FLAGS)", since, uid=True)).lines
        return list(fetched(lines)), list(vanished(lines))

    async def store(self, uids: Iterable[int], change: str) -> None:
        """Change flags: `+FLAGS.SILENT (\\Seen)`."""
        for pack in _packs(uids):
            await self._ok("STORE", uid_set(pack), change, uid=True)

    async def move(self, uids: Iterable[int], folder: str) -> None:
        """Move mails, by MOVE where the server has it, else by copy, mark and expunge."""
        target = quoted(encoded_name(folder))
        for pack in _packs(uids):
            if self.can("MOVE"):
                await self._ok("MOVE", uid_set(pack), target, uid=True)
                continue
            await self._ok("COPY", uid_set(pack), target, uid=True)
            await self.remove(pack)

    async def remove(self, uids: Iterable[int]) -> None:
        """Mark as deleted and, where the server can expunge just these, expunge."""
        for pack in _packs(uids):
            await self.store(pack, r"+FLAGS.SILENT (\Deleted)")
            if self.can("UIDPLUS"):
                await self._ok("EXPUNGE", uid_set(pack), uid=True)

    async def append(self, folder: str, mail: bytes, at: datetime) -> None:
        """File a mail, marked as read."""
        moment = f'"{at.day:2}-{_MONTHS[at.month - 1]}-{at:%Y %H:%M:%S} +0000"'
        reply = await self.wire.append(mail, quoted(encoded_name(folder)), r"(\Seen)", moment)
        if reply.result != "OK":
            raise Transient(f"{self.wire.where} does not file the mail in {folder!r}: {reply.text}")

    async def folders(self) -> list[Folder]:
        """All folders that can be opened, with their special uses where the server tells them."""
        more = ("RETURN (SPECIAL-USE)",) if self.can("SPECIAL-USE") and self.can("LIST-EXTENDED") else ()
        return list(folders((await self._ok("LIST", '""', '"*"', *more)).lines))

    async def noop(self) -> None:
        """Is anybody there?"""
        await self._ok("NOOP")

    async def _fetch(self, uids: Iterable[int], what: str) -> list[Fetched]:
        found: list[Fetched] = []
        for pack in _packs(uids):
            reply = await self.wire.ask("FETCH", uid_set(pack), what, uid=True)
            if reply.result != "OK":
                raise Refused(f"{self.wire.where} refuses FETCH: {reply.text}")
            found += fetched(reply.lines)
        return found

    async def _ok(self, name: str, *arguments: str, uid: bool = False) -> Reply:
        reply = await self.wire.ask(name, *arguments, uid=uid)
        if reply.result != "OK":
            raise Transient(f"{self.wire.where} refuses {name}: {reply.text}")
        return reply


@asynccontextmanager
async def open_session(account: EmailAccount) -> AsyncIterator[Session]:
    """Connect and sign in; the connection ends with the block.

    Raises:
        Permanent: the sign-in, the certificate or the way of encryption is refused.
        Transient: the server cannot be reached now.
    """
    host, port, tls = account.imap_host or "", account.imap_place[0], account.imap_place[1]
    wire = Wire(f"mail server {host}:{port}", account.size_limit + _HEADROOM, account.imap_timeout_s)
    context = None if tls == "none" else _context(account)
    try:
        try:
            async with asyncio.timeout(account.imap_timeout_s):
                await asyncio.get_running_loop().create_connection(
                    lambda: wire, host, port, ssl=context if tls == "tls" else None,
                    server_hostname=host if tls == "tls" else None,
                )  # fmt: skip
            wire.keep_alive()
            await wire.greeted()
            await wire.capability()
            if tls == "starttls" and context is not None:
                await wire.start_tls(context, host)
                await wire.capability()
        except ssl.SSLCertVerificationError as error:
            raise Permanent(f"{wire.where}: the certificate cannot be trusted: {error.verify_message}") from error
        except TimeoutError:
            raise Transient(f"{wire.where} did not answer within {account.imap_timeout_s:g} s") from None
        except OSError as error:
            raise Transient(f"{wire.where} cannot be reached: {error.strerror or error}") from error
        session = Session(wire)
        await _sign_in(session, account)
        yield session
    finally:
        wire.break_off("we left")


async def _sign_in(session: Session, account: EmailAccount) -> None:
    wire = session.wire
    token = None
    if account.oauth2 is not None:
        if not session.can("AUTH=XOAUTH2"):
            raise Permanent(f"{wire.where} does not take OAuth 2 (XOAUTH2)")
        token = await access_token(account.oauth2, account.imap_timeout_s)
    elif session.can("LOGINDISABLED"):
        raise Permanent(f"{wire.where} takes no password on this connection: set tls to starttls or tls")
    password = account.password.get_secret_value() if account.password else None
    reply = await wire.sign_in(account.username or "", password, token)
    if reply.result != "OK":
        if account.oauth2 is not None:
            forget(account.oauth2)
        said = f"{wire.where} refuses the sign-in of {account.username}: {wire.refusal or reply.text}"
        raise Transient(said) if _passes(reply.text) else Permanent(said)
    await wire.capability()
    if session.can("ID"):  # some providers open no folder for a client that did not introduce itself
        await wire.ask("ID", '("name" "Mainstem" "vendor" "Mainstem")')
    if session.can("QRESYNC") and session.can("ENABLE"):
        session.vanishing = (await wire.ask("ENABLE", "QRESYNC")).result == "OK"


def _context(account: EmailAccount) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(account.imap_ca) if account.imap_ca else None)
    except (OSError, ssl.SSLError) as error:
        raise Permanent(f"imap_ca of account {account.id} cannot be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _passes(said: str) -> bool:
    """Whether a refusal is only for now (RFC 5530)."""
    low = said.lower()
    return any(word in low for word in ("[unavailable]", "[inuse]", "[limit]", "[serverbug]", "temporar", "try again"))


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0


def _packs(uids: Iterable[int]) -> Iterable[list[int]]:
    ordered = sorted(uids)
    return [ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE)]
