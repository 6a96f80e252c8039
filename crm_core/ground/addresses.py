"""The normal form of phone numbers, mail and IM addresses: how the stream finds out who somebody is.

An *address key* is one string, `kind:value`, indexed on contacts and users:
`mail:ada@example.com`, `phone:+8613812345678`, `im:wechat:ada`, `user:ID`.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers

DEFAULT_REGION = "CN"
_LONGEST_MAIL = 320
_UNFIT = re.compile(r"[\s\x00-\x1f]")


def mail_key(address: str) -> str | None:
    """The key of a mail address, or None when the text is none.

    Lower case throughout: RFC 5321 lets a local part be case-sensitive, but no customer's is in practice.
    """
    text = address if address.isascii() else unicodedata.normalize("NFC", address)
    text = text.strip().strip("<>").strip().lower()
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or len(text) > _LONGEST_MAIL or _UNFIT.search(text):
        return None
    return f"mail:{local}@{domain.rstrip('.')}"


def phone_key(number: str, region: str = DEFAULT_REGION) -> str | None:
    """The key of a phone number in E.164 (ITU-T), or None when it cannot be one.

    Args:
        number: any spelling (`010-8888 1234`, `+86 10 88881234`, `0086(10)88881234`).
        region: the ISO 3166 country that national spellings belong to.
    """
    text = unicodedata.normalize("NFKC", number).strip()
    if text.startswith("00"):
        text = "+" + text[2:]
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return "phone:" + phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def im_key(kind: str, handle: str) -> str | None:
    """The key of an IM handle on one service."""
    text = unicodedata.normalize("NFC", handle).strip().lower()
    return f"im:{kind}:{text}" if text and kind else None
