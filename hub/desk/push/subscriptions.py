"""Which browsers a person may be reached at. A subscription lives with the sign-in that made it. (S2.1.2)"""

from __future__ import annotations

import hashlib
from datetime import datetime
from urllib.parse import urlsplit

from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, FieldError, Invalid, NotFound
from hub.desk.parameters import BROWSER_PUSH, Parameters
from hub.desk.push.encryption import AUTH_BYTES, browser_key, from_url_text
from hub.desk.push.vapid import Vapid
from hub.identity.caller import Caller
from hub.settings import PushSettings
from hub.store.client import Database, Doc
from hub.store.push_collections import PUSH_SUBSCRIPTIONS
from hub.vault import Vault

MOST = 10
"""Browsers of one person; the one that was added first gives way."""


class SubscriptionOut(TypedDict):
    """A browser that may be woken. `host`: of its push service; `current`: it was added under this very sign-in."""

    id: str
    host: str
    made_at: datetime
    current: bool


class PushOut(TypedDict):
    """Whether the house lets push services be used, the key for `applicationServerKey`, and my browsers."""

    enabled: bool
    public_key: str
    items: list[SubscriptionOut]


class Subscriptions:
    """Adds, lists and forgets browsers."""

    def __init__(
        self, db: Database, parameters: Parameters, vault: Vault, vapid: Vapid, settings: PushSettings
    ) -> None:
        self._db, self._kept, self._parameters = db, db[PUSH_SUBSCRIPTIONS], parameters
        self._vault, self._vapid, self._settings = vault, vapid, settings

    async def show(self, who: Caller) -> PushOut:
        """The caller's own."""
        found = self._kept.find({"user": who.user}).sort("made_at", -1).limit(MOST)
        return PushOut(
            enabled=await self._parameters.on(BROWSER_PUSH),
            public_key=self._vapid.public_key,
            items=[_out(doc, who) async for doc in found],
        )

    async def add(
        self, who: Caller, endpoint: str, p256dh: str, auth: str, expires_at: datetime | None
    ) -> SubscriptionOut:
        """Add this browser, or put it under the present sign-in; raises `Invalid`, `Conflict` where the house is off."""
        if not await self._parameters.on(BROWSER_PUSH):
            raise Conflict("browser push is switched off in this house")
        self._check(endpoint, p256dh, auth)
        doc: Doc = {
            "user": who.user,
            "sign_in": who.sign_in,
            "endpoint": endpoint,
            "p256dh": p256dh,
            "auth": self._vault.seal(auth),
            "expires_at": expires_at,
            "made_at": now(),
        }
        name = hashlib.sha256(endpoint.encode()).hexdigest()
        await self._kept.replace_one({"_id": name}, doc, upsert=True)
        surplus = await self._kept.find({"user": who.user}, {"_id": 1}).sort("made_at", -1).skip(MOST).to_list()
        await self._kept.delete_many({"_id": {"$in": [each["_id"] for each in surplus]}})
        return _out({"_id": name} | doc, who)

    async def remove(self, who: Caller, subscription: str) -> None:
        """Wake this browser no more; raises `NotFound`."""
        gone = await self._kept.delete_one({"_id": subscription, "user": who.user})
        if not gone.deleted_count:
            raise NotFound("there is no such subscription")

    def _check(self, endpoint: str, p256dh: str, auth: str) -> None:
        wrong = []
        if said := wrong_endpoint(endpoint, self._settings):
            wrong.append(FieldError("endpoint", "address", said))
        try:
            browser_key(from_url_text(p256dh))
        except ValueError:
            wrong.append(FieldError("keys.p256dh", "key", "a point of the curve P-256, in base64url"))
        if not _is_secret(auth):
            wrong.append(FieldError("keys.auth", "key", f"{AUTH_BYTES} bytes, in base64url"))
        if wrong:
            raise Invalid("; ".join(f"{each.path}: {each.detail}" for each in wrong), fields=tuple(wrong))


def wrong_endpoint(endpoint: str, settings: PushSettings) -> str | None:
    """Why this is no address of a push service that may be used; None when it is one. Pure."""
    try:
        parts = urlsplit(endpoint)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "no address"
    if parts.scheme != "https" or not host or parts.username is not None or parts.password is not None:
        return "an address that begins with https:// and names a host"
    if not any(host == known or (known.startswith(".") and host.endswith(known)) for known in settings.hosts):
        return f"{host} is not among the push services that this house uses"
    return None if port in (None, 443) or settings.inside else "only the usual port of https"


def _is_secret(auth: str) -> bool:
    try:
        return len(from_url_text(auth)) == AUTH_BYTES
    except ValueError:
        return False


def _out(doc: Doc, who: Caller) -> SubscriptionOut:
    return SubscriptionOut(
        id=doc["_id"],
        host=urlsplit(doc["endpoint"]).hostname or "",
        made_at=doc["made_at"],
        current=not who.by_token and doc["sign_in"] == who.sign_in,
    )
