"""One notice for one browser, as its push service takes it."""

from __future__ import annotations

from crm_core.ground.clock import now
from hub.desk.push.encryption import encrypted, from_url_text
from hub.desk.push.messages import push_content
from hub.desk.push.vapid import Vapid
from hub.identity.people import USERS
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS
from hub.vault import Vault

TTL_S = 4 * 3600
"""How long a push service keeps the message for a browser that is not there."""


class Parcels:
    """Makes headers and body."""

    def __init__(self, db: Database, vault: Vault, vapid: Vapid) -> None:
        self._db, self._vault, self._vapid = db, vault, vapid

    def headers(self, notice: Doc, browser: Doc) -> dict[str, str]:
        """Those of RFC 8030 and 8292.

        `Topic`: should the same be sent again after a crash, it takes the place of the first while that waits.
        """
        return {
            "TTL": str(TTL_S),
            "Urgency": "high" if notice["kind"] == "warning" else "normal",
            "Topic": notice["_id"],
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "Authorization": self._vapid.authorization(browser["endpoint"], now()),
        }

    async def body(self, notice: Doc, browser: Doc) -> bytes:
        """The encrypted content."""
        person = await self._db[USERS].find_one({"_id": notice["user"]}, {"locale": 1}) or {}
        content = push_content(notice, await self._title(notice), person.get("locale") or "zh")
        return encrypted(content, from_url_text(browser["p256dh"]), from_url_text(self._vault.open(browser["auth"])))

    async def _title(self, notice: Doc) -> str:
        """Of a conversation its subject only: a notice's own title may be the beginning of a message without one."""
        if (conversation := notice["about"].get("conversation")) is None:
            return str(notice["title"])
        found = await self._db[CONVERSATIONS].find_one({"_id": conversation}, {"subject": 1})
        return str((found or {}).get("subject") or "")
