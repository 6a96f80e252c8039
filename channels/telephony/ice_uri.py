"""Addresses of STUN and TURN servers as browsers take them (RFC 7064, RFC 7065)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_FORM = re.compile(
    r"(?P<scheme>stuns?|turns?):(\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+))"
    r"(:(?P<port>\d{1,5}))?(\?transport=(?P<transport>udp|tcp))?"
)
_PORT, _TLS_PORT, _LAST_PORT = 3478, 5349, 65535


@dataclass(frozen=True, slots=True)
class IceUri:
    """One server."""

    text: str
    relays: bool
    """It is a TURN server, which passes sound on, and wants a name and a password."""
    secure: bool
    host: str
    port: int
    transport: Literal["udp", "tcp"]
    possible: bool
    """Whether browsers take it: STUN names no transport, and TLS stands on TCP."""


def ice_uri(text: str) -> IceUri | None:
    """The parts of an address; None where it is none."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    secure, relays = found["scheme"].endswith("s"), found["scheme"].startswith("turn")
    port = int(found["port"] or (_TLS_PORT if secure else _PORT))
    if not 0 < port <= _LAST_PORT:
        return None
    said = found["transport"]
    return IceUri(
        text=text, relays=relays, secure=secure, host=found["v6"] or found["host"], port=port,
        transport="tcp" if secure or said == "tcp" else "udp",
        possible=not said if not relays else not (secure and said == "udp"),
    )  # fmt: skip
