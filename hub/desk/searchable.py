"""What of a message or conversation can be found. One place, read by the index and by whoever checks a hit."""

from __future__ import annotations

from typing import Literal

from hub.store.client import Doc

Kind = Literal["message", "conversation", "record"]
KINDS: tuple[Kind, ...] = ("message", "conversation", "record")
_MOST_NAMES = 50


def message_texts(message: Doc) -> list[str]:
    """Best first: what a snippet is cut from. Of a removed message nothing is found."""
    if message.get("removed"):
        return []
    author = message["author"]
    return [
        message["text"],
        message["subject"],
        f"{author['name']} {author['address']}",
        *(file["name"] for file in message["attachments"][:_MOST_NAMES]),
    ]


def conversation_texts(conversation: Doc) -> list[str]:
    """Subject, people, tags and the labels of records."""
    return [
        conversation["subject"],
        *(f"{party['name']} {party['address']}" for party in conversation["parties"][:_MOST_NAMES]),
        " ".join(conversation["tags"]),
        *(record["label"] for record in conversation["records"][:_MOST_NAMES]),
    ]


def order(seq: int, kind: Kind) -> int:
    """The place in the order of hits: by the stream, and no two the same, so that a cursor loses none."""
    return seq * 4 + KINDS.index(kind)
