"""Parts that hold something to be read out: Outlook's winmail.dat, invitations, address cards, Apple's doubles."""

from __future__ import annotations

from mimetypes import guess_type

from channels.email import tnef
from channels.email.charsets import decode
from channels.email.content import Block, Content
from channels.email.files import file_name
from channels.email.html import sanitise
from channels.email.mime import Leaf
from channels.email.reports import cards, invitation
from hub.model.envelope import Attachment

_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef", "application/x-tnef"}
_MOST_CARD_BYTES = 1_048_576


def take(leaf: Leaf, data: bytes, content: Content) -> bool:
    """Read out what the part holds; True when nothing of it is left to be a file."""
    name = leaf.name.lower()
    if leaf.type in _TNEF or name == "winmail.dat":
        return _take_tnef(data, content)
    if leaf.type in invitation.TYPES or name.endswith(".ics"):
        _take_invitation(leaf, data, content)
    elif leaf.type in cards.TYPES or name.endswith(".vcf"):
        found = cards.cards_in(_text(leaf, data))
        if found:
            known = content.facts.setdefault("vcards", [])
            known.extend(found[: cards.MOST_CARDS - len(known)])
    # the resource fork of a file for old Macs; the file itself stands beside it, and the raw mail keeps both
    return leaf.type == "application/applefile" and leaf.inside == "multipart/appledouble"


def named_file(name: str, data: bytes, kind: str = "", content_id: str = "") -> Attachment:
    """A file whose type only its name tells."""
    kind = kind if "/" in kind else guess_type(name)[0] or "application/octet-stream"
    return Attachment(
        name=file_name(name, kind, data),
        type=kind,
        content=data,
        content_id=content_id or None,
        inline=bool(content_id),
    )


def _take_tnef(data: bytes, content: Content) -> bool:
    packed = tnef.opened(data)
    if packed is None:
        content.wrong.add("bad-tnef")
        return False
    if packed.cut:
        content.wrong.add("bad-tnef")
    content.attachments.extend(named_file(file.name, file.content, file.type, file.content_id) for file in packed.files)
    if not any(block.as_text().strip() for block in content.blocks):
        safe = sanitise(packed.html) if packed.html else None
        if packed.text.strip() or safe:
            content.blocks.append(Block([packed.text] if packed.text.strip() else [], [safe] if safe else []))
    return not packed.cut


def _take_invitation(leaf: Leaf, data: bytes, content: Content) -> None:
    found = invitation.invitation_in(_text(leaf, data), leaf.parameters.get("method", ""))
    if found is not None:
        content.facts.setdefault("calendar", found)


def _text(leaf: Leaf, data: bytes) -> str:
    return decode(data[:_MOST_CARD_BYTES], leaf.parameters.get("charset") or None)[0]
