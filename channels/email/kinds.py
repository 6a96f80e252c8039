"""What a mail is, by its structure: written by a person, or a bounce, an automatic answer, an invitation, a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from channels.email.headers import Headers, split
from channels.email.mime import Leaf

_DAEMONS = ("mailer-daemon@", "postmaster@", "mail-daemon@")
_FAILURES = ("undeliver", "delivery status notification", "delivery failure", "returned mail", "failure notice",
             "mail delivery failed", "退信", "投递失败")  # fmt: skip
_AUTO_SUBJECTS = ("automatic reply:", "auto-reply:", "out of office:", "自动回复:", "自动回复：")
_BULK = ("bulk", "list", "junk", "auto_reply")


def kind_of(
    headers: Headers, leaves: Sequence[Leaf], containers: set[str], mail_from: str | None, sender: str, subject: str
) -> tuple[str, bool]:
    """The kind (`normal bounce auto_reply calendar report`), and whether a machine made it.

    Args:
        mail_from: the envelope sender; empty for reports and bounces, None when not known.
        sender: the address of `From`.
    """
    types = {leaf.type for leaf in leaves}
    low = subject.lower()
    if "message/delivery-status" in types or "report:delivery-status" in containers:
        return "bounce", True
    if sender.lower().startswith(_DAEMONS) and any(word in low for word in _FAILURES):
        return "bounce", True
    if "report:disposition-notification" in containers or "report:feedback-report" in containers:
        return "report", True
    submitted = next(iter(headers.text(b"auto-submitted").lower().replace(";", " ").split()), "")
    precedence = headers.text(b"precedence").lower().strip()
    replied = submitted == "auto-replied" or precedence == "auto_reply" or low.startswith(_AUTO_SUBJECTS)
    if replied or b"x-autoreply" in headers.fields or b"x-autorespond" in headers.fields:
        return "auto_reply", True
    automatic = (
        submitted not in {"", "no"}
        or precedence in _BULK
        or b"x-auto-response-suppress" in headers.fields
        or b"list-id" in headers.fields
        or mail_from == ""
        or _empty_return_path(headers)
    )
    invited = any(leaf.type == "text/calendar" and leaf.disposition != "attachment" for leaf in leaves)
    return "calendar" if invited else "normal", automatic


def bounce_of(leaves: Sequence[Leaf]) -> dict[str, Any] | None:
    """Who could not be reached and why, from the machine-readable part (RFC 3464); None when there is none."""
    for leaf in leaves:
        if leaf.type == "message/delivery-status":
            return _failed_recipient(leaf.data[:65_536])
    return None


def _failed_recipient(data: bytes) -> dict[str, Any] | None:
    at = 0
    for _ in range(50):  # the first block tells of the report, each later one of a recipient
        block, at = split(data, _after_blank(data, at))
        who = block.text(b"final-recipient") or block.text(b"original-recipient")
        if who:
            status = block.text(b"status").split(" ", 1)[0][:20]
            permanent = status.startswith("5") or (not status and block.text(b"action").lower() == "failed")
            return {"recipient": who.rpartition(";")[2].strip()[:320], "status": status, "permanent": permanent}
        if at >= len(data) or not block.fields:
            return None
    return None


def _after_blank(data: bytes, at: int) -> int:
    while at < len(data) and data[at] in b" \t\r\n":
        at += 1
    return at


def _empty_return_path(headers: Headers) -> bool:
    return headers.raw(b"return-path").strip() == b"<>"
