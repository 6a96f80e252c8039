"""What the lab's servers have in common: a folder of their own, and to be started, waited for and stopped in any case."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self


class LabServer(ABC):
    """One server on loopback, with ports of its own. Use as `with Server() as server`; it may be stopped and started in there."""

    folder: Path
    """While it is used; before, it has none."""
    logs: ClassVar[tuple[str, ...]] = ()
    """Files in the folder that it writes; what it says aloud is in `start.log`."""
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.folder = self._new_folder()
        self.folder.chmod(0o755)
        try:
            self._configure()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> str:
        """The end of what it said."""
        files = (self.folder / name for name in ("start.log", *self.logs))
        return "\n".join(file.read_text(errors="replace")[-4000:] for file in files if file.exists())

    def start(self) -> None:
        """Start, and wait until it answers."""
        with (self.folder / "start.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(), env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        limit = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, f"{type(self).__name__} ended: {self.log}"
            assert time.monotonic() < limit, f"{type(self).__name__} does not become ready: {self.log}"
            time.sleep(0.05)

    def stop(self, *, kill: bool = False) -> None:
        """Stop all its processes; with `kill` as a crash does."""
        if self._process is None:
            return
        try:
            if not kill:
                self._process.terminate()
                self._process.wait(20)
        except subprocess.TimeoutExpired:
            kill = True
        if kill:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)
        self._process = None

    def _new_folder(self) -> Path:
        # not among pytest's folders: those are for their owner only, and the paths of sockets must be short
        return Path(tempfile.mkdtemp(prefix=f"{type(self).__name__.lower()}-"))

    @abstractmethod
    def _configure(self) -> None:
        """Write into the folder what it needs before its first start."""

    @abstractmethod
    def _command(self) -> list[str]:
        """What starts it, so that it does not go to the background."""

    def _environment(self) -> dict[str, str] | None:
        """Its variables; None = ours."""
        return None

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it is ready."""
