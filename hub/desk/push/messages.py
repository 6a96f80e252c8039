"""What a push message says: what kind of notice, its title, and the page where it is dealt with. Never a message's text.

Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hub.desk.push.encryption import MOST_BYTES
from hub.store.client import Doc

_LONGEST_TITLE = 120
_FRONT = "/console"


def push_content(notice: Doc, title: str, locale: str) -> bytes:
    """The content, before it is encrypted."""
    said = {
        "id": notice["_id"],
        "kind": notice["kind"],
        "title": title[:_LONGEST_TITLE],
        "path": place_of(notice["cause"], notice["about"]),
        "language": "zh-CN" if locale == "zh" else "en",
    }
    content = json.dumps(said, ensure_ascii=False).encode()
    assert len(content) <= MOST_BYTES
    return content


def place_of(cause: str, about: Mapping[str, Any]) -> str:
    """The page that a click leads to; it is judged there whether this person may see it."""
    if conversation := about.get("conversation"):
        return f"{_FRONT}/inbox/{conversation}"
    if about.get("type") and about.get("record"):
        return f"{_FRONT}/records/{about['type']}/{about['record']}"
    return f"{_FRONT}/notices?tab=announcements" if cause == "announcement" else f"{_FRONT}/notices"
