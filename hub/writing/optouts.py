"""Who wants no mailings, and whose address cannot be reached: asked before each mailing, and kept by address.

The link in a mailing carries the address itself, signed: it needs no sign-in, never gets old and names nobody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound
from hub.store.client import Database, Doc
from hub.store.mail_collections import ADDRESS_FACTS
from hub.vault import Signer

PURPOSE = "unsubscribe"
PATH = "/hooks/unsubscribe/"
Reason = Literal["opted_out", "bounced"]


class OptOuts:
    """Reads and writes what is known of addresses, as far as mailings care."""

    def __init__(self, db: Database, signer: Signer, public_url: str) -> None:
        self._facts = db[ADDRESS_FACTS]
        self._signer = signer
        self._base = public_url.rstrip("/")

    def link(self, key: str) -> str:
        """Where the owner of an address gets out of mailings."""
        return f"{self._base}{PATH}{self._signer.sign(PURPOSE, key)}"

    def address_in(self, token: str) -> str:
        """The address key of a genuine token.

        Raises:
            NotFound: the token is not one of ours.
        """
        key = self._signer.check(PURPOSE, token)
        if key is None:
            raise NotFound("this link is not genuine; copy it whole from the mail")
        return key

    async def is_out(self, key: str) -> bool:
        """Whether the owner said so."""
        found = await self._facts.find_one({"_id": key}, {"opted_out": 1})
        return bool(found and found.get("opted_out"))

    async def take_out(self, key: str, by: str) -> None:
        """No more mailings to this address; saying so twice changes nothing. `by`: `link`, or a user id."""
        first = {"$ifNull": ["$opted_out", {"at": now(), "by": by}]}
        await self._facts.update_one({"_id": key}, [{"$set": {"opted_out": first}}], upsert=True)

    async def take_in(self, key: str) -> None:
        """The owner wants mailings again."""
        await self._facts.update_one({"_id": key}, {"$set": {"opted_out": None}})

    async def barred(self, keys: Sequence[str]) -> dict[str, Reason]:
        """Those of the addresses that no mailing may go to, and why."""
        found: dict[str, Reason] = {}
        async for doc in self._facts.find({"_id": {"$in": list(keys)}}):
            if reason := _reason(doc):
                found[doc["_id"]] = reason
        return found


def _reason(doc: Doc) -> Reason | None:
    if doc.get("opted_out") or doc.get("complained"):
        return "opted_out"
    return "bounced" if doc.get("undeliverable") else None
