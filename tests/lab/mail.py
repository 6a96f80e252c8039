"""Mails for tests."""

from __future__ import annotations


def mail(number: int | str, text: str = "Hello", **headers: str) -> bytes:
    """A small mail; header names are written with `_` for `-`."""
    given = {
        "From": "Ada <ada@example.com>",
        "To": "support@demo.local",
        "Subject": f"Case {number}",
        "Date": "Mon, 23 Nov 2026 15:00:00 +0000",
        "Message-ID": f"<{number}@example.com>",
        "Content-Type": "text/plain; charset=utf-8",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in given.items() if value]
    return "\r\n".join([*lines, "", text, ""]).encode()
