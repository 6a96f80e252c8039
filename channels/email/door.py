"""The door, SMTP or LMTP: mail comes in here, and is acknowledged only when it is in the stream.

It takes mail for the account's own addresses and relays nothing. Whatever goes wrong before the commit is answered
with 4xx, so that the sender keeps the mail and comes again; a second delivery of the same mail is the same message.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiosmtpd.smtp import Envelope, Session

from channels.email.account import EmailAccount
from channels.email.lmtp_protocol import LmtpDoorProtocol
from channels.email.smtp_protocol import Busy, DoorProtocol
from crm_core.ground.errors import MainstemError
from hub.channel import Inlet, Raw
from hub.errors import Permanent, Poisoned, Transient

log = logging.getLogger(__name__)

MOST_RECIPIENTS = 1000
"""Of one SMTP transaction; RFC 5321 asks for at least 100."""
_DRAIN_S = 5.0
_HELD_MAILS = 4
"""The memory for mails on their way in is this many of the largest size, for all connections together."""

logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd logs each command, addresses included


class Door:
    """One listening server in the hub's own loop.

    Args:
        replay: makes messages of raw input.
    """

    def __init__(self, account: EmailAccount, inlet: Inlet, replay: Callable[[Raw], Awaitable[None]]) -> None:
        self.account = account
        self.connections: set[DoorProtocol] = set()
        self.held = 0
        """Bytes of unfinished mails, over all connections."""
        self.most_held = max(account.size_limit * _HELD_MAILS, 64 * 1024 * 1024)
        self._inlet = inlet
        self._replay = replay
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        """Begin to listen; returns the port.

        Raises:
            Transient: the port is taken.
            Permanent: the certificate cannot be used.
        """
        context = _context(self.account)
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: self._protocol(context), self.account.door_host, self.account.door_port
            )
        except OSError as error:
            where = f"{self.account.door_host}:{self.account.door_port}"
            raise Transient(f"the mail door cannot listen on {where}: {error.strerror or error}") from error
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Listen no more, let mails that are being taken finish (5 seconds at most), then cut the rest."""
        if self._server is not None:
            self._server.close()
        work = {connection: connection.work for connection in self.connections}
        for connection in list(work):
            if not connection.receiving and connection.transport is not None:
                connection.transport.close()
        tasks = [task for task in work.values() if task is not None]
        if not tasks:
            return
        busy = [task for connection, task in work.items() if connection.receiving and task is not None]
        if busy:
            await asyncio.wait(busy, timeout=_DRAIN_S)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_DRAIN_S)

    def _protocol(self, context: ssl.SSLContext | None) -> asyncio.Protocol:
        if len(self.connections) >= self.account.door_connections:
            return Busy()
        spoken = LmtpDoorProtocol if self.account.door_protocol == "lmtp" else DoorProtocol
        return spoken(self, context)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd finds its hooks by these names
        self, server: DoorProtocol, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer to take commands in one go (RFC 2920): mail servers then need two round trips for a mail, not four."""
        session.host_name = hostname
        offered = [each for each in responses[:-1] if not each.startswith("250-AUTH")]  # nobody signs in here
        return [*offered, "250-PIPELINING", responses[-1]]

    async def handle_RCPT(  # noqa: N802
        self, server: DoorProtocol, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Own addresses only: this door is no relay."""
        if not self.account.owns(address):
            return "550 5.1.1 No such mailbox here"
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def take(self, content: bytes, envelope: Envelope, session: Session | None) -> str:
        """Put the mail into the stream, with its raw form, and only then say so: until then the sender keeps it."""
        raw = await self._inlet.take_raw(content, note=_note(envelope, session))
        try:
            await self._replay(raw)
        except Poisoned as error:
            # It stands in quarantine with its raw input, visible to people: sending it again would change nothing.
            log.warning(
                "mail went to quarantine", extra={"account": self.account.id, "raw": raw.id, "reason": str(error)}
            )
        return f"250 2.0.0 OK {raw.id}"

    async def handle_exception(self, error: Exception) -> str:
        """Whatever went wrong, the sender keeps the mail and tries again."""
        facts = {"account": self.account.id, "reason": f"{type(error).__name__}: {error}"}
        if isinstance(error, MainstemError | OSError):
            log.warning("mail put off", extra=facts)
        else:
            log.error("mail put off by a fault", exc_info=error, extra=facts)
        return "451 4.3.0 Not stored, try again later"


def _note(envelope: Envelope, session: Session | None) -> Mapping[str, Any]:
    """What the envelope says and the mail does not."""
    peer: object = session.peer if session else None
    sender = (envelope.mail_from or "").strip("<>")
    return {
        "mail_from": _storable(sender),
        "recipients": [_storable(each) for each in envelope.rcpt_tos],
        "peer": str(peer[0]) if isinstance(peer, tuple) else str(peer or ""),
        "tls": session is not None and session.ssl is not None,
    }


def _storable(address: str) -> str:
    """SMTP arguments may hold any bytes; the store takes only text."""
    return address.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _context(account: EmailAccount) -> ssl.SSLContext | None:
    if account.door_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(account.door_certificate, account.door_key)
    except (OSError, ssl.SSLError) as error:
        raise Permanent(f"the certificate of the mail door cannot be read: {error}") from error
    return context
