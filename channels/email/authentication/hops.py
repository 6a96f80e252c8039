"""Where a mail that we did not take in ourselves came from: read from the `Received` fields of our own servers. Pure.

Each server writes its field above those that came with the mail. So from the top down, for as long as a field was written
`by` a server that the account names and says that the mail came from another of ours, the next one is our own server's too.
The first that names a stranger is the border: the address there is the one that SPF is about, and everything below may be
forged. `Return-Path` and `Received-SPF` count above the border only.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from channels.email.authentication.results import ordered
from channels.email.own_servers import Address, OwnServers
from channels.email.words import eight_bit

_MOST_HOPS = 20
_MOST_CHARS = 2000
_FROM = re.compile(r"\s*from\s+(.*?)(?=\sby\s|$)", re.IGNORECASE | re.DOTALL)
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]{1,255})", re.IGNORECASE)
_ADDRESS = re.compile(r"\[\s*(?:IPv6:)?([0-9a-f:.]{2,45})\s*\]", re.IGNORECASE)
_HELO = re.compile(r"helo[=\s]\[?([A-Za-z0-9.-]{1,255})|^([A-Za-z0-9.-]{1,255})", re.IGNORECASE)
_SPF = re.compile(r"\s*([a-z]{1,20})\b(.*)", re.IGNORECASE | re.DOTALL)
_RECEIVER = re.compile(r"\breceiver\s*=\s*\"?([^\s;\"]{1,255})", re.IGNORECASE)
_ENVELOPE = re.compile(r"\benvelope-from\s*=?\s*[\"<]*([^\s;\"<>]{1,320})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What our servers noted at the border. `peer` is empty where none of them is believed, or none tells.

    Attributes:
        mail_from: the envelope sender; of a mail without one `postmaster@` and the name that the peer gave.
        spf: what a server of ours found out already: (result, envelope sender).
    """

    peer: str = ""
    mail_from: str = ""
    spf: tuple[str, str] | None = None


class Hops:
    """The servers that an account calls its own."""

    def __init__(self, hops: Iterable[str]) -> None:
        self._own = OwnServers(hops)

    def __bool__(self) -> bool:
        return bool(self._own.names)

    def is_ours(self, address: str) -> bool:
        """Whether an address belongs to a server of ours: a named one, or one that the internet does not reach."""
        found = _address(address)
        return found is not None and self._own.has(found)

    def origin(self, content: bytes) -> Origin:
        """Where the mail came from, as far as our own servers tell."""
        mail_from: str | None = None
        spf: tuple[str, str] | None = None
        hops = 0
        for name, value in ordered(content):
            text = eight_bit(value)[:_MOST_CHARS]
            if name == b"return-path" and mail_from is None:
                mail_from = text.strip().strip("<>")
            elif name == b"received-spf" and spf is None:
                spf = self._checked(text)
            elif name == b"received":
                hops += 1
                if hops > _MOST_HOPS or not self._wrote(text):
                    return Origin()
                came = _FROM.match(text)
                if came is None:
                    continue  # handed on inside one server
                peer = _address_in(came[1])
                if peer is None:
                    return Origin()  # who was there? what stands below may be anybody's
                if not self._own.has(peer):
                    return Origin(peer=str(peer), mail_from=_sender(mail_from, text, came[1]), spf=spf)
        return Origin()

    def _wrote(self, received: str) -> bool:
        by = _BY.search(received)
        return by is not None and self._own.is_named(by[1])

    def _checked(self, text: str) -> tuple[str, str] | None:
        """The result of a `Received-SPF` (RFC 7208, 9.1) that a server of ours says it wrote."""
        found, receiver = _SPF.match(text), _RECEIVER.search(text)
        if found is None or receiver is None or not self._own.is_named(receiver[1]):
            return None
        sender = _ENVELOPE.search(text)
        return found[1].lower(), sender[1] if sender else ""


def _sender(return_path: str | None, received: str, came: str) -> str:
    if return_path:
        return return_path
    if return_path is None and (noted := _ENVELOPE.search(received)):
        return noted[1]
    helo = _HELO.search(came)
    name = (helo[1] or helo[2]) if helo else ""
    return f"postmaster@{name}" if "." in name else ""


def _address_in(came: str) -> Address | None:
    """The address in brackets, which the server saw; a name before it is what the client called itself."""
    found = [address for text in _ADDRESS.findall(came) if (address := _address(text))]
    return found[-1] if found else None


def _address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
