"""The folder into which a PBX writes recordings: finding a file in it, reading it, removing it. Nothing outside is touched."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hub.errors import Transient

ENDINGS = (".wav", ".WAV", ".gsm")
"""Asterisk's `wav`, `wav49` and `gsm`."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,149}")


@dataclass(frozen=True, slots=True)
class Found:
    """A file that is there, open for reading; `mark` changes when somebody writes to it."""

    name: str
    file: BinaryIO
    size: int
    mark: str


@contextmanager
def found(folder: Path, channel: str) -> Iterator[Found | None]:
    """The recording of a channel; None where there is none, or only something that is no file of its own (a link).

    Raises:
        Transient: the folder, or the file in it, cannot be read now.
    """
    if not _PLAIN.fullmatch(channel):
        yield None
        return
    with _opened(folder) as place:
        for ending in ENDINGS:
            try:
                handle = os.open(channel + ending, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=place)
            except PermissionError as error:  # it is there: a wrong right must not make it a missing one
                raise Transient(f"the recording {channel}{ending} cannot be read: {error}") from error
            except OSError:
                continue
            facts = os.fstat(handle)
            if not stat.S_ISREG(facts.st_mode):
                os.close(handle)
                continue
            with os.fdopen(handle, "rb") as file:
                yield Found(channel + ending, file, facts.st_size, f"{facts.st_size}:{facts.st_mtime_ns}")
            return
        yield None


def removed(folder: Path, channel: str) -> bool:
    """Remove the recording of a channel; whether there was one."""
    with found(folder, channel) as there:
        if there is None:
            return False
        with _opened(folder) as place:
            os.remove(there.name, dir_fd=place)
    return True


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise Transient(f"the folder of recordings cannot be read: {error}") from error
    try:
        yield handle
    finally:
        os.close(handle)
