"""Envelopes for tests of the stream."""

from __future__ import annotations

from typing import Any

from crm_core.ground.clock import now
from hub.model.address import Address
from hub.model.envelope import Envelope, ThreadKey

SUPPORT = "mail:support@demo.local"


def mail(
    message_id: str,
    sender: str,
    *,
    refers: tuple[str, ...] = (),
    cc: tuple[str, ...] = (),
    account: str = "support",
    **more: Any,
) -> Envelope:
    """A mail from `sender` to our support address."""
    keys = (ThreadKey("reference", message_id, own=True), *(ThreadKey("reference", r) for r in refers))
    values: dict[str, Any] = {
        "subject": f"About {message_id}",
        "text": f"Text of {message_id}",
        "to": (Address(SUPPORT),),
        "cc": tuple(Address(f"mail:{c}") for c in cc),
    }
    return Envelope(
        account=account,
        channel="email",
        external_id=message_id,
        sender=Address(f"mail:{sender}", sender.split("@", maxsplit=1)[0].title()),
        at=now(),
        thread_keys=keys,
        own_keys=frozenset({SUPPORT}),
        reply_to=refers[-1] if refers else None,
        **(values | more),
    )
