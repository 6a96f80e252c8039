"""Files for another program to read: whole or not at all, and touched only where something changed."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from crm_core.ground.errors import NotFound

_READABLE = 0o644


def write_files(folder: Path, files: Mapping[str, str]) -> dict[str, list[str]]:
    """Write them into a folder; returns for each file the lines that went (`-`) and came (`+`).

    Raises:
        NotFound: there is no such folder.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")
    return {name: _write(folder / name, text) for name, text in files.items()}


def _write(place: Path, text: str) -> list[str]:
    before = place.read_text(encoding="utf-8") if place.exists() else None
    if before == text:
        return []
    _tidy(place)
    _replace(place, text)
    return list(_differences(before or "", text))


def _replace(place: Path, text: str) -> None:
    """By way of a file beside it, which is there in full before it takes the name."""
    handle, beside = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(_READABLE)
        Path(beside).replace(place)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _tidy(place: Path) -> None:
    """What a writer left beside it that was killed."""
    for left in place.parent.glob(f".{place.name}.*"):
        left.unlink(missing_ok=True)


def _differences(before: str, after: str) -> Iterator[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return (line for line in lines if not line.startswith(("---", "+++", "@@")) and line.strip("+-"))
