"""Workers stand above the hub, so the hub's command line starts them by name, as a program would."""

from __future__ import annotations

import importlib
from typing import Any

from hub.settings import Settings


def _app() -> Any:
    return importlib.import_module("workers.app")


def run_worker(settings: Settings, *, beat: bool) -> int:
    """A Celery worker in this process, until stopped."""
    return int(_app().run_worker(settings, beat=beat))


def run_beat(settings: Settings) -> int:
    """The schedule in this process, until stopped."""
    return int(_app().run_beat(settings))
