"""The Celery application: the only room that knows Celery. Tasks, jobs and their lives are plain Python beside it.

Messages are JSON and carry a job's id, nothing else. They are acknowledged after the work (`acks_late`), and what a
broker loses all the same is sent again from the job documents.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from celery import Celery, signals

from hub.log import start_logging
from hub.settings import Settings
from workers.broker import broker_url
from workers.process import Process
from workers.task import Task, load_tasks

log = logging.getLogger(__name__)

QUEUE = "mainstem"
PROCESSES = 2
"""Tasks that one worker does at a time."""


class _Here:
    """What belongs to this process; made after the fork."""

    process: Process | None = None


def make_app(settings: Settings) -> Celery:
    """The application with every task of ours bound to it."""
    tasks = load_tasks()
    app = Celery("mainstem", broker=broker_url(settings), set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_default_queue=QUEUE,
        worker_prefetch_multiplier=1,
        worker_concurrency=PROCESSES,
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_channel_error_retry=True,  # a store that is just stopping answers with errors before it hangs up
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        timezone="UTC",
        beat_schedule=_schedule(tasks),
        beat_schedule_filename=str(_beat_file(settings)),
    )
    for task in tasks.values():
        app.task(_runner_of(task), name=task.name, bind=True)
    return app


def run_worker(settings: Settings, beat: bool) -> int:
    """A worker in this process, until a signal; with `beat`, the schedule too. Returns the exit code."""
    app = make_app(settings)
    _connect(settings, app)
    worker = app.Worker(
        hostname="mainstem@%h",
        beat=beat,
        schedule_filename=str(_beat_file(settings)),
        pool="prefork",
        quiet=True,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
    )
    log.info("worker starts", extra={"tasks": sorted(load_tasks()), "beat": beat})
    worker.start()
    return int(worker.exitcode or 0)


def run_beat(settings: Settings) -> int:
    """The schedule alone, until a signal. Exactly one should run; a second one does no harm."""
    app = make_app(settings)
    _connect(settings, app)
    app.Beat(schedule=str(_beat_file(settings)), quiet=True).run()
    return 0


def _beat_file(settings: Settings) -> Path:
    settings.data.mkdir(parents=True, exist_ok=True)
    return settings.data / "beat-schedule"


def _schedule(tasks: dict[str, Task]) -> dict[str, Any]:
    """A run that nobody took before the next is due is dropped."""
    return {
        t.name: {"task": t.name, "schedule": t.every, "options": {"expires": t.every.total_seconds()}}
        for t in tasks.values()
        if t.every is not None
    }


def _runner_of(task: Task) -> Callable[..., None]:
    def run(message: Any, job: str | None = None) -> None:
        assert _Here.process is not None, "the process was not set up; see the log above"
        again_s = _Here.process.perform(task.name, job)
        if again_s is not None:
            message.apply_async((job,), countdown=again_s)

    return run


def _connect(settings: Settings, app: Celery) -> None:
    """Our own set-up at the moments that Celery names."""

    async def send(name: str, job: str) -> None:
        await asyncio.to_thread(app.send_task, name, (job,))

    def open_process(**_: Any) -> None:
        _Here.process = Process(settings, load_tasks(), send)

    def close_process(**_: Any) -> None:
        if _Here.process is not None:
            _Here.process.close()

    def catch_up(**_: Any) -> None:
        """Do not wait for the schedule's first turn; a run that is not due is left out by its job document."""
        for task in load_tasks().values():
            if task.every is not None:
                app.send_task(task.name, expires=task.every.total_seconds())

    signals.worker_ready.connect(catch_up, weak=False)
    signals.setup_logging.connect(partial(_log, settings.log_level), weak=False)
    signals.worker_process_init.connect(open_process, weak=False)
    signals.worker_process_shutdown.connect(close_process, weak=False)


def _log(level: str, **_: Any) -> None:
    start_logging(level)
    for chatty in ("celery.app.trace", "celery.worker.strategy", "celery.beat"):
        logging.getLogger(chatty).setLevel(logging.WARNING)  # `workers.process` says what was done
