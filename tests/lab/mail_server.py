"""What the lab's mail servers have in common: mail comes in by LMTP, is read by IMAP, and they are stopped and started."""

from __future__ import annotations

import asyncio
import smtplib
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable
from imaplib import IMAP4

PASSWORD = "secret"


class MailServer(ABC):
    """One server on loopback."""

    imap: int
    lmtp: int

    @abstractmethod
    def start(self) -> None:
        """Start, and wait until IMAP and LMTP answer."""

    @abstractmethod
    def stop(self, kill: bool = False) -> None:
        """Stop all its processes; with `kill` as a crash does."""

    async def restart(self, kill: bool = False) -> None:
        """Stop and start, beside the loop."""
        await asyncio.to_thread(self.stop, kill)
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

    def _answers(self) -> bool:
        try:
            IMAP4("127.0.0.1", self.imap, timeout=5).logout()
            smtplib.LMTP("127.0.0.1", self.lmtp).quit()
        except (OSError, IMAP4.error, smtplib.SMTPException):
            return False
        return True
