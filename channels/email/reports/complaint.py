"""Complaints: "this is spam", said by a reader and passed on by a provider (ARF, RFC 5965)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from channels.email.headers import Headers, split
from channels.email.mime import Leaf
from channels.email.reports.returned import address_of

_MOST_BYTES = 65_536
_FACTS = {
    "user_agent": b"user-agent", "source_ip": b"source-ip", "reported_domain": b"reported-domain", "mail_from": b"original-mail-from",
}  # fmt: skip
_READER = b"x-hmxmroriginalrecipient"
"""How Outlook.com names the reader in the mail that it returns; it writes no machine-readable part."""


def complaint_of(leaves: Iterable[Leaf], returned: Headers | None) -> dict[str, Any] | None:
    """`type` (`abuse fraud virus not-spam other`), `recipient` and what else is told; None when it is no complaint."""
    for leaf in leaves:
        if leaf.type == "message/feedback-report":
            block, _ = split(leaf.data[:_MOST_BYTES].lstrip())
            facts = {key: text for key, name in _FACTS.items() if (text := block.text(name)[:500])}
            reader = address_of(block.text(b"original-rcpt-to"))
            return {"type": block.text(b"feedback-type").lower()[:40] or "other", "recipient": reader or None} | facts
    if returned is not None and (reader := returned.text(_READER)):
        return {"type": "abuse", "recipient": address_of(reader)}
    return None
