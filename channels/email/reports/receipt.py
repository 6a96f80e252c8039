"""Read receipts (MDN, RFC 8098): what became of a mail at its reader's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from channels.email.headers import split
from channels.email.ids import read_ids
from channels.email.mime import Leaf
from channels.email.reports.returned import address_of
from channels.email.transfer import undo

_MOST_BYTES = 65_536
_KNOWN = {"displayed", "deleted", "dispatched", "processed", "denied", "failed"}


def receipt_of(leaves: Iterable[Leaf]) -> dict[str, Any] | None:
    """`disposition` (`displayed deleted dispatched processed denied failed` or as written), `recipient`, `original_id`."""
    for leaf in leaves:
        if leaf.type == "message/disposition-notification":
            data, _ = undo(leaf.data[:_MOST_BYTES], leaf.headers.text(b"content-transfer-encoding").lower())
            block, _ = split(data.lstrip())
            word = block.text(b"disposition").rpartition(";")[2].partition("/")[0].strip().lower()
            ids = read_ids(block.raw(b"original-message-id"))
            return {
                "disposition": word if word in _KNOWN else word[:40] or "unknown",
                "recipient": address_of(block.text(b"final-recipient") or block.text(b"original-recipient")) or None,
                "original_id": ids[0] if ids else None,
            }
    return None
