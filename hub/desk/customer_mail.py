"""All mail exchanged with a customer: of every address of every contact, both ways, from before and after the contact
was known. (S2.3.1-12)"""

from __future__ import annotations

import heapq
from itertools import islice

from crm_core.ground.errors import NotFound
from hub.desk.ports import MayReadRecord
from hub.feed.rooms import may_see_conversations
from hub.identity.caller import Caller
from hub.model.message import MessageOut, message_hint
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS, MESSAGES

_AT_ONCE = 100
"""Conversations whose messages are merged in one go: each is a run of the index (conversation, seq)."""
_MOST_CONVERSATIONS = 5000
_MOST_ADDRESSES = 5000
_TIME_MS = 3000


class CustomerMail:
    """Mails with a customer, newest first, with the caller's eyes."""

    def __init__(self, db: Database, records: MayReadRecord) -> None:
        self._db = db
        self._records = records

    async def page(
        self, caller: Caller, customer: str, *, limit: int, before: int | None, channel: str | None
    ) -> list[MessageOut]:
        """At most `limit` messages before a place in the stream; of long texts the beginning.

        A message counts when the customer, or one of its contacts, wrote it or received it: of a conversation that two
        customers share each gets its own.

        Raises:
            NotFound: there is no such customer for this caller.
        """
        if customer not in await self._records.readable(caller, "customer", [customer]):
            raise NotFound("there is no such customer", record=customer)
        addresses = await self._addresses(customer)
        found: list[Doc] = []
        conversations = await self._conversations(caller, customer)
        for start in range(0, len(conversations), _AT_ONCE):
            pack = conversations[start : start + _AT_ONCE]
            if len(found) == limit and found[-1]["seq"] > pack[0]["last_seq"]:
                break  # whatever is in the others is older
            more = await self._messages([doc["_id"] for doc in pack], addresses, limit, before, channel)
            found = list(islice(heapq.merge(found, more, key=lambda doc: -int(doc["seq"])), limit))
        return [message_hint(doc) for doc in found]

    async def _addresses(self, customer: str) -> list[str]:
        """The addresses as messages show them: keys without their kind."""
        own = await self._db["record_customer"].find_one({"_id": customer}, {"addresses": 1})
        keys = list((own or {}).get("addresses") or [])
        contacts = self._db["record_contact"].find({"customer": customer}, {"addresses": 1}).limit(_MOST_ADDRESSES)
        async for contact in contacts:
            keys += contact.get("addresses") or []
        return list(dict.fromkeys(key.split(":", 1)[1] for key in keys))[:_MOST_ADDRESSES]

    async def _conversations(self, caller: Caller, customer: str) -> list[Doc]:
        where = {"$and": [{"links": f"customer:{customer}"}, may_see_conversations(caller)]}
        found = self._db[CONVERSATIONS].find(where, {"last_seq": 1}, hint=[("links", 1)], max_time_ms=_TIME_MS)
        return await found.sort("last_seq", -1).limit(_MOST_CONVERSATIONS).to_list()

    async def _messages(
        self, conversations: list[str], addresses: list[str], limit: int, before: int | None, channel: str | None
    ) -> list[Doc]:
        among = {"$in": addresses}
        where: Doc = {
            "conversation": {"$in": conversations},
            "direction": {"$in": ["inbound", "outbound"]},
            "removed": {"$exists": False},
            "$or": [{f"{who}.address": among} for who in ("author", "to", "cc", "bcc")],
        }
        where |= {"seq": {"$lt": before}} if before is not None else {}
        where |= {"channel": channel} if channel else {}
        found = self._db[MESSAGES].find(
            where, {"full_text": 0}, hint=[("conversation", 1), ("seq", -1)], max_time_ms=_TIME_MS
        )
        return await found.sort("seq", -1).limit(limit).to_list()
