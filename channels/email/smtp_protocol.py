"""The door's side of one SMTP connection: aiosmtpd, with a mail read in large pieces instead of line by line.

A mail ends at CR LF . CR LF and at nothing else, so that a bare line feed cannot smuggle a second mail in.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax
from typing_extensions import override

from channels.email.account import EmailAccount

_END = b"\r\n.\r\n"
_PLAIN_ADDRESS = re.compile(r"<((?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+)?)>(?= |$)")
_CALLS = {
    "*": 1_000_000,
    "NOOP": 200,
    "VRFY": 20,
    "EXPN": 20,
    "HELP": 20,
    "HELO": 20,
    "EHLO": 20,
    "LHLO": 20,
    "AUTH": 5,
    "STARTTLS": 3,
}
"""Of each command in one connection; only MAIL, RCPT, DATA and RSET are for repeating."""


class Intake(Protocol):
    """What a connection needs of the door behind it. `held` and `most_held` are bytes of unfinished mails."""

    account: EmailAccount
    connections: set[DoorProtocol]
    held: int
    most_held: int

    async def take(self, content: bytes, envelope: Envelope, session: Session | None) -> str:
        """Store a mail; the answer for the sender."""
        ...


class DoorProtocol(SMTP):
    """One connection. `receiving` is true from DATA to its answer: such a connection is not cut when the door closes."""

    line_length_limit = 65_536

    def __init__(self, door: Intake, context: ssl.SSLContext | None) -> None:
        account = door.account
        super().__init__(
            door,
            data_size_limit=account.size_limit,
            enable_SMTPUTF8=True,
            hostname=account.door_name,
            ident="Mainstem",
            tls_context=context,
            timeout=account.door_timeout_s,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            command_call_limit=_CALLS,
            loop=asyncio.get_running_loop(),
        )
        self.door = door
        self.receiving = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.door.connections.add(self)

    @override
    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.door.connections.discard(self)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The address of MAIL and RCPT, and what follows it. The general reader takes 0.2 ms for each; most are plain."""
        plain = _PLAIN_ADDRESS.match(arg)
        if plain is None:
            found: tuple[str | None, str | None] = super()._getaddr(arg)
            return found
        return plain[1] or "<>", arg[plain.end() :]

    @property
    def work(self) -> asyncio.Task[None] | None:
        """The task that serves this connection."""
        return self._handler_coroutine

    @syntax("DATA")
    @override
    async def smtp_DATA(self, arg: str | None) -> None:
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
        elif arg:
            await self.push("501 Syntax: DATA")
        else:
            self.receiving = True
            try:
                await self._receive(envelope)
            finally:
                self.receiving = False

    async def _answer(self, answer: str, recipients: int) -> None:
        """What became of a mail for so many recipients."""
        await self.push(answer)

    async def _receive(self, envelope: Envelope) -> None:
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        mail = bytearray()
        try:
            answer = await self._read_into(mail) or await self.door.take(_unstuffed(mail), envelope, self.session)
        finally:
            self.door.held -= len(mail)
            self.envelope = self._create_envelope()
        await self._answer(answer, len(envelope.rcpt_tos))

    async def _read_into(self, mail: bytearray) -> str | None:
        """Collect one mail with its end mark; the refusal when it is too large, or too much is held at once."""
        refusal: str | None = None
        total, tail = 0, b""
        piece = await self._reader.readexactly(1)
        while True:
            total += len(piece)
            tail = (tail + piece)[-len(_END) :]
            if refusal is None:
                mail += piece
                self.door.held += len(piece)
                refusal = self._too_much(total)
            if refusal is not None and mail:
                self.door.held -= len(mail)
                mail.clear()  # the rest is still read, so that the answer is understood
            if tail in {_END, _END[2:]}:
                return refusal
            piece = await self._next(after=tail if total == 1 else b"")

    async def _next(self, after: bytes) -> bytes:
        """Up to the next dot at a line's end. A dot that begins the mail is read with what may make it the end mark."""
        if after == b".":
            return await self._reader.readexactly(2)
        try:
            return await self._reader.readuntil(_END[2:])
        except asyncio.LimitOverrunError as error:
            self._reset_timeout()
            return await self._reader.readexactly(error.consumed)

    def _too_much(self, total: int) -> str | None:
        if total > self.door.account.size_limit + len(_END):
            return "552 5.3.4 Message too large"
        if self.door.held > self.door.most_held:
            return "452 4.3.1 Too much mail at once, try again later"
        return None


class Busy(asyncio.Protocol):
    """Answers one connection too many."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
        transport.close()


def _unstuffed(mail: bytearray) -> bytes:
    """The mail without its end mark and without the dots that SMTP doubles (RFC 5321, 4.5.2)."""
    content = bytes(mail[:-3])
    if content.startswith(b"."):
        content = content[1:]
    return content.replace(b"\r\n.", b"\r\n") if b"\r\n." in content else content
