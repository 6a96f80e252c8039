"""Signing what we send (DKIM, RFC 6376 and 8463): the only room that knows dkimpy. RSA and Ed25519 keys."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from channels.email.account import EmailAccount
from hub.errors import Permanent

_SIGNED = (
    b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"reply-to",
    b"mime-version", b"content-type", b"content-transfer-encoding", b"list-unsubscribe", b"list-unsubscribe-post",
)  # fmt: skip
"""RFC 8058 asks for the signature over both list headers."""


async def signed(mail: bytes, account: EmailAccount) -> bytes:
    """The mail under a signature, or as it is where the account has no key. RSA in plain Python takes some
    milliseconds, so it is done beside the loop.

    Raises:
        Permanent: the key cannot be read.
    """
    if not account.dkim_selector:
        return mail
    return await asyncio.to_thread(_sign, mail, account)


def _sign(mail: bytes, account: EmailAccount) -> bytes:
    domain = account.dkim_domain or account.sender.rpartition("@")[2]
    present = {line.partition(b":")[0].strip().lower() for line in mail.partition(b"\r\n\r\n")[0].split(b"\r\n")}
    try:
        algorithm, key = _algorithm(_key(account))
        header: bytes = dkim.sign(
            mail,
            account.dkim_selector.encode(),
            domain.encode("idna"),
            key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name for name in _SIGNED if name in present],
            signature_algorithm=algorithm,
        )
    except (dkim.DKIMException, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Permanent(f"account {account.id}: the mail cannot be signed with its dkim_key: {error}") from None
    return header + mail


def _algorithm(pem: bytes) -> tuple[bytes, bytes]:
    """How to sign with this key, and the key as the library wants it."""
    key = load_pem_private_key(pem, None)
    if isinstance(key, Ed25519PrivateKey):
        return b"ed25519-sha256", base64.b64encode(key.private_bytes_raw())
    return b"rsa-sha256", pem


def _key(account: EmailAccount) -> bytes:
    if account.dkim_key:
        return account.dkim_key.get_secret_value().strip().encode()
    try:
        return Path(account.dkim_key_file or "").read_bytes().strip()
    except OSError as error:
        raise Permanent(f"account {account.id}: dkim_key_file cannot be read ({error.strerror})") from None
