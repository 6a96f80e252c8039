"""`kill -9` of a hub between *sent* and *recorded*, or anywhere near, gives one copy and a message that shows it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.store.client import Database
from hub.store.collections import MESSAGES
from tests.hub.outbox_fixtures import NewHub, far, new_hub
from tests.lab.echo_channel.far_side import FarSide
from tests.lab.echo_channel.house import until

__all__ = ["far", "new_hub"]

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def victim(mongo_url: str, db: Database, far: FarSide) -> AsyncIterator[asyncio.subprocess.Process]:
    """A hub in its own process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.lab.echo_channel.one_hub", mongo_url, db.name, str(far.port), cwd=ROOT
    )
    yield process
    if process.returncode is None:
        process.kill()
    await process.wait()


@pytest.mark.fault
@pytest.mark.parametrize("after_s", [None, 0.0, 0.002, 0.005, 0.01])
async def test_a_kill_around_the_sending_gives_one_copy(
    new_hub: NewHub, far: FarSide, victim: asyncio.subprocess.Process, after_s: float | None
) -> None:
    """None: killed before the far side has answered; else so long after its answer."""
    other = await new_hub("other")
    conversation = await other.opened()

    def kill(_: object) -> None:
        far.on_take = lambda _: None
        if after_s is None:
            victim.kill()
        else:
            asyncio.get_running_loop().call_later(after_s, victim.kill)

    far.on_take = kill
    messages = [await other.answer(conversation, f"n{n}") for n in range(3)]
    await asyncio.wait_for(victim.wait(), 30)
    other.supervisor.keep("outbox", other.outbox.run)
    for message in messages:
        await other.delivery(message["id"], "sent", 60)
    assert [m["text"] for m in far.taken] == ["n0", "n1", "n2"]


@pytest.mark.fault
async def test_what_came_in_before_a_kill_is_stored_once_by_the_next_hub(
    new_hub: NewHub, far: FarSide, victim: asyncio.subprocess.Process, db: Database
) -> None:
    async def stored() -> int:
        return await db[MESSAGES].count_documents({"direction": "inbound"})

    for number in range(100):
        await far.say(f"m{number}", f"text {number}")

    async def under_way() -> bool:
        return await stored() >= 20

    await until(under_way, 30)
    victim.kill()
    await victim.wait()
    other = await new_hub("other", receive=True)

    before = await stored()

    async def taken_over() -> bool:
        return await stored() > min(before, 99)

    await until(taken_over, 30)

    async def all_there() -> bool:
        return await stored() == 100

    await until(all_there, 30)
    assert await other.inlets.of("echo").holds([f"m{n}" for n in range(100)]) == {f"m{n}" for n in range(100)}
    [health] = (await other.healths()).values()
    assert health["backlog"] == 0
    assert health["hub"] == "other"
