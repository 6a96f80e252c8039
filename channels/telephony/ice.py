"""The way of the sound: STUN and TURN servers of an account, with credentials for one person that run out.

TURN servers that share a secret with us take `UNTIL:WHO` as a name and its HMAC as the password (coturn's
`use-auth-secret`; draft-uberti-behave-turn-rest): nobody stores them, and nobody has to take them back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from channels.telephony.account import TelephonyAccount
from crm_core.ground.clock import now
from hub.model.phone import IceServer

LASTS_S = 8 * 3600
"""Consoles ask anew after half of it, so that a call which begins has at least four hours."""


def turn_credentials(secret: str, who: str, lasts_s: int) -> tuple[str, str]:
    """Name and password."""
    name = f"{int(now().timestamp()) + lasts_s}:{who}"
    mac = hmac.new(secret.encode(), name.encode(), hashlib.sha1).digest()  # what the servers compute
    return name, base64.b64encode(mac).decode()


def ice_servers(account: TelephonyAccount, who: str) -> list[IceServer]:
    """As a browser's `RTCPeerConnection` takes them."""
    if account.turn_secret is None:
        return [IceServer(urls=[url]) for url in account.ice_servers]
    name, password = turn_credentials(account.turn_secret.get_secret_value(), who, LASTS_S)
    return [
        IceServer(urls=[url], username=name, credential=password) if url.startswith("turn") else IceServer(urls=[url])
        for url in account.ice_servers
    ]


def lasts_s(servers: list[IceServer]) -> int | None:
    """So long their passwords are good; None where none has one."""
    return LASTS_S if any("credential" in each for each in servers) else None
