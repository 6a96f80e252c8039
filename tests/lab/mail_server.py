"""What the lab's mail servers have in common: mail comes in by LMTP and is read by IMAP."""

from __future__ import annotations

import asyncio
import smtplib
import time
from collections.abc import Iterable
from imaplib import IMAP4

from typing_extensions import override

from tests.lab.server import LabServer

PASSWORD = "secret"


class MailServer(LabServer):
    """One server on loopback: ready when IMAP and LMTP answer."""

    imap: int
    lmtp: int

    async def restart(self, kill: bool = False) -> None:
        """Stop and start, beside the loop."""
        await asyncio.to_thread(self.stop, kill=kill)
        await asyncio.to_thread(self.start)

    def deliver(self, mails: Iterable[bytes], user: str = "support") -> None:
        """Hand mails in by LMTP, each until it is taken, as a mail server would."""
        waiting = list(mails)
        limit = time.monotonic() + 60
        while waiting:
            try:
                with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
                    while waiting:
                        lmtp.sendmail("ada@example.com", [self._mailbox(user)], waiting[0])
                        waiting.pop(0)
            except (OSError, smtplib.SMTPException):
                assert time.monotonic() < limit, "LMTP does not take mail"
                time.sleep(0.1)

    def imap_client(self, user: str = "support") -> IMAP4:
        """Another mail program, signed in."""
        client = IMAP4("127.0.0.1", self.imap)
        client.login(user, PASSWORD)
        return client

    def _mailbox(self, user: str) -> str:
        """Under which name LMTP knows somebody."""
        return user

    @override
    def _answers(self) -> bool:
        try:
            IMAP4("127.0.0.1", self.imap, timeout=5).logout()
            smtplib.LMTP("127.0.0.1", self.lmtp).quit()
        except (OSError, IMAP4.error, smtplib.SMTPException):
            return False
        return True
