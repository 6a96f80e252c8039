"""Signed tokens in reply addresses: `support+c.TOKEN@example.com` brings an answer back to its conversation.

The token is made and checked by the hub; here it only gets into an address and out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

PURPOSE = "mail-reply"
_MARK = "+c."
_MOST_LOCAL = 64
"""Characters of a local part (RFC 5321, 4.5.3.1.1)."""
_MOST_TOKENS = 20


def with_token(address: str, token: str) -> str:
    """The address with a token in it; the plain address when it would get too long to be delivered."""
    local, _, domain = address.rpartition("@")
    marked = f"{local.partition('+')[0]}{_MARK}{token}"
    return f"{marked}@{domain}" if len(marked) <= _MOST_LOCAL else address


def token_in(address: str) -> str | None:
    """The token of an address, not yet checked."""
    local = address.rpartition("@")[0]
    _, mark, token = local.partition(_MARK)
    return token if mark and token else None


def without_token(address: str) -> str:
    """The plain address behind one with a token or another `+tag`."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def conversations_named(addresses: Iterable[str], check: Callable[[str], str | None]) -> list[str]:
    """The conversations that genuine tokens in these addresses name, each once."""
    tokens = dict.fromkeys(token for address in addresses if (token := token_in(address)))
    found = dict.fromkeys(check(token) for token in list(tokens)[:_MOST_TOKENS])
    return [conversation for conversation in found if conversation]
