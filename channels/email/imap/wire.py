"""The one wrapper around aioimaplib: typed, every wait bounded, and a lost line is noticed at once.

What the library's protocol does otherwise, and what stands here instead:

- it reads recursively, one level per line, so that a long answer ends in RecursionError: `data_received` loops;
- after a lost connection its commands wait for ever: `break_off` ends each with the reason;
- a BYE, or a close during IDLE, looks like "no news": both break off;
- untagged lines are sorted by name and lost where names differ (VANISHED): all belong to the command under way;
- STARTTLS, and the empty answer that a refused XOAUTH2 asks for, are missing.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass

from aioimaplib.aioimaplib import (
    AUTH,
    NONAUTH,
    SELECTED,
    AioImapException,
    Command,
    IdleCommand,
    IMAP4ClientProtocol,
)
from typing_extensions import override

from hub.errors import Permanent, Transient

logging.getLogger("aioimaplib").setLevel(logging.WARNING)  # at debug it writes out what is sent, tokens included

Line = bytes | tuple[bytes, ...]
"""One untagged reply without its `* `; with literals: text, literal, text, literal ..."""

MOST_LINE = 32 * 1024 * 1024
"""A SEARCH of a mailbox of three million mails is one line."""
_LITERAL = re.compile(rb"\{(\d{1,12})\+?\}$")
_OPENS = {"SELECT", "EXAMINE"}
_SHOWS_MAILS = {"FETCH", "STORE", *_OPENS}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command came to: `OK`, `NO` or `BAD`, the server's words, and the untagged lines before."""

    result: str
    text: str
    lines: list[Line]


class Refused(Transient):
    """The server itself ended it, with a word: not the line, not its silence."""


