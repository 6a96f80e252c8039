"""`mainstem up --demo` over a folder that was used before: seconds until it is ready."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from pathlib import Path

from hub.cli.demo_sink import SINK_PORT
from hub.cli.seed import DOOR_PORT
from hub.settings import inherited_environment
from hub.store.embedded import EmbeddedMongo
from tests.bench.figures import Figure
from tests.bench.ground import Ground
from tests.lab.ports import free_port

ROUNDS = 3
_BUDGET_S = 5.0
_READY, _PATIENCE_S = b"Mainstem is ready", 90.0


async def run(ground: Ground) -> list[Figure]:
    """Once to fill the folder, then as often as counts."""
    await _check_ports_are_free()
    folder = ground.folder / "demo"
    folder.mkdir()
    rounds = ROUNDS if ground.scale >= 1 else 1
    first = await _start_and_stop(folder)
    again = statistics.median([await _start_and_stop(folder) for _ in range(rounds)])
    floor = statistics.median([await _mongo_alone(folder) for _ in range(rounds)])
    return [
        Figure(
            bench="coldstart", name="start of a used folder", measured=again, unit="s", floor=floor,
            budget=f"<= {_BUDGET_S:.0f} s", met=again <= _BUDGET_S, note=f"the middle of {rounds}",
        ),
        Figure(
            bench="coldstart", name="very first start", measured=first, unit="s", budget="", met=None,
            note="with a new database, its indexes and the demo's people, customers and mails",
        ),
    ]  # fmt: skip


async def _start_and_stop(folder: Path) -> float:
    config = folder / "mainstem.toml"
    config.write_text("")
    environment = inherited_environment(
        MAINSTEM_CONFIG=str(config), MAINSTEM_DATA=str(folder), MAINSTEM_PORT=str(free_port())
    )
    environment = {name: value for name, value in environment.items() if name != "MAINSTEM_MONGO_URL"}
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub.cli", "up", "--demo"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await asyncio.wait_for(_until_ready(process), _PATIENCE_S)
        return time.monotonic() - started
    finally:
        await _stop(process)


async def _until_ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        if _READY in line:
            return
    raise RuntimeError("`mainstem up --demo` ended before it was ready")


async def _stop(process: asyncio.subprocess.Process) -> None:
    """It stops MongoDB and worker with itself; only when it does not listen is it killed."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.communicate(), 60)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _mongo_alone(folder: Path) -> float:
    server = EmbeddedMongo(folder)
    started = time.monotonic()
    try:
        await server.start()
        return time.monotonic() - started
    finally:
        await server.stop()


async def _check_ports_are_free() -> None:
    """The demo's ports are fixed; another demo on this machine would be measured instead."""
    for port in (DOOR_PORT, SINK_PORT):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            continue
        writer.close()
        raise RuntimeError(f"something listens on port {port} already: stop the other `mainstem up --demo` first")
