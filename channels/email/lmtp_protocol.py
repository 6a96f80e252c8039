"""The door's side of one LMTP connection (RFC 2033): how a mail server of one's own hands over what is for us.

It differs from SMTP in two things: it greets with LHLO, and each recipient of a mail gets an answer of their own.
"""

from __future__ import annotations

from aiosmtpd.smtp import syntax
from typing_extensions import override

from channels.email.smtp_protocol import DoorProtocol


class LmtpDoorProtocol(DoorProtocol):
    """One connection of a mail server that delivers."""

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802 - aiosmtpd finds commands by these names
        """Greet, and hear what the door can do."""
        await super().smtp_EHLO(arg)

    @override
    async def smtp_EHLO(self, hostname: str) -> None:
        await self._no_smtp()

    @override
    async def smtp_HELO(self, hostname: str) -> None:
        await self._no_smtp()

    @override
    async def _answer(self, answer: str, recipients: int) -> None:
        """One mail is one message here, so all of its recipients hear the same."""
        await self.push("\r\n".join([answer] * recipients))

    async def _no_smtp(self) -> None:
        await self.push("500 5.5.1 This is an LMTP door: greet with LHLO")
