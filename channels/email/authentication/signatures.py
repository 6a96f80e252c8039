"""DKIM (RFC 6376) by dkimpy, which asks the DNS through `Lookups`. The only file here that knows the library."""

from __future__ import annotations

import re

import dkim

from channels.email.authentication.lookups import LookupFailed, Lookups

MOST_SIGNATURES = 5
MOST_BYTES = 30 * 1024 * 1024
_SLOW = re.compile(rb"[ \t]{5000}")
"""The library takes quadratic time for long runs of blanks."""


def signatures(content: bytes, count: int, lookups: Lookups) -> list[tuple[str, str]]:
    """(result, signing domain) of each signature, at most five; `none` is an empty list.

    Args:
        count: how many signature fields the mail has.
    """
    if not count:
        return []
    if len(content) > MOST_BYTES or _SLOW.search(content):
        return [("neutral", "")]
    if b"\r\n" not in content[:2000]:
        content = content.replace(b"\n", b"\r\n")
    return [_verified(content, at, lookups) for at in range(min(count, MOST_SIGNATURES))]


def _verified(content: bytes, at: int, lookups: Lookups) -> tuple[str, str]:
    failed: list[LookupFailed] = []

    def text(name: bytes, timeout: float = 0) -> bytes | None:
        try:
            found = lookups.texts(name.decode("ascii", "replace"))
        except LookupFailed as error:
            failed.append(error)
            return None
        return found[0] if found else None

    try:
        check = dkim.DKIM(content)
        passed = check.verify(idx=at, dnsfunc=text)
    except dkim.ValidationError:  # another body, an expired signature
        return "temperror" if failed else "fail", ""
    except dkim.DKIMException:
        return "temperror" if failed else "permerror", ""
    except (ValueError, LookupError, TypeError, AttributeError):  # what the library makes of nonsense in a signature
        return "permerror", ""
    domain = bytes(check.domain or b"").decode("ascii", "replace").lower()
    if failed:
        return "temperror", domain
    return "pass" if passed else "fail", domain
