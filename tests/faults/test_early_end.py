"""`mainstem up` that is ended at any moment leaves no MongoDB and no worker; what a killed one left is used and stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from hub.settings import inherited_environment
from tests.faults.house import STARTED
from tests.lab.ports import free_port

MOMENTS = [0.05, 0.3, 0.7, 1.0, 1.4, 2.0, 3.0]
_PATIENCE_S = 120.0


@pytest.mark.parametrize(
    "signals", [[signal.SIGINT], [signal.SIGINT] * 2, [signal.SIGTERM]], ids=["INT", "INT-INT", "TERM"]
)
async def test_ended_early_it_leaves_nothing_and_starts_again(
    signals: Sequence[signal.Signals], tmp_path: Path
) -> None:
    """At moments from the start of the interpreter to a hub that is ready; the next start works and leaves nothing."""
    for moment in MOMENTS:
        process = await _up(tmp_path)
        await asyncio.sleep(moment)
        for number in signals:
            if process.returncode is None:
                process.send_signal(number)
            await asyncio.sleep(0.05)
        await _ended(process)
        await _until_none_runs(tmp_path)
    await _up_and_down(tmp_path)


async def test_what_a_killed_hub_left_is_used_and_stopped(tmp_path: Path) -> None:
    """kill -9 leaves MongoDB running, and nothing else; the next start takes it over, and its ordinary end stops it."""
    process = await _up(tmp_path)
    await _ready(process)
    process.kill()
    await _ended(process)
    await _until_gone([pid for pid in _running(tmp_path) if "mongod" not in _command(pid)])
    left = _running(tmp_path)
    assert ["mongod" in _command(pid) for pid in left] == [True]
    process = await _up(tmp_path)
    await _ready(process)
    assert set(left) <= set(_running(tmp_path)), "it works on with the server that is there"
    process.terminate()
    await _ended(process)
    await _until_gone(left)


async def _up_and_down(folder: Path) -> None:
    process = await _up(folder)
    await _ready(process)
    await _works(folder)
    process.terminate()
    assert await _ended(process) == 0
    assert _running(folder) == []


async def _up(folder: Path) -> asyncio.subprocess.Process:
    config = folder / "mainstem.toml"
    config.write_text("")
    environment = inherited_environment(
        MAINSTEM_CONFIG=str(config), MAINSTEM_DATA=str(folder), MAINSTEM_PORT=str(free_port())
    )
    environment.pop("MAINSTEM_MONGO_URL", None)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub.cli", "up"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    STARTED.append(process)
    return process


async def _ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    said = b""
    async with asyncio.timeout(_PATIENCE_S):
        while line := await process.stdout.readline():
            said += line
            if b"Mainstem is ready" in line:
                return
    raise AssertionError(f"it ended before it was ready: {said.decode()}")


async def _works(folder: Path) -> None:
    """Wait until the worker is up, with the processes that it has for tasks."""

    def up() -> bool:
        said = (folder / "worker.log").read_text()
        return said.rfind("worker starts") < said.rfind(" ready.") and bool(_pool(folder))

    async with asyncio.timeout(_PATIENCE_S):
        while not up():
            await asyncio.sleep(0.05)


def _pool(folder: Path) -> list[int]:
    workers = [pid for pid in _running(folder) if "worker" in _command(pid)]
    return [pid for pid in workers if int(_read(pid, "stat").rpartition(")")[2].split()[1]) in workers]


async def _ended(process: asyncio.subprocess.Process) -> int:
    async with asyncio.timeout(_PATIENCE_S):
        await process.communicate()
    assert process.returncode is not None
    return process.returncode


def _running(folder: Path) -> list[int]:
    """Processes over this folder that were started by the hub: its MongoDB, and its worker by the environment."""
    numbers = [int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and int(one.name) != os.getpid()]
    return [
        pid for pid in numbers if str(folder) in _command(pid) or f"MAINSTEM_DATA={folder}\0" in _read(pid, "environ")
    ]


def _command(pid: int) -> str:
    return _read(pid, "cmdline")


def _read(pid: int, what: str) -> str:
    """Nothing for a process that has ended, also before somebody has asked for its end."""
    try:
        return Path(f"/proc/{pid}/{what}").read_text(errors="replace")
    except OSError:
        return ""


async def _until_none_runs(folder: Path) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while _running(folder):
            await asyncio.sleep(0.05)


async def _until_gone(pids: Sequence[int]) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while any(_command(pid) for pid in pids):
            await asyncio.sleep(0.05)
