"""What a file is, judged by its first bytes. Pure and conservative: a name or a claim never makes a file safe."""

from __future__ import annotations

import re
import unicodedata

SAFE_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""The only types a browser may draw inside our pages; each was recognised by its bytes."""
PLAIN = "application/octet-stream"
_NAME_CHARS = 180
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,90}")
_ACTIVE = re.compile(r"html|svg|xml|javascript|ecmascript|flash|x-sh\b|wasm")
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')


def sniff(head: bytes, claimed: str) -> str:
    """The type to store: an image's by its bytes; the claim where it is harmless; else `application/octet-stream`.

    Args:
        head: the first bytes of the file (16 are enough).
        claimed: the type that came with it; parameters (`; charset=...`) are dropped.
    """
    if image := _image(head):
        return image
    kind = claimed.split(";", 1)[0].strip().lower()
    if not _TYPE.fullmatch(kind) or kind in SAFE_IMAGES:
        return PLAIN
    return kind


def served_type(stored: str) -> str:
    """The type to answer with: what a browser could run is handed out as plain bytes."""
    return PLAIN if _ACTIVE.search(stored) else stored


def clean_name(name: str) -> str:
    """A file name without folders, control characters, direction marks or reserved signs; never empty."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    text = re.split(r"[/\\]", text)[-1]
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    text = _UNSAFE.sub("_", text).strip(" .")
    stem, dot, ending = text.rpartition(".")
    if dot and len(text) > _NAME_CHARS:
        text = stem[: _NAME_CHARS - len(ending[:20]) - 1] + "." + ending[:20]
    return text[:_NAME_CHARS] or "file"


def _image(head: bytes) -> str | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return None
