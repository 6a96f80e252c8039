"""Sends on what rules want forwarded: a durable reader of the stream, through the outbox, within the caps.

The rule acted inside the commit; the mail itself is written here, because it needs an id of the sending account. The
key of the draft (`forward:MESSAGE:ADDRESS`) makes a repeat the same message.
"""

from __future__ import annotations

import logging

from crm_core.ground.addresses import mail_key
from crm_core.ground.errors import Invalid, MainstemError
from hub.desk.auto_sending import AutoSending
from hub.errors import Poisoned
from hub.model.address import Address
from hub.model.draft import Draft
from hub.readers import Reader
from hub.store.client import Database, Doc
from hub.store.collections import MESSAGES

log = logging.getLogger(__name__)


class Forwards:
    """Hears `hub.forward-asked`."""

    def __init__(self, db: Database, sending: AutoSending) -> None:
        self._db = db
        self._sending = sending

    def reader(self) -> Reader:
        """For `Readers.run`."""
        return Reader("forwards", frozenset({"hub.forward-asked"}), self.handle)

    async def handle(self, events: list[Doc]) -> None:
        """Forward each message to whom its rules name. What is refused for good is logged, and goes on."""
        for event in events:
            message = await self._db[MESSAGES].find_one({"_id": event["data"]["message"]})
            if message is None or message.get("removed"):
                continue
            for asked in event["data"]["forward"]:
                try:
                    await self._forward(message, asked["to"], asked["rule"])
                except (Invalid, Poisoned) as error:
                    self._refused(message, asked, error)

    async def _forward(self, message: Doc, to: str, rule: str) -> None:
        key = mail_key(to)
        if key is None:
            raise Invalid(f"{to!r} is no mail address")
        draft = Draft(
            conversation=message["conversation"],
            author="system",
            author_name=message["author"]["name"] or message["author"]["address"],
            text=forwarded_text(message),
            subject=f"Fwd: {message['subject']}"[:1000],
            to=(Address(key),),
            files=tuple(file["id"] for file in message["attachments"]),
            client_id=f"forward:{message['_id']}:{to}",
            account=message["account"],
            automatic=True,
            apart=True,
        )
        refused = await self._sending.send(draft, answers=message)
        if refused:
            log.warning("not forwarded", extra={"message_id": message["_id"], "rule": rule, "reason": refused})

    def _refused(self, message: Doc, asked: Doc, error: MainstemError) -> None:
        facts = {"message_id": message["_id"], "rule": asked["rule"], "reason": str(error)}
        log.warning("not forwarded", extra=facts)


def forwarded_text(message: Doc) -> str:
    """The mail below a head that says whose it is, as mail programs forward."""
    author = message["author"]
    head = [
        "---------- Forwarded message ----------",
        f"From: {author['name']} <{author['address']}>",
        f"Date: {message['at']:%Y-%m-%d %H:%M} UTC",
        f"Subject: {message['subject']}",
        f"To: {', '.join(party['address'] for party in message['to'][:20])}",
        "",
    ]
    return "\n".join([*head, message.get("full_text") or message["text"]])
