"""Delivery status notifications (RFC 3464): one entry per recipient."""

from __future__ import annotations

import re
from typing import Any

from channels.email.headers import Headers, split
from channels.email.mime import Leaf
from channels.email.reports.returned import address_of
from channels.email.transfer import undo

TYPES = {"message/delivery-status", "message/global-delivery-status"}
MOST_RECIPIENTS = 50
_MOST_BYTES = 131_072
_GOOD = {"delivered", "relayed", "expanded"}
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


def entries(leaf: Leaf) -> list[dict[str, Any]]:
    """What happened to each recipient: `recipient action status permanent final diagnostic`.

    `final` is false while the far side goes on trying. At most 50 recipients are read.
    """
    data, _ = undo(leaf.data[:_MOST_BYTES], leaf.headers.text(b"content-transfer-encoding").lower())
    found: list[dict[str, Any]] = []
    at = 0
    for _ in range(MOST_RECIPIENTS + 1):  # the first block tells of the report, each later one of a recipient
        block, at = split(data, _after_blank(data, at))
        if entry := _entry(block):
            found.append(entry)
        if at >= len(data) or not block.fields:
            break
    return found[:MOST_RECIPIENTS]


def is_success(found: list[dict[str, Any]]) -> bool:
    """Whether the report says only that the mail arrived, or went on to a system that tells no more."""
    return bool(found) and all(entry["action"] in _GOOD for entry in found)


def _entry(block: Headers) -> dict[str, Any] | None:
    final, original = (address_of(block.text(name)) for name in (b"final-recipient", b"original-recipient"))
    if not final and not original:
        return None
    diagnostic = block.text(b"diagnostic-code").strip()[:500]
    action = block.text(b"action").lower().partition(" ")[0].partition(";")[0][:20]
    told = _STATUS.search(block.text(b"status")[:200]) or _STATUS.search(diagnostic)
    status = told[0] if told else ""
    permanent = status.startswith("5") if status else action == "failed"
    if action in _GOOD or action == "delayed":
        permanent = False
    entry: dict[str, Any] = {
        "recipient": final or original, "action": action, "status": status, "permanent": permanent,
        "final": action != "delayed", "diagnostic": diagnostic,
    }  # fmt: skip
    if original and final and original.lower() != final.lower():
        entry["original_recipient"] = original
    return entry


def _after_blank(data: bytes, at: int) -> int:
    while at < len(data) and data[at] in b" \t\r\n":
        at += 1
    return at
