"""As much SIP over a websocket (RFC 7118) as a test needs: registering with a password."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import aiohttp
from aiohttp import ClientWebSocketResponse

from crm_core.ground.ids import new_id
from tests.conftest import SignedIn

DOMAIN = "mainstem.invalid"


def request(method: str, user: str, number: int = 1, *, sender: str | None = None, more: str = "") -> str:
    """A request out of any dialogue, from the phone of an extension (or in the name of another)."""
    return (
        f"{method} sip:{DOMAIN} SIP/2.0\r\nVia: SIP/2.0/WS {DOMAIN};branch=z9hG4bK{new_id()}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:{sender or user}@{DOMAIN}>;tag=t\r\nTo: <sip:{user}@{DOMAIN}>\r\nCall-ID: {user}-call\r\n"
        f"CSeq: {number} {method}\r\nContact: <sip:{user}@{DOMAIN};transport=ws>;expires=60\r\n{more}"
        "Content-Length: 0\r\n\r\n"
    )


@dataclass
class WebPhone:
    """A signed-in person's socket to the PBX."""

    socket: ClientWebSocketResponse
    extension: str

    async def heard(self) -> str:
        """The next answer that is final."""
        while True:
            message = await self.socket.receive(timeout=10)
            assert message.type is aiohttp.WSMsgType.TEXT, message
            text = str(message.data)
            if text.startswith("SIP/2.0 ") and not text.startswith("SIP/2.0 100"):
                return text

    async def register(self, password: str) -> str:
        """The first line of what the PBX says to this password."""
        await self.socket.send_str(request("REGISTER", self.extension))
        asked = await self.heard()
        assert asked.startswith("SIP/2.0 401"), asked
        given = dict(re.findall(r'(\w+)="([^"]*)"', asked))
        ha1 = _md5(f"{self.extension}:{given['realm']}:{password}")
        ha2 = _md5(f"REGISTER:sip:{DOMAIN}")
        response = _md5(f"{ha1}:{given['nonce']}:00000001:c:auth:{ha2}")
        more = (
            f'Authorization: Digest username="{self.extension}",realm="{given["realm"]}",nonce="{given["nonce"]}",'
            f'uri="sip:{DOMAIN}",response="{response}",algorithm=MD5,cnonce="c",qop=auth,nc=00000001'
        )
        if "opaque" in given:
            more += f',opaque="{given["opaque"]}"'
        await self.socket.send_str(request("REGISTER", self.extension, 2, more=more + "\r\n"))
        return (await self.heard()).split("\r\n", 1)[0]


async def open_phone(person: SignedIn, extension: str, *, origin: str | None = None) -> WebPhone:
    """The socket, as the console opens it."""
    base = str(person.http._base_url).rstrip("/")
    socket = await person.http.ws_connect("/ws/sip", protocols=("sip",), origin=origin or base)
    return WebPhone(socket, extension)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
