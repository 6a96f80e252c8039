"""One worker process: one event loop, one connection to the store, tasks run on it one after the other."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from functools import partial

from pymongo.errors import ConnectionFailure

from crm_core.ground.errors import Unavailable
from hub.errors import SetupError, Transient
from hub.log import correlation
from hub.settings import Settings
from hub.store.client import Doc, connect, database
from hub.store.collections import ensure_indexes
from hub.store.jobs import JOB_INDEXES
from hub.store.unit import Units
from hub.supervise import Backoff, Supervisor
from workers.jobs import RENEW_S, Jobs
from workers.task import JobCancelled, Send, Task, Work

log = logging.getLogger(__name__)

PASSING = (Transient, Unavailable, ConnectionFailure, OSError, TimeoutError)
"""Failures that are worth another try."""
WAITS = Backoff(first=2.0, most=600.0)


class Process:
    """Made once in each worker process, after the fork."""

    def __init__(self, settings: Settings, tasks: dict[str, Task], send: Send) -> None:
        if settings.mongo_url is None:
            raise SetupError("no MongoDB: set MAINSTEM_MONGO_URL, or use `mainstem up`")
        self._settings, self._tasks, self._send = settings, tasks, send
        self._runner = asyncio.Runner()
        self._runner.run(self._open(settings.mongo_url.get_secret_value()))

    async def _open(self, url: str) -> None:
        self._client = connect(url, pool=10)
        self._db = database(self._client, self._settings.database)
        self._units = Units(self._client, self._db)
        self._jobs = Jobs(self._db, self._units, f"{socket.gethostname()}:{os.getpid()}")
        self._indexed = False

    def perform(self, name: str, job: str | None) -> float | None:
        """Do the job (None = the task's scheduled run). Returns after how many seconds it should be sent again, if so."""
        return self._runner.run(self._perform(self._tasks[name], job))

    def close(self) -> None:
        """Let go of the store."""
        self._runner.run(self._client.close())
        self._runner.close()

    async def _perform(self, task: Task, job_id: str | None) -> float | None:
        if not self._indexed:
            await ensure_indexes(self._db, JOB_INDEXES)
            self._indexed = True
        if job_id is None and not await self._jobs.on_schedule(task):
            return None
        job_id = job_id or task.schedule_id
        job = await self._jobs.claim(job_id)
        if job is None:
            return await self._jobs.busy_for(job_id) if job_id != task.schedule_id else None
        correlation.set(job_id)
        return await self._try(task, job)

    async def _try(self, task: Task, job: Doc) -> float | None:
        name: str = job["_id"]
        if job.get("cancel_at") is not None:  # its last worker ended before it could notice
            await self._jobs.cancel(name)
            return None
        if job["tries"] > task.retries + 1:
            await self._jobs.fail(name, job["error"] or "the worker ended in the middle of it, each time; see its log")
            return None
        try:
            text = await self._held(task, job)
        except JobCancelled:
            await self._jobs.cancel(name)
            log.info("job taken back", extra={"task": task.name, "job": name})
            return None
        except PASSING as error:
            return await self._again(task, job, f"{type(error).__name__}: {error}")
        except Exception as error:
            await self._jobs.fail(name, f"{type(error).__name__}: {error}")
            raise
        await self._jobs.finish(name, text)
        log.log(
            logging.DEBUG if job["scheduled"] else logging.INFO,
            "job done",
            extra={"task": task.name, "job": name, "result": text},
        )
        return None

    async def _again(self, task: Task, job: Doc, error: str) -> float | None:
        if job["tries"] > task.retries:
            await self._jobs.fail(job["_id"], error)
            log.error("job failed", extra={"task": task.name, "job": job["_id"], "reason": error})
            return None
        wait_s = WAITS.wait(job["tries"])
        await self._jobs.put_back(job["_id"], error, wait_s)
        log.warning("job will be tried again", extra={"task": task.name, "job": job["_id"], "reason": error})
        return None if job["scheduled"] else wait_s

    async def _held(self, task: Task, job: Doc) -> str | None:
        """Run the body while the lease is renewed beside it."""
        supervisor = Supervisor()
        supervisor.keep("lease of the job", partial(self._renew, job["_id"]))
        work = Work(
            settings=self._settings,
            db=self._db,
            units=self._units,
            tell=partial(self._jobs.tell, job["_id"]),
            send=self._send,
        )
        try:
            return await task.body(work, **job["arguments"])
        finally:
            await supervisor.stop()

    async def _renew(self, job: str) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            await self._jobs.renew(job)
