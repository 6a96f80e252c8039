"""Secrets at rest, and signed tokens: both stand on one key of the installation.

The key is `MAINSTEM_SECRET_KEY`, else the file `DATA/secret.key`, made at first use. Several hubs on one database
must have the same one: what one sealed, the others open.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import SetupError
from hub.settings import Settings

_FORM = "v1"
_NONCE_BYTES = 12
_MAC_BYTES = 10
_SHORTEST_KEY = 16
_PLAIN = re.compile(r"[0-9a-z]{1,64}")
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def installation_key(settings: Settings) -> bytes:
    """The 32-byte key of this installation; makes the key file where there is neither setting nor file.

    Raises:
        SetupError: the setting is too short, or the file is not one of ours.
    """
    if settings.secret_key is not None:
        text = settings.secret_key.get_secret_value()
        if len(text) < _SHORTEST_KEY:
            raise SetupError(f"MAINSTEM_SECRET_KEY is too short: give at least {_SHORTEST_KEY} characters of chance")
        return derived_key(text.encode(), "installation")
    return _key_file(settings.data / "secret.key")


def derived_key(secret: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869): knowing it tells nothing about the others."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"mainstem " + purpose.encode()).derive(secret)


def derived_key_pair(secret: bytes, purpose: str) -> ec.EllipticCurvePrivateKey:
    """A P-256 key pair for one purpose: every hub of the installation has the same one, and nobody needs to store it."""
    wide = derived_key(secret, purpose) + derived_key(secret, f"{purpose} more")  # 512 bits: no number is likelier
    return ec.derive_private_key(int.from_bytes(wide) % (_P256_ORDER - 1) + 1, ec.SECP256R1())


def _key_file(path: Path) -> bytes:
    if not path.exists():
        _write_once(path, base64.b64encode(secrets.token_bytes(32)) + b"\n")
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except (OSError, ValueError) as error:
        raise SetupError(f"{path} cannot be read as a key ({error}); restore it from a backup") from None
    if len(key) != 32:
        raise SetupError(f"{path} holds {len(key)} bytes where a key has 32; restore it from a backup")
    return key


def _write_once(path: Path, content: bytes) -> None:
    """Create the file whole, or leave the one that another process made in the meantime."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # unlike rename, a link never replaces a key that is there
    finally:
        draft.unlink()


class Vault:
    """Seals secrets with AES-256-GCM. A sealed text names the key it needs, so that a wrong key is told from damage."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(derived_key(key, "vault"))
        self.key_id = derived_key(key, "vault key id")[:4].hex()

    def seal(self, text: str) -> str:
        """The secret as it may be stored."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        body = nonce + self._cipher.encrypt(nonce, text.encode(), self.key_id.encode())
        return f"{_FORM}.{self.key_id}.{base64.urlsafe_b64encode(body).decode()}"

    def open(self, sealed: str) -> str:
        """The secret again.

        Raises:
            SetupError: sealed with another key, or damaged.
        """
        form, _, rest = sealed.partition(".")
        key_id, _, body = rest.partition(".")
        if form != _FORM:
            raise SetupError("a stored secret has an unknown form; it may come from a newer version")
        if key_id != self.key_id:
            raise SetupError(
                f"a stored secret was sealed with key {key_id}, this hub has key {self.key_id}: "
                "give every hub the same MAINSTEM_SECRET_KEY or DATA/secret.key, or enter the secret again"
            )
        try:
            content = base64.b64decode(body, altchars=b"-_", validate=True)
            return self._cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], key_id.encode()).decode()
        except (InvalidTag, ValueError):
            raise SetupError("a stored secret is damaged; enter it again") from None


class Signer:
    """Short signed tokens that carry a value, safe in a URL and in the local part of a mail address.

    They are lower case and are checked without regard to case, because some mail servers change it. The signature has
    80 bits: enough against guessing over a network, short enough for the 64 characters of a local part (RFC 5321).
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._keys: dict[str, bytes] = {}

    def sign(self, purpose: str, value: str) -> str:
        """A token for the value; one made for another purpose is worth nothing here."""
        if _PLAIN.fullmatch(value):
            return f"{value}.{self._mac(purpose, value)}"
        return f"{_base32(value.encode())}-{self._mac(purpose, value)}"

    def check(self, purpose: str, token: str) -> str | None:
        """The value that was signed, or None when the token is not genuine."""
        token = token.lower()
        body, mark, mac = token.rpartition("-" if "-" in token else ".")
        if not mark or not token.isascii():
            return None
        value = body if mark == "." else _from_base32(body)
        if value is None or not hmac.compare_digest(self._mac(purpose, value), mac):
            return None
        return value

    def _mac(self, purpose: str, value: str) -> str:
        key = self._keys.get(purpose)
        if key is None:
            key = self._keys[purpose] = derived_key(self._key, f"sign {purpose}")
        return _base32(hmac.new(key, value.encode(), hashlib.sha256).digest()[:_MAC_BYTES])


def _base32(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=").lower()


def _from_base32(text: str) -> str | None:
    try:
        return base64.b32decode(text.upper() + "=" * (-len(text) % 8)).decode()
    except ValueError:
        return None
