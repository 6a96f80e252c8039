"""Bearer secrets: what proves a sign-in. The store keeps their digest only."""

from __future__ import annotations

import hashlib
import secrets

TOKEN_PREFIX = "mst_"  # noqa: S105 - lets secret scanners find a leaked token by its look
_LONGEST = 200


def new_bearer(prefix: str = "") -> str:
    """A fresh secret of 256 random bits."""
    return prefix + secrets.token_urlsafe(32)


def digest(bearer: str) -> str:
    """What is stored and shown as the sign-in's id.

    A plain SHA-256 is enough here: 256 random bits cannot be guessed, so there is nothing for a slow hash to slow down.
    """
    return hashlib.sha256(bearer.encode()).hexdigest()


def is_plausible(bearer: str | None) -> bool:
    """Whether it is worth asking the store."""
    return bearer is not None and 32 <= len(bearer) <= _LONGEST
