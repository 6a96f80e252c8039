"""Declaring a task: a name of our own, and a coroutine over plain arguments.

    @task("account.reconcile", every=timedelta(minutes=5))
    async def reconcile_accounts(work: Work, account: str | None = None) -> str: ...

A task is idempotent: after a crash it is run again from the start. It reports progress where it can stop: a report is also
where it learns that somebody took the job back (`JobCancelled`). The text it returns is shown as its result.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from hub.settings import Settings
from hub.store.client import Database
from hub.store.unit import Units


class JobCancelled(Exception):
    """Somebody took the job back. Raised by `Work.tell`; a task lets it pass, after putting its own things in order."""


Tell = Callable[[int, int | None, str], Awaitable[None]]
Send = Callable[[str, str], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a task has to work with.

    Attributes:
        tell: report progress: how much is done, of how much (None = unknown), and a word on it. Raises `JobCancelled`
            where somebody took the job back.
        send: hand (task name, job id) to the broker.
    """

    settings: Settings
    db: Database
    units: Units
    tell: Tell
    send: Send


Body = Callable[..., Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Task:
    """One declared task. `every`: it is also on the schedule. `retries`: how often a passing failure is tried again."""

    name: str
    body: Body
    every: timedelta | None
    retries: int

    @property
    def schedule_id(self) -> str:
        """The id of the one job document that stands for all its scheduled runs."""
        return f"schedule:{self.name}"


TASKS: dict[str, Task] = {}


def task(name: str, *, every: timedelta | None = None, retries: int = 5) -> Callable[[Body], Body]:
    """Declare a task under `noun.verb`. The name, not the module's path, is what brokers and documents carry."""

    def declare(body: Body) -> Body:
        if name in TASKS:
            raise RuntimeError(f"two tasks have the name {name}")
        TASKS[name] = Task(name, body, every, retries)
        return body

    return declare


def load_tasks() -> dict[str, Task]:
    """All tasks, found by folder."""
    package = importlib.import_module("workers.tasks")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"workers.tasks.{module.name}")
    return TASKS
