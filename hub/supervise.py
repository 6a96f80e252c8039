"""Named tasks that are owned and watched: the only place where tasks start.

A supervised task that fails is started again with back-off; its failure is in the log, in the metrics and in `/readyz`.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from crm_core.ground.clock import now
from hub.metrics import TASK_FAILURES

log = logging.getLogger(__name__)

_CANCEL_AGAIN_S = 0.5

T = TypeVar("T")
State = Literal["starting", "running", "waiting", "done", "stopped"]


@dataclass(slots=True)
class Watched:
    """One task as `/readyz` shows it. `needed` ones make the hub not ready while they fail."""

    name: str
    needed: bool
    state: State = "starting"
    failures: int = 0
    last_error: str | None = None
    since: datetime = field(default_factory=now)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits in seconds between tries: doubling from `first` to `most`, with up to half of it by chance."""

    first: float = 0.5
    most: float = 30.0
    calm_after: float = 60.0

    def wait(self, failures: int) -> float:
        """How long to wait after this many failures in a row (1 = the first)."""
        full = min(self.most, self.first * 2.0 ** min(failures - 1, 16))
        return full / 2 + random.random() * full / 2  # noqa: S311 - spreads load, keeps no secret


class Supervisor:
    """Starts, restarts and stops the tasks of one process."""

    def __init__(self) -> None:
        self.watched: dict[str, Watched] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._errands: set[asyncio.Task[Any]] = set()
        self._stopping = False

    def keep(
        self, name: str, work: Callable[[], Awaitable[None]], *, needed: bool = False, backoff: Backoff | None = None
    ) -> None:
        """Run `work` for as long as the process lives; restart it when it fails or returns. Nothing starts while
        the process stops."""
        if self._stopping:
            return
        if name in self._tasks and not self._tasks[name].done():
            raise RuntimeError(f"task {name} runs already")
        entry = self.watched[name] = Watched(name, needed)
        self._tasks[name] = asyncio.create_task(self._loop(entry, work, backoff or Backoff()), name=name)

    def errand(self, name: str, work: Awaitable[None]) -> None:
        """Run a short piece of work once, in the background; a failure is logged as an error."""

        async def run() -> None:
            try:
                await work
            except Exception:
                TASK_FAILURES.labels(task=name).inc()
                log.exception("background errand failed", extra={"task": name})

        task = asyncio.create_task(run(), name=f"errand:{name}")
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def drop(self, name: str) -> None:
        """Stop one task and forget it."""
        task = self._tasks.pop(name, None)
        self.watched.pop(name, None)
        if task is not None:
            await end_tasks([task])

    async def stop(self) -> None:
        """Stop everything: first what stands on the needed tasks, which serve it to its end, then those."""
        self._stopping = True
        for needed in (False, True):
            while names := [n for n in self._tasks if needed or not self.watched[n].needed]:
                tasks = [self._tasks.pop(name) for name in reversed(names)]
                await end_tasks([*tasks, *self._errands])
        for entry in self.watched.values():
            entry.state = "stopped"

    def failing(self) -> list[Watched]:
        """The needed tasks that are not running now."""
        return [w for w in self.watched.values() if w.needed and w.state != "running"]

    async def _loop(self, entry: Watched, work: Callable[[], Awaitable[None]], backoff: Backoff) -> None:
        while True:
            entry.state, entry.since = "running", now()
            started = asyncio.get_running_loop().time()
            try:
                await work()
                entry.last_error = "returned"
            except Exception as error:
                entry.last_error = f"{type(error).__name__}: {error}"
                log.warning("task failed, will restart", exc_info=True, extra={"task": entry.name})
            if asyncio.get_running_loop().time() - started > backoff.calm_after:
                entry.failures = 0
            entry.failures += 1
            TASK_FAILURES.labels(task=entry.name).inc()
            entry.state, entry.since = "waiting", now()
            await asyncio.sleep(backoff.wait(entry.failures))


async def unbroken(work: Coroutine[Any, Any, T], at_most_s: float = 2.0) -> T:
    """Do a short piece of work to its end even where it is cancelled meanwhile: then the cancellation follows, and what
    was done is known to be done. Whoever cancels waits for so long at most."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await asyncio.wait([task], timeout=at_most_s)
        finally:
            await _end({task})
            if not task.cancelled():
                task.exception()  # of use to nobody any more
        raise


async def run_beside(*works: Coroutine[Any, Any, None]) -> None:
    """Run all until the first of them ends, then end the others; raises what the first raised."""
    tasks = [asyncio.create_task(work) for work in works]
    done: set[asyncio.Task[None]] = set()
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        cancelled = await _end({*tasks} - done)
    if cancelled:
        raise asyncio.CancelledError
    failed = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
    for error in failed[1:]:
        log.warning("another failed beside it", exc_info=error)
    if failed:
        raise failed[0]


async def _end(left: set[asyncio.Task[Any]]) -> bool:
    """Cancel until they are done, also where this task itself is cancelled meanwhile; whether it was."""
    cancelled = False
    while left:
        for task in left:
            task.cancel()
        try:
            await asyncio.wait(left, timeout=_CANCEL_AGAIN_S)
        except asyncio.CancelledError:
            cancelled = True
        left = {task for task in left if not task.done()}
    return cancelled


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel until they are done: a library that waits with `asyncio.wait_for` (Python 3.11) can lose a cancellation."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=_CANCEL_AGAIN_S)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("task failed while stopping", exc_info=error, extra={"task": task.get_name()})
