"""Of a stored message, what a channel is asked to send."""

from __future__ import annotations

from crm_core.ground.addresses import mail_key, phone_key
from crm_core.ground.errors import NotFound
from hub.model.address import Address
from hub.model.delivery import Delivery, DeliveryFile
from hub.model.message import PARTS, FileOut, Party
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, MESSAGES
from hub.store.files import Files


async def load_delivery(db: Database, files: Files, message: str, attempt: int) -> Delivery:
    """The delivery of a message.

    Raises:
        NotFound: the message, or one of its files, is gone.
    """
    doc = await db[MESSAGES].find_one({"_id": message})
    if doc is None:
        raise NotFound("the message to be sent is gone", message=message)
    conversation = await db[CONVERSATIONS].find_one({"_id": doc["conversation"]}, {"party_keys": 1}) or {}
    keys = {key.split(":", 1)[1]: key for key in conversation.get("party_keys", ())}
    return Delivery(
        message=doc["_id"],
        conversation=doc["conversation"],
        account=doc["account"],
        external_id=doc["external_id"],
        author_name=doc["author"]["name"],
        to=tuple(address_of(party, keys) for party in doc["to"]),
        cc=tuple(address_of(party, keys) for party in doc["cc"]),
        subject=doc["subject"],
        text=doc["text"],
        html=doc["html"],
        files=tuple([await _file(files, about) for about in doc["attachments"]]),
        reply_to=doc["reply_to"],
        references=tuple(doc["references"]),
        at=doc["at"],
        attempt=attempt,
        automatic=doc["automatic"],
        parts=_parts(doc),
        correlation=doc["correlation"],
        bcc=tuple(address_of(party, keys) for party in doc.get("bcc", ())),
    )


def address_of(party: Party, keys: dict[str, str]) -> Address:
    """The address key of a party as a message shows it.

    Args:
        keys: address text -> key, of the parties of the conversation; an address that is not there (a long list of
            receivers) gets its key from its form.
    """
    text = party["address"]
    key = keys.get(text) or (mail_key(text) if "@" in text else phone_key(text)) or f"raw:{text}"
    return Address(key, party["name"])


async def _file(files: Files, about: FileOut) -> DeliveryFile:
    stored = await files.open(about["id"])
    content = b"".join([piece async for piece in stored.read()])
    cid = about.get("content_id") if about.get("inline") else None
    return DeliveryFile(name=about["name"], type=about["type"], content=content, content_id=cid)


def _parts(doc: Doc) -> dict[str, Doc]:
    return {part: doc[part] for part in PARTS if part in doc}
