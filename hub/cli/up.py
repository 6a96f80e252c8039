"""`mainstem up` and `mainstem serve`: run until told to stop, then stop cleanly."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from hub.cli.demo_sink import open_sink
from hub.cli.seed import DEMO_LOGINS, DEMO_PASSWORD, seed_demo
from hub.main import Hub
from hub.settings import Settings, inherited_environment
from hub.store.embedded import EmbeddedMongo

log = logging.getLogger(__name__)

_WORKER_STOP_S = 15.0
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a service manager, a terminal that is closed."""


def serve(settings: Settings) -> int:
    """One hub, against the MongoDB of the settings (or the embedded one)."""
    return _run(_serve(settings))


def up(settings: Settings) -> int:
    """MongoDB, hub and worker with beat, in one process tree."""
    return _run(_up(settings))


def _run(main: Coroutine[Any, Any, None]) -> int:
    try:
        import uvloop
    except ImportError:  # not on this platform; the standard loop does the same, slower
        asyncio.run(main)
    else:
        uvloop.run(main)
    return 0


async def _serve(settings: Settings) -> None:
    with _until_told() as told:
        async with mongo_for(settings) as ready:
            hub = Hub(ready)
            await hub.start()
            try:
                _say(f"Mainstem listens on {hub.url}")
                await told.wait()
            finally:
                await hub.stop()


async def _up(settings: Settings) -> None:
    with _until_told() as told:
        async with mongo_for(settings) as ready, AsyncExitStack() as open_parts:
            hub = Hub(ready)
            await hub.start()
            open_parts.push_async_callback(hub.stop)
            if ready.demo:
                sink = await open_sink(ready.data)
                open_parts.callback(sink.close)
                await seed_demo(hub)
            starting = asyncio.gather(_start_worker(ready))
            open_parts.push_async_callback(_stop_worker, starting)
            await asyncio.shield(starting)  # broken off here, it still is known and stopped
            _announce(hub)
            await told.wait()


class mongo_for:  # noqa: N801 - reads as a verb
    """The settings with a MongoDB that runs: theirs, or the embedded one for as long as the block lasts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._server: EmbeddedMongo | None = None

    async def __aenter__(self) -> Settings:
        if self._settings.mongo_url is not None:
            return self._settings
        self._server = EmbeddedMongo(self._settings.data)
        url = await self._server.start()
        return self._settings.model_copy(update={"mongo_url": SecretStr(url)})

    async def __aexit__(self, *error: object) -> None:
        if self._server is not None:
            await self._server.stop()


@contextmanager
def _until_told() -> Iterator[asyncio.Event]:
    """Ctrl-C or SIGTERM breaks the block off, wherever it is, and it closes what it has opened. A second one breaks off
    the closing too, which then only tells MongoDB and worker to end; a third ends the process at once.

    The event is for whoever loses a cancellation, as the driver may.
    """
    told = asyncio.Event()
    loop, block = asyncio.get_running_loop(), asyncio.current_task()
    assert block is not None

    def on_signal() -> None:
        if told.is_set():
            for number in _ENDING:
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_DFL)
        else:
            _say("stopping ...")
        told.set()
        block.cancel()

    for number in _ENDING:
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # ignored by `nohup`
            loop.add_signal_handler(number, on_signal)
    with suppress(asyncio.CancelledError):
        yield told


async def _start_worker(settings: Settings) -> asyncio.subprocess.Process:
    assert settings.mongo_url is not None
    settings.data.mkdir(parents=True, exist_ok=True)
    with Path(settings.data, "worker.log").open("ab") as output:  # noqa: ASYNC230 - once, at start
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "hub.cli", "worker", "--beat", "--tied"),
            env=inherited_environment(
                MAINSTEM_MONGO_URL=settings.mongo_url.get_secret_value(), MAINSTEM_DATA=str(settings.data)
            ),
            stdin=asyncio.subprocess.PIPE,  # it ends with us, even if we are killed
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


async def _stop_worker(starting: asyncio.Future[tuple[asyncio.subprocess.Process]]) -> None:
    (worker,) = await starting
    if worker.returncode is not None:
        return
    with suppress(ProcessLookupError):
        worker.terminate()
    try:
        await asyncio.wait_for(worker.wait(), _WORKER_STOP_S)
    except (TimeoutError, asyncio.CancelledError) as error:
        log.warning("the worker did not stop in time, killed", extra={"pid": worker.pid})
        with suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()
        if isinstance(error, asyncio.CancelledError):
            raise


def _announce(hub: Hub) -> None:
    _say(f"\nMainstem is ready:  {hub.url}/console/\n")
    if hub.settings.demo:
        _say(f"  sign in as {', '.join(DEMO_LOGINS)}   (password: {DEMO_PASSWORD})")
        _say("  send a mail to support@demo.local at 127.0.0.1:8825 (SMTP) and watch it arrive")
        _say(f"  answers land in {hub.settings.data}/demo-sent/")
    _say("  Ctrl-C stops everything\n")


def _say(text: str) -> None:
    print(text, flush=True)
