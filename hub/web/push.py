"""Which of my browsers may be woken when I am told something."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from hub.desk.push.subscriptions import PushOut, SubscriptionOut, Subscriptions
from hub.identity.caller import Caller
from hub.web.may import SIGNED_IN
from hub.web.me import IN_PERSON
from hub.web.routes import Routes

routes = Routes("push")


class BrowserKeys(BaseModel):
    """Of the browser's subscription: its public key and its secret, in base64url."""

    model_config = ConfigDict(extra="forbid")

    p256dh: str = Field(min_length=80, max_length=100)
    auth: str = Field(min_length=16, max_length=40)


class NewSubscription(BaseModel):
    """What `PushSubscription.toJSON()` gives, with the end as a time."""

    model_config = ConfigDict(extra="forbid")

    endpoint: str = Field(min_length=10, max_length=1000)
    keys: BrowserKeys
    expires_at: AwareDatetime | None = None


@routes.get("/api/me/push", may=SIGNED_IN)
async def show_push(who: Caller, subscriptions: Subscriptions) -> PushOut:
    """Whether browser push is open, the key to subscribe with, and my browsers."""
    return await subscriptions.show(who)


@routes.post("/api/me/push", may=IN_PERSON, status=201)
async def add_subscription(body: NewSubscription, who: Caller, subscriptions: Subscriptions) -> SubscriptionOut:
    """Let this browser be woken, as long as this sign-in lasts; again is the same one."""
    ends: datetime | None = body.expires_at
    return await subscriptions.add(who, body.endpoint, body.keys.p256dh, body.keys.auth, ends)


@routes.delete("/api/me/push/{subscription}", may=IN_PERSON)
async def remove_subscription(
    subscription: Annotated[str, Field(min_length=1, max_length=64)], who: Caller, subscriptions: Subscriptions
) -> None:
    """Wake this browser no more."""
    await subscriptions.remove(who, subscription)
