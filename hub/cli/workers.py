"""Workers stand above the hub, so the hub's command line starts them by name, as a program would."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from threading import Thread
from typing import Any

from hub.settings import Settings


def _app() -> Any:
    return importlib.import_module("workers.app")


def run_worker(settings: Settings, *, beat: bool, tied: bool = False) -> int:
    """A Celery worker in this process, until stopped; `tied`: at the latest until standard input ends."""
    if tied:
        Thread(target=_end_with_input, name="tied", daemon=True).start()
    return int(_app().run_worker(settings, beat=beat))


def run_beat(settings: Settings) -> int:
    """The schedule in this process, until stopped."""
    return int(_app().run_beat(settings))


def _end_with_input() -> None:
    """It ends when whoever has the other end does, even if killed: then this process is to end as if it were told to.

    Read without `sys.stdin`: its lock, held while this waits, would be held for ever in the processes that are forked.
    """
    while os.read(sys.stdin.fileno(), 1):
        continue
    os.kill(os.getpid(), signal.SIGTERM)
