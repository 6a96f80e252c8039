"""An AMI socket at which recorded calls happen. Orders: `listen`, `play`."""

from __future__ import annotations

import asyncio
import heapq
import time
from typing import Any

from tests.bench.child import run
from tests.bench.recorded_calls import MIX, STAMP, Script, number_of

_SCRIPTS = [Script(name) for name in MIX]
_RINGS = Script("abandoned")
"""It rings and is over: the next one can ring at once."""
_LISTS = {"coreshowchannels": "CoreShowChannelsComplete", "queuestatus": "QueueStatusComplete"}
_lines: list[asyncio.StreamWriter] = []


async def listen(_order: dict[str, Any]) -> dict[str, Any]:
    """Answer on a free port."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    return {"port": server.sockets[0].getsockname()[1]}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"Asterisk Call Manager/11.0.0\r\n")
    try:
        while True:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            fields = {key.lower(): value for key, _, value in (line.partition(": ") for line in request.split("\r\n"))}
            writer.write(_answer(fields["action"].lower(), fields.get("actionid", "")))
            if fields["action"].lower() == "queuestatus":
                _lines.append(writer)  # the hub has its snapshot: from here on it listens
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _answer(action: str, number: str) -> bytes:
    answer = f"Response: Success\r\nActionID: {number}\r\nMessage: yes\r\n"
    if action == "challenge":
        answer += "Challenge: 123\r\n"
    if action in _LISTS:
        answer += "EventList: start\r\n\r\n"
        answer += f"Event: {_LISTS[action]}\r\nActionID: {number}\r\nEventList: Complete\r\nListItems: 0\r\n"
    return f"{answer}\r\n".encode()


async def play(order: dict[str, Any]) -> dict[str, Any]:
    """`calls` calls, `rate` of them beginning each second, from contacts spread over all `contacts`; `beside` these, calls to
    one phone of a queue of its own."""
    async with asyncio.timeout(60):
        while not _lines:
            await asyncio.sleep(0.01)
    line, events = _lines[-1], list[tuple[float, int, bytes]]()
    for call in range(order["calls"]):
        number, script = number_of(call * 7919 % order["contacts"]), _SCRIPTS[call % len(_SCRIPTS)]
        for after, packet in script.events(call + order["first"], number, order["agents"]):
            events.append((call / order["rate"] + after, len(events), packet))
    if beside := order.get("beside"):
        for call in range(beside["calls"]):
            number = number_of((call + beside["first"]) * 7919 % order["contacts"])
            for after, packet in _RINGS.events(call + beside["first"], number, order["agents"], beside["queue"]):
                events.append((call / beside["rate"] + after, len(events), packet))
    heapq.heapify(events)
    return {"events": len(events), "late_ms": 1000 * await _send(line, events)}


async def _send(line: asyncio.StreamWriter, events: list[tuple[float, int, bytes]]) -> float:
    """Each at its time and stamped with it; returns by how much the latest was late."""
    began, latest = time.monotonic(), 0.0
    while events:
        due, _, packet = heapq.heappop(events)
        if (wait := began + due - time.monotonic()) > 0:
            await line.drain()
            await asyncio.sleep(wait)
        latest = max(latest, time.monotonic() - began - due)
        line.write(packet.replace(STAMP, f"Timestamp: {time.time():.6f}\r\n".encode()))
    await line.drain()
    return latest


if __name__ == "__main__":
    run({"listen": listen, "play": play})
