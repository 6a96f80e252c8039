"""A real worker in a process of its own, with a few tasks that only tests have."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hub.errors import Transient
from hub.settings import inherited_environment, read_settings
from hub.store.client import Database, Doc
from hub.store.jobs import JOBS, ask_for
from hub.store.unit import Units
from workers.task import Work, task

ROOT = Path(__file__).resolve().parent.parent.parent


@task("test.greet")
async def greet(work: Work, name: str) -> str:
    """Ends at once."""
    await work.tell(1, 2, "half way")
    return f"hello {name}"


@task("test.linger")
async def linger(work: Work, mark: str) -> str:
    """Never ends the first time it is run; says which process it is in."""
    await work.db["marks"].insert_one({"mark": mark, "pid": os.getpid()})
    if await work.db["marks"].count_documents({"mark": mark}) == 1:
        await asyncio.Event().wait()
    return "ended"


@task("test.stumble")
async def stumble(work: Work, mark: str) -> str:
    """Fails for a passing reason the first time."""
    await work.db["marks"].insert_one({"mark": mark})
    if await work.db["marks"].count_documents({"mark": mark}) == 1:
        raise Transient("the far side is busy")
    return "ended"


@task("test.count")
async def count(work: Work, mark: str) -> str:
    """Goes on for as long as it is let."""
    done = 0
    while True:
        await work.db["marks"].update_one({"mark": mark}, {"$inc": {"counted": 1}}, upsert=True)
        done += 1
        await work.tell(done, None, "counting")
        await asyncio.sleep(0.05)


@task("test.break")
async def break_down(work: Work) -> str:
    """Has a fault."""
    raise ValueError("a fault of ours")


class Worker:
    """One worker process and what it logged."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self._log = log

    def logged(self) -> str:
        """Everything so far."""
        return self._log.read_text(encoding="utf-8")

    async def kill(self) -> None:
        """As `kill -9` does, with its children."""
        os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()


@asynccontextmanager
async def running_worker(mongo_url: str, database: str, data: Path) -> AsyncIterator[Worker]:
    """A worker with beat on this database; stopped at the end, and it must stop cleanly when it still runs."""
    log = data / "worker.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.workers.house"),
            cwd=ROOT,
            env=inherited_environment(
                MAINSTEM_MONGO_URL=mongo_url,
                MAINSTEM_DATABASE=database,
                MAINSTEM_DATA=str(data),
                MAINSTEM_SECRET_KEY="a key for tests only",
            ),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    worker = Worker(process, log)
    try:
        yield worker
        if process.returncode is None:
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 60) == 0, worker.logged()
    finally:
        if process.returncode is None:
            await worker.kill()


async def ask(units: Units, task_name: str, /, **arguments: Any) -> str:
    """Ask for a job, as a hub does."""
    return await units.run(lambda unit: ask_for(unit, task_name, arguments, user="u1"))


async def until(condition: Callable[[], Awaitable[Any]], worker: Worker, within_s: float = 120.0) -> Any:
    """Wait until the condition gives something."""
    try:
        async with asyncio.timeout(within_s):
            while not (found := await condition()):
                await asyncio.sleep(0.1)
            return found
    except TimeoutError:
        raise AssertionError(f"did not happen in {within_s} s; the worker logged:\n{worker.logged()[-5000:]}") from None


async def until_settled(db: Database, job: str, worker: Worker) -> Doc:
    """Wait until the job is done or failed."""
    found: Doc = await until(
        lambda: db[JOBS].find_one({"_id": job, "state": {"$in": ["done", "failed", "cancelled"]}}), worker
    )
    return found


if __name__ == "__main__":
    from workers.app import run_worker

    sys.exit(run_worker(read_settings(), beat=True))