class Wire(IMAP4ClientProtocol):  # type: ignore[misc] # the library has no types
    """One connection.

    Attributes:
        where: what to call the far side in errors.
        news: the server said that the mailbox changed; whoever looks clears it.
        lost: why the connection is of no use any more.
    """

    capabilities: set[str]
    transport: asyncio.Transport | None

    def __init__(self, where: str, most_literal: int, step_s: float) -> None:
        super().__init__(asyncio.get_running_loop())
        self.where = where
        self.news = False
        self.lost: str | None = None
        self.greeting = b""
        self.refusal = ""
        self.said_goodbye = False
        self._step_s = step_s
        self._most_literal = most_literal
        self._stirred = asyncio.Event()
        self._buffer = bytearray()
        self._scanned = 0
        self._pieces: list[bytes] = []
        self._wanting: int | None = None

    # -- what comes in ---------------------------------------------------------------------------------------

    @override
    def data_received(self, d: bytes) -> None:
        self._buffer += d
        try:
            while self.lost is None and (reply := self._next()) is not None:
                self._take(reply)
        except (AioImapException, ValueError, LookupError) as error:
            self.break_off(f"it said what cannot be understood ({error})")
        self._stirred.set()

    def _next(self) -> tuple[bytes, ...] | None:
        """One whole reply, literals included; None while it is not complete."""
        while True:
            if self._wanting is not None:
                if len(self._buffer) < self._wanting:
                    return None
                self._pieces.append(self._cut(self._wanting, 0))
                self._wanting = None
            end = self._buffer.find(b"\r\n", self._scanned)
            if end < 0:
                self._scanned = max(0, len(self._buffer) - 1)
                if len(self._buffer) > MOST_LINE:
                    raise ValueError("a line without an end")
                return None
            line = self._cut(end, 2)
            self._scanned = 0
            self._pieces.append(line)
            if literal := _LITERAL.search(line):
                self._wanting = int(literal[1])
                if self._wanting > self._most_literal:
                    raise ValueError(f"a piece of {self._wanting} bytes that nobody asked for")
                continue
            pieces, self._pieces = tuple(self._pieces), []
            return pieces

    def _cut(self, size: int, also: int) -> bytes:
        piece = bytes(self._buffer[:size])
        del self._buffer[: size + also]
        return piece

    def _take(self, reply: tuple[bytes, ...]) -> None:
        first = reply[0]
        if not self.greeting:
            self.greeting = first or b"?"
        elif first.startswith(b"* "):
            self._untagged((first[2:], *reply[1:]))
        elif first.startswith(b"+"):
            self._continuation(first)
        elif first:
            self._response_done(first)

    def _untagged(self, reply: tuple[bytes, ...]) -> None:
        words = reply[0][:200].upper().split(b" ", 2)
        command = self._under_way()
        if words[0] == b"BYE":
            self.said_goodbye = True
            self.break_off(f"it said goodbye: {_words(reply[0][4:])}")
            return
        if _is_news(words, command):
            self.news = True
        if command is not None:
            command.append_to_resp(reply[0] if len(reply) == 1 else reply)

    def _under_way(self) -> Command | None:
        pending: Command | None = self.pending_sync_command
        return pending or next(iter(self.pending_async_commands.values()), None)

    @override
    def _continuation(self, line: bytes) -> None:
        command = self._under_way()
        if _is(command, "AUTHENTICATE"):
            self.refusal = _decoded(line[2:])
            self._line.write(b"\r\n")  # then the server says NO, and until then nothing
        elif _is(command, "APPEND") or _is(command, "IDLE"):
            super()._continuation(line)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.break_off(f"it cut the connection ({exc})" if exc else "it closed the connection")

    def break_off(self, reason: str) -> None:
        """The connection is over: whoever waits for an answer hears why, now."""
        if self.lost is None:
            self.lost = reason
        if self.transport is not None:
            self.transport.abort()
        for command in [self.pending_sync_command, *self.pending_async_commands.values()]:
            if command is not None:
                command._exception = AioImapException(reason)  # noqa: SLF001 - the library has no other way to fail one
                command.close(b"", "KO")
        self._stirred.set()

    # -- what goes out ---------------------------------------------------------------------------------------

    async def ask(self, name: str, *arguments: str, uid: bool = False, secret: str | None = None) -> Reply:
        """Run one command and wait for its end, for a step's time at most.

        Raises:
            Transient: the connection is lost, or the server was silent for too long.
        """
        self._check()
        command = Command(name, self.new_tag(), *arguments, prefix="UID" if uid else None)
        try:
            async with asyncio.timeout(self._step_s):
                done = await self.execute(command, scrub=secret)
        except TimeoutError:
            self.break_off(f"it did not answer {name} within {self._step_s:g} s")
            raise Transient(f"{self.where}: {self.lost}") from None
        except AioImapException as error:
            kind = Refused if self.said_goodbye else Transient
            raise kind(f"{self.where}: {self.lost or error}") from None
        return Reply(done.result, _words(done.lines[-1]), done.lines[:-1])

    async def append(self, mail: bytes, *arguments: str) -> Reply:
        """APPEND: the mail goes out as a literal."""
        self.literal_data = mail
        return await self.ask("APPEND", *arguments, f"{{{len(mail)}}}")

    async def idle(self, at_most_s: float) -> bool:
        """Wait for news; False when the server will not have it. Ends after `at_most_s` also without any.

        Raises:
            Transient: the connection is lost; a server that is silent when it must answer counts as lost.
        """
        self._check()
        command = IdleCommand(self.new_tag(), self.idle_queue)
        self._idle_event.clear()
        self.pending_sync_command = command
        self.send(str(command))
        begun = self._idle_event.is_set
        if not await self._until(lambda: begun() or _done(command), self._step_s):
            self._fail("it did not answer IDLE")
        if not begun():
            return bool(command.response.result == "OK")
        await self._until(lambda: self.news or _done(command), at_most_s)
        if not _done(command):
            self.send("DONE")
            if not await self._until(lambda: _done(command), self._step_s):
                self._fail("it did not end IDLE")
        return True

    async def greeted(self) -> None:
        """Wait for the server's first line.

        Raises:
            Transient: it did not come, or was a goodbye.
        """
        if not await self._until(lambda: bool(self.greeting), self._step_s):
            self._fail("it did not greet")
        if not self.greeting.upper().startswith((b"* OK", b"* PREAUTH")):
            self._fail(f"it turned us away: {_words(self.greeting[2:])}")
        self.state = AUTH if self.greeting.upper().startswith(b"* PREAUTH") else NONAUTH

    @override
    async def capability(self) -> None:
        """Ask what the server can do."""
        reply = await self.ask("CAPABILITY")
        said = [line for line in reply.lines if isinstance(line, bytes) and line.upper().startswith(b"CAPABILITY ")]
        self.capabilities = {word for line in said for word in line.decode("ascii", "replace").upper().split()[1:]}

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """STARTTLS. What came before it in plain text is forgotten, so that nobody can slip in an answer.

        Raises:
            Permanent: the server does not offer it.
            OSError: no agreement was reached.
        """
        if "STARTTLS" not in self.capabilities or (await self.ask("STARTTLS")).result != "OK":
            raise Permanent(f"{self.where} does not offer STARTTLS, which the account asks for")
        self._buffer.clear()
        async with asyncio.timeout(self._step_s):
            loop = asyncio.get_running_loop()
            self.transport = await loop.start_tls(self._line, self, context, server_hostname=host)

    async def sign_in(self, username: str, password: str | None, token: str | None) -> Reply:
        """LOGIN with a password, or XOAUTH2 with a token; the caller reads the verdict."""
        if token is not None:
            sasl = b64encode(f"user={username}\1auth=Bearer {token}\1\1".encode()).decode("ascii")
            reply = await self.ask("AUTHENTICATE", "XOAUTH2", sasl, secret=sasl)
        else:
            words = (quoted(username), quoted(password or ""))
            reply = await self.ask("LOGIN", *words, secret=words[1])
        if reply.result == "OK":
            self.state = AUTH
        return reply

    async def select(self, arguments: str, *, writing: bool) -> Reply:
        """SELECT, or EXAMINE where nothing is to change."""
        self.news = False
        reply = await self.ask("SELECT" if writing else "EXAMINE", arguments)
        self.state = SELECTED if reply.result == "OK" else AUTH
        return reply

    def keep_alive(self) -> None:
        """Let the system notice a far side that is gone without a word."""
        sock = self._line.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    @property
    def _line(self) -> asyncio.Transport:
        assert self.transport is not None
        return self.transport

    def _check(self) -> None:
        if self.lost is not None:
            raise Transient(f"{self.where}: {self.lost}")

    def _fail(self, reason: str) -> None:
        self.break_off(f"{reason} within {self._step_s:g} s" if "did not" in reason else reason)
        self._check()

    async def _until(self, holds: Callable[[], bool], at_most_s: float) -> bool:
        """Whether it came to hold in time."""
        try:
            async with asyncio.timeout(at_most_s):
                while not holds():
                    self._check()
                    self._stirred.clear()
                    await self._stirred.wait()
        except TimeoutError:
            return False
        self._check()
        return True


def quoted(text: str) -> str:
    """A string as IMAP takes it (RFC 3501, 4.3)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_news(words: list[bytes], command: Command | None) -> bool:
    """Whether an untagged line tells of a change that the command under way did not ask about."""
    name = command.name if command is not None else ""
    if words[0] == b"VANISHED":
        return words[1:2] != [b"(EARLIER)"]
    if words[-1] in {b"EXISTS", b"EXPUNGE"}:
        return name not in _OPENS
    return words[1:2] == [b"FETCH"] and name not in _SHOWS_MAILS


def _is(command: Command | None, name: str) -> bool:
    return command is not None and command.name == name


def _done(command: Command) -> bool:
    return command.response.result not in {"Init", "Pending"}


def _words(said: bytes) -> str:
    """The server's own words, on one line and not too long."""
    return " ".join(said.decode("utf-8", "replace").split())[:300]


def _decoded(said: bytes) -> str:
    try:
        return _words(b64decode(said, validate=True))
    except (NotBase64, ValueError):
        return _words(said)
