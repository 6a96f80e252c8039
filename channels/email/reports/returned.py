"""Which of our mails a report speaks of: the Message-ID in the returned mail, its headers, or the text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from channels.email.headers import Headers, split
from channels.email.ids import read_ids
from channels.email.mime import Leaf
from channels.email.transfer import undo
from channels.email.words import eight_bit

_RETURNED = {"message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers", "message/partial"}  # fmt: skip
_MOST_BYTES = 65_536
_IN_TEXT = re.compile(r"^[ \t>]{0,8}Message-ID:\s{0,8}(<[^<>\s]{1,998}>)", re.IGNORECASE | re.MULTILINE)
_ORIGINAL = (
    b"original-message-id",
    b"x-original-message-id",
    b"x-ms-exchange-original-message-id",
    b"x-failed-message-id",
)


def returned_headers(leaves: Iterable[Leaf]) -> Headers | None:
    """The header block of the mail that came back, where it was attached."""
    for leaf in leaves:
        if leaf.type in _RETURNED:
            data, _ = undo(leaf.data[: 2 * _MOST_BYTES], leaf.headers.text(b"content-transfer-encoding").lower())
            return split(data[:_MOST_BYTES].lstrip())[0]
    return None


def original_id(headers: Headers, returned: Headers | None, text: str) -> str | None:
    """The id of the mail that a report is about; None where nothing tells it.

    Args:
        headers: of the report itself.
        text: the report's own words, which in old systems include the returned mail.
    """
    for block in (returned, headers):
        for name in (b"message-id",) if block is returned else _ORIGINAL:
            if block is not None and (ids := read_ids(block.raw(name))):
                return ids[0]
    if found := _IN_TEXT.search(text[: 2 * _MOST_BYTES]):
        return next(iter(read_ids(found[1].encode("utf-8", "replace"))), None)
    answered = read_ids(headers.raw(b"in-reply-to")) or read_ids(headers.all(b"references"))[-1:]
    return answered[0] if answered else None


def address_of(value: str) -> str:
    """`rfc822; bob@example.com` as an address."""
    return value.rpartition(";")[2].strip().strip("<>")[:320]


def line_of(data: bytes) -> str:
    """Some bytes of a report as one readable line."""
    return " ".join(eight_bit(data[:2000]).split())[:500]
