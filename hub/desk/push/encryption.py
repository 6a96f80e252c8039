"""Encryption of a push message for one browser: RFC 8291 on the content coding aes128gcm of RFC 8188. Pure."""

from __future__ import annotations

import base64
import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AUTH_BYTES = 16
_RECORD_BYTES = 4096
_LAST_RECORD = b"\x02"
MOST_BYTES = _RECORD_BYTES - 86 - 16 - len(_LAST_RECORD)
"""What fits into the one record: without the header, the tag and the delimiter (RFC 8291, 4)."""


def encrypted(
    content: bytes,
    p256dh: bytes,
    auth: bytes,
    own: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body of the push message.

    Args:
        p256dh, auth: the browser's public key and its secret, from the subscription.
        own, salt: made anew for every message; given only where the outcome must be known.
    """
    own, salt = own or ec.generate_private_key(ec.SECP256R1()), salt or os.urandom(16)
    ours = point(own.public_key())
    shared = own.exchange(ec.ECDH(), browser_key(p256dh))
    secret = _derived(shared, auth, b"WebPush: info\0" + p256dh + ours, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + _RECORD_BYTES.to_bytes(4) + len(ours).to_bytes(1) + ours
    return header + AESGCM(key).encrypt(nonce, content + _LAST_RECORD, None)


def browser_key(p256dh: bytes) -> ec.EllipticCurvePublicKey:
    """The browser's public key; raises `ValueError` where the bytes are no point of the curve."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as 65 bytes."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def url_text(content: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def from_url_text(text: str) -> bytes:
    """The bytes again; raises `ValueError`."""
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)
