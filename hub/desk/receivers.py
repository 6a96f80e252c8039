"""Who a message of ours goes to: what people type, in the normal form of the channel. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parseaddr

from crm_core.ground.addresses import mail_key, phone_key
from crm_core.ground.errors import FieldError, Invalid
from hub.model.address import Address

_BY_PHONE = frozenset({"sms", "telephony"})


def read_receivers(written: Sequence[str], channel: str, region: str, field: str = "to") -> tuple[Address, ...]:
    """The addresses, each once, in order.

    Args:
        written: `Ada <ada@example.com>`, `010-8888 1234`, or an address key as the API shows it.
        channel: decides what an address looks like.
        region: the ISO 3166 country that national phone numbers belong to.

    Raises:
        Invalid: naming each place that cannot be read.
    """
    found: dict[str, Address] = {}
    wrong: list[FieldError] = []
    for place, text in enumerate(written):
        address = _read(text.strip(), channel, region)
        if address is None:
            wrong.append(
                FieldError(
                    f"{field}.{place}",
                    "address",
                    f"not an address of the channel {channel}",
                    {"rule": "channel-address"},
                )
            )
        else:
            found.setdefault(address.key, address)
    if wrong:
        raise Invalid(f"{wrong[0].path}: {wrong[0].detail}", fields=tuple(wrong))
    return tuple(found.values())


def _read(text: str, channel: str, region: str) -> Address | None:
    if channel == "email":
        name, address = parseaddr(text.removeprefix("mail:"))
        key = mail_key(address)
        return Address(key, name[:200]) if key else None
    if channel in _BY_PHONE:
        key = phone_key(text.removeprefix("phone:"), region)
        return Address(key) if key else None
    if not text or any(ord(c) < 32 for c in text):
        return None
    return Address(text if text.startswith(("im:", "user:", "raw:")) else f"raw:{text}")
