"""What the mails of the corpus are put together from."""

from __future__ import annotations

import base64
from typing import Any

DATE = "Mon, 23 Nov 2026 14:00:00 +0000"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

STANDARD = {
    "From": "Ada Lovelace <ada@example.com>", "To": "support@demo.local", "Subject": "Printer", "Date": DATE,
    "Message-ID": "<m1@example.com>", "MIME-Version": "1.0",
}  # fmt: skip
MAILS: dict[str, tuple[bytes, dict[str, Any]]] = {}


def head(**fields: str | bytes | None) -> bytes:
    """A header block: the standard fields, changed or (None) left out; `_` in a name stands for `-`."""
    given = {name.replace("_", "-"): value for name, value in fields.items()}
    merged: dict[str, str | bytes | None] = {name: given.pop(name, value) for name, value in STANDARD.items()} | given
    lines = []
    for name, value in merged.items():
        if value is not None:
            lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()))
    return b"\r\n".join(lines) + b"\r\n\r\n"


def part(kind: str, body: bytes | str, **fields: str) -> bytes:
    """One MIME part."""
    lines = [f"Content-Type: {kind}", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body if isinstance(body, bytes) else body.encode())


def multi(boundary: str, *parts: bytes, closed: bool = True) -> bytes:
    """Parts between delimiter lines."""
    mark = b"--" + boundary.encode()
    return b"".join(mark + b"\r\n" + each + b"\r\n" for each in parts) + (mark + b"--\r\n" if closed else b"")


def b64(data: bytes | str) -> str:
    """Base64 in lines of 76."""
    return base64.encodebytes(data if isinstance(data, bytes) else data.encode()).decode().replace("\n", "\r\n").strip()


def add(name: str, mail: bytes, **expected: Any) -> None:
    """One mail and what must be read from it."""
    MAILS[name] = (mail, expected)
