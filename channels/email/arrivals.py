"""From kept raw input to an envelope: the parser's view of the mail, and what only the way it came by can tell."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from channels.email.account import EmailAccount
from channels.email.addressing import PURPOSE
from channels.email.authentication import authentication
from channels.email.headers import split
from channels.email.parse import Arrival, parse
from hub.channel import Inlet, Raw
from hub.model.envelope import Envelope

_LARGE = 32 * 1024
"""Bytes from which a mail is parsed beside the loop, so that a large one, or one made to be slow, holds up nobody."""


async def read(account: EmailAccount, raw: Raw, inlet: Inlet) -> Envelope:
    """The envelope of kept raw input."""
    came = raw.note.get("came_at")
    arrival = Arrival(
        at=came if isinstance(came, datetime) else raw.at,
        mail_from=raw.note.get("mail_from"),
        recipients=tuple(raw.note.get("recipients", ())),
        raw=raw.id or None,
        correlation=raw.correlation,
    )

    def check(token: str) -> str | None:
        return inlet.check(PURPOSE, token)

    if len(raw.content) < _LARGE:
        envelope = parse(raw.content, account, arrival, check)
    else:
        envelope = await asyncio.to_thread(parse, raw.content, account, arrival, check)
    if account.trusted_authserv_ids or account.trusted_hops or account.check_authentication:
        envelope.parts["mail"]["authentication"] = await authentication(account, raw, split(raw.content)[0])
    return from_mailbox(envelope, raw.note) if "place" in raw.note else envelope


def from_mailbox(envelope: Envelope, note: Mapping[str, Any]) -> Envelope:
    """What a mailbox knows of a mail: its place, whether it was read, whether we wrote it, whether it was too large."""
    mail = {**envelope.parts.get("mail", {}), "seen": bool(note.get("seen"))}
    envelope = replace(envelope, ledger=note["place"], parts={**envelope.parts, "mail": mail})
    if note.get("outbound"):
        envelope = replace(envelope, direction="outbound", queue=None)
    if size := note.get("left_there"):
        text = _too_large(size, note["limit"]) if note["limit"] else _REFUSED
        mail["broken"] = sorted({*mail.get("broken", ()), "too-large" if note["limit"] else "not-handed-out"})
        mail["size"] = size
        envelope = replace(envelope, text=text, full_text=text, html=None, attachments=())
    return envelope


_REFUSED = (
    "[The mail server lists this mail but does not hand out its content; only its headers are here.]\n"
    "[邮件服务器列出了这封邮件，但没有给出内容，这里只有邮件头。]"
)


def _too_large(size: int, limit: int) -> str:
    mega = 1024 * 1024
    return (
        f"[This mail of {size / mega:.1f} MB is larger than the {limit / mega:g} MB that this mailbox takes in. "
        "It was left on the mail server; only its headers are here.]\n"
        f"[这封邮件有 {size / mega:.1f} MB，超过了此邮箱 {limit / mega:g} MB 的上限。邮件仍在邮件服务器上，这里只有邮件头。]"
    )
