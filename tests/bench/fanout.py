"""One event to many consoles: how fast all have it, beside a bare python-socketio server that emits to a room."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python

from crm_core.ground.events import queue_room
from hub.events import MessageAppended
from hub.main import Hub
from hub.model.conversation import conversation_out
from hub.model.message import message_hint
from hub.store.unit import Unit
from tests.bench.bare_socketio import NAMESPACE
from tests.bench.child import Child, child
from tests.bench.figures import Figure
from tests.bench.ground import Ground, hire, prepared, serving
from tests.bench.rows import Rows

SIZES, EVENTS, ROUNDS = (500, 2000), 20, 6
_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Speed:
    """Frames a second in bursts of 20 events, and milliseconds until all have a single event."""

    frames: float
    single_ms: float


async def run(ground: Ground) -> list[Figure]:
    """Measure at each size."""
    figures = []
    for size in SIZES:
        count = ground.count(size, 50)
        database = f"fanout{size}"
        async with prepared(ground, database) as hub:
            tokens = (await hire(hub, {"support": count}))["support"]
            ours = await _ours(ground, hub, database, tokens)
        theirs = await _bare(count)
        figures.append(
            Figure(
                bench="fanout", name=f"fan-out to {count:,} consoles", measured=ours.frames, unit="frames/s",
                floor=theirs.frames, budget=f">= {_SHARE:.0%} of the floor", met=ours.frames >= _SHARE * theirs.frames,
                note=f"a single event: all have it after {ours.single_ms:.1f} ms, of the floor's server "
                f"after {theirs.single_ms:.1f} ms",
            )
        )  # fmt: skip
    return figures


async def _ours(ground: Ground, writer: Hub, database: str, tokens: list[str]) -> Speed:
    async with serving(ground, database) as hub, child("clients") as consoles:
        auth = [{"token": token} for token in tokens]
        await consoles.ask(do="connect", port=hub.port, namespace=NAMESPACE, ready="ready", auth=auth)

        async def tell(times: int) -> float:
            async def work(unit: Unit) -> None:
                for event in [example() for _ in range(times)]:
                    unit.announce(event)

            started = time.monotonic()
            await writer.units.run(work)
            return started

        async def burst(times: int) -> float:
            await consoles.ask(do="forget")
            return await _heard(consoles, times, await tell(times))

        return await _speed(len(tokens), burst)


async def _bare(count: int) -> Speed:
    async with child("bare_socketio") as server, child("clients") as consoles:
        port = (await server.ask(do="listen"))["port"]
        await consoles.ask(do="connect", port=port, namespace=NAMESPACE, ready=None, auth=[{}] * count)
        example_data = plain(example())

        async def burst(times: int) -> float:
            await consoles.ask(do="forget")
            sent = await server.ask(do="emit", times=times, name="message.appended", data=example_data)
            return await _heard(consoles, times, sent["at"])

        return await _speed(count, burst)


async def _speed(consoles: int, burst: Callable[[int], Awaitable[float]]) -> Speed:
    """The middle of several rounds; the first of each kind warms up and does not count."""
    bursts = [await burst(EVENTS) for _ in range(ROUNDS + 1)][1:]
    singles = [await burst(1) for _ in range(ROUNDS * 2 + 1)][1:]
    return Speed(EVENTS * consoles / statistics.median(bursts), statistics.median(singles) * 1000)


async def _heard(consoles: Child, times: int, started: float) -> float:
    """Seconds until the last console had the last event."""
    heard = await consoles.ask(do="until", each=times, within_s=60)
    if heard["least"] < times or heard["stale"]:
        raise RuntimeError(f"a console heard {heard['least']} of {times} events; {heard['stale']} were told to reload")
    return float(heard["at"]) - started


def example() -> MessageAppended:
    """An event as a mail makes it."""
    rows = Rows(conversations=1, queues=1)
    (message,) = rows.messages(1)
    return MessageAppended(
        conversation=conversation_out(rows.made[0]),
        message=message_hint(message),
        _rooms=frozenset({queue_room("support")}),
    )


def plain(event: MessageAppended) -> Any:
    """What of it goes over the wire, for a server that knows only JSON."""
    return to_jsonable_python({"seq": 1, "at": "2026-11-23T08:00:00Z", "data": event.data()})
