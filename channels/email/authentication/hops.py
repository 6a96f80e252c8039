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
from channels.email.words import eight_bit

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

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


def check_hops(hops: Iterable[str]) -> None:
    """Each is the name of a host, a domain with a dot before it, an address or a network.

    Raises:
        ValueError: one is not.
    """
    for hop in hops:
        if "/" in hop or ":" in hop or hop.replace(".", "").isdecimal():
            ipaddress.ip_network(hop, strict=False)
        elif not re.fullmatch(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", hop):
            raise ValueError(f"{hop!r} is neither a host name nor an address or network")


class Hops:
    """The servers that an account calls its own."""

    def __init__(self, hops: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._networks: list[Network] = []
        for hop in hops:
            try:
                self._networks.append(ipaddress.ip_network(hop, strict=False))
            except ValueError:
                self._names.add(hop.lower().rstrip("."))

    def __bool__(self) -> bool:
        return bool(self._names)

    def is_ours(self, address: str) -> bool:
        """Whether an address belongs to a server of ours: a named one, or one that the internet does not reach."""
        found = _address(address)
        return found is not None and self._inside(found)

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
                if not self._inside(peer):
                    return Origin(peer=str(peer), mail_from=_sender(mail_from, text, came[1]), spf=spf)
        return Origin()

    def _wrote(self, received: str) -> bool:
        by = _BY.search(received)
        return by is not None and self._is_named(by[1])

    def _is_named(self, host: str) -> bool:
        low = host.lower().rstrip(".")
        return low in self._names or any(name.startswith(".") and low.endswith(name) for name in self._names)

    def _checked(self, text: str) -> tuple[str, str] | None:
        """The result of a `Received-SPF` (RFC 7208, 9.1) that a server of ours says it wrote."""
        found, receiver = _SPF.match(text), _RECEIVER.search(text)
        if found is None or receiver is None or not self._is_named(receiver[1]):
            return None
        sender = _ENVELOPE.search(text)
        return found[1].lower(), sender[1] if sender else ""

    def _inside(self, address: Address) -> bool:
        return not address.is_global or any(address in network for network in self._networks)


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
