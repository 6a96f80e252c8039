"""The tests in two lanes beside each other: those with a browser, and the rest. Each lane has servers of its own.

Most tests wait for servers and telephones most of the time, so two cores carry both lanes. Lines say whose they are; the last
one counts the tests of both.
"""

# ruff: noqa: S603, TID251 - the commands are written here; nothing of ours is read
from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

LANES = {"browser": ("tests/journeys",), "rest": ("tests", "--ignore=tests/journeys")}
_COUNT = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")
_WRITING = threading.Lock()


class Lane:
    """One pytest of its own; its lines are passed on as they come."""

    def __init__(self, name: str, command: Sequence[str], root: Path) -> None:
        self.counts = (0, 0, 0)
        self._name = name
        self._process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        self._reader = threading.Thread(target=self._pass_on)
        self._reader.start()

    def wait(self) -> int:
        """Its exit code."""
        self._reader.join()
        return self._process.wait()

    def _pass_on(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := _COUNT.match(line.strip()):
                self.counts = (int(found[1]), int(found[2]), int(found[3]))
            with _WRITING:
                sys.stdout.write(f"{self._name}: {line.rstrip()}\n")
                sys.stdout.flush()


def run_tests(python: Path, root: Path) -> int:
    """Run both; 0 when every test passed. Beside each other where there are cores and no server is shared."""
    lanes: list[Lane] = []
    codes: list[int] = []
    alone = (os.cpu_count() or 1) < len(LANES) or "MAINSTEM_TEST_MONGO_URL" in os.environ
    for name, which in LANES.items():
        lanes.append(Lane(name, [str(python), "-m", "pytest", *which], root))
        if alone:
            codes.append(lanes[-1].wait())
    codes = codes or [lane.wait() for lane in lanes]
    passed, failed, skipped = (sum(counts) for counts in zip(*(lane.counts for lane in lanes), strict=True))
    sys.stdout.write(f"{passed} passed, {failed} failed, {skipped} skipped\n")
    return next((code for code in codes if code), 0)
