"""A push service as browser makers run it: takes messages by RFC 8030, knows senders by RFC 8292, and, being the browser
too, opens what it got by RFC 8291. What does not keep to the contract is refused, with the reason in `refused`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.lab.certificates import self_signed

_VAPID = re.compile(r"vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), ?k=([\w-]+)")
_DAY_S = 86_400


def to_bytes(text: str) -> bytes:
    """Base64 of addresses."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_text(content: bytes) -> str:
    """The same, back."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@dataclass
class Browser:
    """One subscribed browser. `got`: the opened messages, each with its headers; `gone`: it unsubscribed."""

    endpoint: str
    sender: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    got: list[tuple[dict[str, Any], dict[str, str]]] = field(default_factory=list)
    gone: bool = False

    @property
    def p256dh(self) -> bytes:
        """The public key."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def as_body(self) -> dict[str, Any]:
        """As it is handed to the hub."""
        return {"endpoint": self.endpoint, "keys": {"p256dh": to_text(self.p256dh), "auth": to_text(self.auth)}}

    def opened(self, body: bytes) -> bytes:
        """The content of an encrypted message (RFC 8188, 2 and RFC 8291, 3)."""
        return opened(body, self.key, self.auth)


def opened(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """What is in an encrypted message of one record."""
    salt, record, size = body[:16], int.from_bytes(body[16:20]), body[20]
    theirs, cipher = body[21 : 21 + size], body[21 + size :]
    assert size == 65
    assert len(cipher) <= record
    ours = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
    secret = _hkdf(auth, shared, b"WebPush: info\x00" + ours + theirs, 32)
    content_key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\x00", 12)
    padded = AESGCM(content_key).decrypt(nonce, cipher, None).rstrip(b"\x00")
    assert padded.endswith(b"\x02"), "the last record ends with a 2"
    return padded[:-1]


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    prk = hmac.digest(salt, secret, hashlib.sha256)
    return hmac.digest(prk, info + b"\x01", hashlib.sha256)[:length]


class PushService:
    """Use as `async with PushService(folder) as service`.

    Attributes:
        answers: what it answers next, instead of taking the message: (status, headers).
        asked: how many messages came, whatever was answered.
        refused: why messages were not taken.
    """

    def __init__(self, folder: Path) -> None:
        self.ca, self._key = self_signed(folder)
        self.browsers: dict[str, Browser] = {}
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.asked = 0
        self.refused: list[str] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/push/{name}", self._push)
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(self.ca, self._key)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=tls).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    @property
    def origin(self) -> str:
        """Whom tokens must be for."""
        return f"https://127.0.0.1:{self.port}"

    def subscribe(self, sender: str) -> Browser:
        """What a browser does with `applicationServerKey`."""
        name = secrets.token_urlsafe(16)
        self.browsers[name] = Browser(f"{self.origin}/push/{name}", sender)
        return self.browsers[name]

    async def _push(self, request: web.Request) -> web.Response:
        self.asked += 1
        browser = self.browsers.get(request.match_info["name"])
        if browser is None or browser.gone:
            return self._no(410, "no such subscription")
        if self.answers:
            status, headers = self.answers.pop(0)
            return web.Response(status=status, headers=headers)
        body = await request.read()
        if why := self._wrong_headers(request, body):
            return self._no(400, why)
        if why := self._wrong_sender(request.headers.get("Authorization", ""), browser):
            return self._no(403, why)
        browser.got.append((json.loads(browser.opened(body)), dict(request.headers)))
        return web.Response(status=201, headers={"Location": f"{self.origin}/message/{secrets.token_urlsafe(8)}"})

    def _no(self, status: int, why: str) -> web.Response:
        self.refused.append(why)
        return web.Response(status=status, text=why)

    def _wrong_headers(self, request: web.Request, body: bytes) -> str | None:
        headers = request.headers
        if not headers.get("TTL", "").isdigit():
            return "TTL is needed (RFC 8030, 5.2)"
        if headers.get("Urgency", "normal") not in ("very-low", "low", "normal", "high"):
            return "no such urgency (RFC 8030, 5.3)"
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", headers.get("Topic", "t")):
            return "a topic is at most 32 characters of base64url (RFC 8030, 5.4)"
        if headers.get("Content-Encoding") != "aes128gcm":
            return "the content must be encrypted (RFC 8291, 4)"
        return "too large (RFC 8030, 7.2)" if len(body) > 4096 else None

    def _wrong_sender(self, authorization: str, browser: Browser) -> str | None:
        found = _VAPID.fullmatch(authorization)
        if found is None:
            return "no VAPID (RFC 8292, 3)"
        head, claims, signature, key = found.groups()
        if key != browser.sender:
            return "the subscription was made for another sender (RFC 8292, 4.2)"
        signed = to_bytes(signature)
        numbers = encode_dss_signature(int.from_bytes(signed[:32]), int.from_bytes(signed[32:]))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), to_bytes(key))
        try:
            public.verify(numbers, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        except InvalidSignature:
            return "the signature is wrong"
        return self._wrong_claims(json.loads(to_bytes(head)), json.loads(to_bytes(claims)))

    def _wrong_claims(self, head: dict[str, Any], claims: dict[str, Any]) -> str | None:
        if head != {"typ": "JWT", "alg": "ES256"}:
            return "the token must be a JWT by ES256"
        if claims.get("aud") != self.origin:
            return "the token is for another service"
        if not time.time() < claims.get("exp", 0) <= time.time() + _DAY_S:
            return "the token ends within a day (RFC 8292, 2)"
        return None if re.match(r"mailto:|https:", claims.get("sub", "")) else "no way to reach the sender"
