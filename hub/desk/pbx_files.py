"""Files for another program to read: whole or not at all, and touched only where something changed."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound

_READABLE = 0o644
_LEFT_S = 60.0


def write_files(folder: Path, files: Mapping[str, str]) -> dict[str, list[str]]:
    """Write them into a folder; returns for each file the lines that went (`-`) and came (`+`).

    All are there in full before the first takes its name: who is killed on the way has changed nothing.

    Raises:
        NotFound: there is no such folder.
    """
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")
    before = {name: _read(folder / name) for name in files}
    ready: dict[Path, Path] = {}
    try:
        for name, text in files.items():
            _tidy(folder / name)
            if before[name] != text:
                ready[folder / name] = _beside(folder / name, text)
        for place, beside in ready.items():
            beside.replace(place)
    finally:
        for beside in ready.values():
            beside.unlink(missing_ok=True)
    return {name: list(_differences(before[name] or "", text)) for name, text in files.items()}


def _read(place: Path) -> str | None:
    return place.read_text(encoding="utf-8") if place.exists() else None


def _beside(place: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(_READABLE)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _tidy(place: Path) -> None:
    """What a writer left beside it that was killed; one that writes now is let be."""
    for left in place.parent.glob(f".{place.name}.*"):
        if left.stat().st_mtime < now().timestamp() - _LEFT_S:
            left.unlink(missing_ok=True)


def _differences(before: str, after: str) -> Iterator[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return (line for line in lines if not line.startswith(("---", "+++", "@@")) and line.strip("+-"))
