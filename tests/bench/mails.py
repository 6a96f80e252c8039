"""The mails of the benchmarks of mail: half of them begin a conversation, half answer one."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from tests.bench.texts import Writer, customer_address, customer_name

_APART = 401


def make_mails(count: int) -> tuple[list[tuple[str, bytes]], int]:
    """So many mails, each with its sender, and how many conversations they are."""
    writer, answers = Writer(2), 0
    mails: list[tuple[str, bytes]] = []
    for number in range(count):
        begun = number - _APART if number % 2 and number > _APART else number
        answers += begun != number
        piece, sender = writer.piece(), customer_address(begun // 2 % 5000)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"{customer_name(begun // 2 % 5000)} <{sender}>"
        mail["To"] = "support@demo.local"
        mail["Subject"] = piece.subject if begun == number else f"Re: {piece.subject}"
        mail["Date"] = "Mon, 02 Nov 2026 09:30:00 +0800"
        mail["Message-ID"] = f"<{number}@mail.example>"
        if begun != number:
            mail["In-Reply-To"] = mail["References"] = f"<{begun}@mail.example>"
        mail.set_content(piece.text)
        mails.append((sender, bytes(mail)))
    return mails, count - answers
