"""Who sends a push message, as its push service wants to know it: a signed token (RFC 8292). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from hub.desk.push.encryption import point, url_text

_GOOD_FOR = timedelta(hours=12)
"""RFC 8292 allows a day; clocks differ."""


class Vapid:
    """The sender's key pair, and how to reach the people behind it.

    Args:
        contact: a `mailto:` or `https:` address; None where nobody gave one.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, contact: str | None) -> None:
        self._key, self._contact = key, contact
        self.public_key = url_text(point(key.public_key()))

    def authorization(self, endpoint: str, at: datetime) -> str:
        """The header `Authorization` for a message to this endpoint."""
        place = urlsplit(endpoint)
        claims: dict[str, object] = {
            "aud": f"{place.scheme}://{place.netloc}",
            "exp": int((at + _GOOD_FOR).timestamp()),
        }
        if self._contact:
            claims["sub"] = self._contact
        head = f"{_part({'typ': 'JWT', 'alg': 'ES256'})}.{_part(claims)}"
        return f"vapid t={head}.{url_text(self._signature(head))}, k={self.public_key}"

    def _signature(self, text: str) -> bytes:
        r, s = decode_dss_signature(self._key.sign(text.encode("ascii"), ec.ECDSA(SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def _part(value: Mapping[str, object]) -> str:
    return url_text(json.dumps(value, separators=(",", ":")).encode())
