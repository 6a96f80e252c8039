"""A real SMTP server that keeps what it gets, and can be told to misbehave as servers do.

It stands for the outgoing mail server of an account. `accepted` counts each mail that it answered with 250 *or took and
then broke off*: the second kind is what a crash between *sent* and *recorded* looks like from the far side.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Act = Literal["take", "hang", "close", "take-and-close", "take-and-hang"]
Stage = Literal["connect", "mail", "rcpt", "data"]

logging.getLogger("mail.log").setLevel(logging.WARNING)


@dataclass(frozen=True)
class SunkMail:
    """One mail as it came."""

    mail_from: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed by the standard library."""
        return message_from_bytes(self.content, policy=policy.default)

    @property
    def message_id(self) -> str:
        """Its Message-ID, without brackets."""
        return str(self.message["Message-ID"]).strip().strip("<>")


@dataclass
class SmtpSink:
    """Use as `async with SmtpSink() as sink`, then send to `sink.port`.

    Attributes:
        folder: where each mail is also written, as `NUMBER.eml`.
        login: the user name and password that are asked for, if any.
        tls: offered with STARTTLS; with `implicit_tls` spoken from the start.
    """

    folder: Path | None = None
    login: tuple[str, str] | None = None
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    mails: list[SunkMail] = field(default_factory=list)
    tries: int = 0
    port: int = 0
    _plan: dict[Stage, str] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)
    _times: dict[Stage, int] = field(default_factory=dict)
    _server: asyncio.Server | None = None
    _connections: set[_Connection] = field(default_factory=set)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; on the same port as before when it was stopped."""
        loop = asyncio.get_running_loop()
        made: Callable[[], asyncio.Protocol] = lambda: _Connection(self)  # noqa: E731
        self._server = await loop.create_server(
            made, "127.0.0.1", self.port, ssl=self.tls if self.implicit_tls else None
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut all connections and listen no more, as a server that crashes."""
        if self._server is not None:
            self._server.close()
        tasks = [each.work for each in self._connections if each.work is not None]
        for each in list(self._connections):
            if each.transport is not None:
                each.transport.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    def answer(self, stage: Stage, what: Act | str, times: int = 1_000_000) -> None:
        """What to do at a stage from now on: an answer such as `451 later`, or an act.

        `hang` says nothing, `close` cuts the line; `take-and-close` and `take-and-hang` (at `data`) keep the mail first.
        """
        self._plan[stage] = what
        self._times[stage] = times

    def refuse(self, recipient: str, answer: str) -> None:
        """Refuse one recipient."""
        self._refused[recipient] = answer

    async def wait_for(self, count: int, timeout_s: float = 10.0) -> list[SunkMail]:
        """The mails, as soon as there are so many.

        Raises:
            TimeoutError: they did not come in time.
        """
        async with asyncio.timeout(timeout_s):
            while len(self.mails) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return self.mails

    def with_id(self, message_id: str) -> list[SunkMail]:
        """All copies that came of one mail."""
        return [mail for mail in self.mails if mail.message_id == message_id.strip("<>")]

    def keep(self, envelope: Envelope) -> None:
        """Keep one mail."""
        content = envelope.original_content or b""
        self.mails.append(SunkMail((envelope.mail_from or "").strip("<>"), tuple(envelope.rcpt_tos), content))
        if self.folder is not None:
            (self.folder / f"{len(self.mails):06}.eml").write_bytes(content)
        self._arrived.set()

    def refusal_of(self, recipient: str) -> str | None:
        """What a recipient is refused with."""
        return self._refused.get(recipient)

    def planned(self, stage: Stage) -> str:
        """What to do now; counts down the times."""
        if self._times.get(stage, 0) <= 0:
            return "take"
        self._times[stage] -= 1
        return self._plan.get(stage, "take")


class _Connection(SMTP):
    def __init__(self, sink: SmtpSink) -> None:
        super().__init__(
            _Hooks(sink, self),
            hostname="sink.local",
            tls_context=None if sink.implicit_tls else sink.tls,
            auth_required=sink.login is not None,
            auth_require_tls=sink.tls is not None and not sink.implicit_tls,
            authenticator=_check_login if sink.login else None,
            data_size_limit=60 * 1024 * 1024,
            loop=asyncio.get_running_loop(),
        )
        self.sink = sink

    @property
    def work(self) -> asyncio.Task[None] | None:
        return self._handler_coroutine

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.sink._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.sink._connections.discard(self)

    async def _handle_client(self) -> None:
        self.sink.tries += 1
        planned = self.sink.planned("connect")
        if planned != "take":
            answer = await _act(planned, self)
            await self.push(answer)
            self._writer.close()
            return
        await super()._handle_client()


class _Hooks:
    def __init__(self, sink: SmtpSink, connection: _Connection) -> None:
        self._sink, self._connection = sink, connection

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = await _act(self._sink.planned("mail"), self._connection)
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._sink.refusal_of(address) or await _act(self._sink.planned("rcpt"), self._connection)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        planned = self._sink.planned("data")
        if planned.startswith("take"):
            self._sink.keep(envelope)
        return await _act(planned.removeprefix("take-and-"), self._connection)


async def _act(planned: str, connection: _Connection) -> str:
    """The answer; or silence until the other side gives up; or a cut line."""
    if planned == "take":
        return "250 OK"
    if planned == "hang":
        await asyncio.Event().wait()
    if planned == "close":
        if isinstance(connection.transport, asyncio.WriteTransport):
            connection.transport.abort()
        await asyncio.Event().wait()  # ends when the connection is seen to be lost
    return planned


def _check_login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    if not isinstance(server, _Connection) or not isinstance(data, LoginPassword) or server.sink.login is None:
        return AuthResult(success=False, handled=False)
    user, password = server.sink.login
    return AuthResult(success=data == LoginPassword(user.encode(), password.encode()), handled=False)
