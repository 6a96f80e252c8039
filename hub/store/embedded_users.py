"""Who uses the private MongoDB of a data folder: the last one out stops it, whoever started it.

A lock on a file, which ends with its process: a killed hub is no user any more.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from pathlib import Path

_LOOK_S = 0.05


class Users:
    """One process's hold on the server of a folder. Who starts or stops the server has the folder alone meanwhile."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    async def enter(self) -> None:
        """Become a user: alone where nobody else is (until `settle`), else beside the others. The caller sets the bound."""
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        while not (self._take(fcntl.LOCK_EX) or self._take(fcntl.LOCK_SH)):  # noqa: ASYNC110 - nobody tells of a lock
            await asyncio.sleep(_LOOK_S)

    async def settle(self) -> None:
        """The server runs: let others in. The caller sets the bound."""
        while not self._take(fcntl.LOCK_SH):  # noqa: ASYNC110 - the same
            await asyncio.sleep(_LOOK_S)

    def last(self) -> bool:
        """Whether nobody else is here; then nobody comes in until `leave`."""
        return self._file is not None and self._take(fcntl.LOCK_EX)

    def leave(self) -> None:
        """No user any more."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def __del__(self) -> None:
        self.leave()

    def _take(self, kind: int) -> bool:
        assert self._file is not None
        return lock(self._file, kind)


def lock(file: int, kind: int) -> bool:
    """Take a lock on an open file if it can be had at once."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder(path: Path) -> int | None:
    """The process that runs MongoDB over a folder, from its `mongod.lock`; None where none does.

    MongoDB writes its number there and keeps a lock on it; after a crash the number stays, the lock does not.
    """
    try:
        file = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if lock(file, fcntl.LOCK_EX):
            return None
        told = os.read(file, 20).strip()
        return int(told) if told.isdigit() else None
    finally:
        os.close(file)
