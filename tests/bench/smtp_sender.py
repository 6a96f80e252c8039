"""A sender of mails with a process of its own. Orders: `write` (make the mails), `send`.

It behaves as a busy mail server does: connections stay open, and where PIPELINING is offered (RFC 2920) the three commands
of a mail travel together.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.bench.child import run
from tests.bench.mails import make_mails

_mails: list[tuple[str, bytes]] = []


async def write(order: dict[str, Any]) -> dict[str, Any]:
    """Make `count` mails, half of them answers; returns how many conversations they are."""
    mails, conversations = make_mails(order["count"])
    _mails.extend((sender, mail.replace(b"\r\n.", b"\r\n..")) for sender, mail in mails)
    return {"conversations": conversations}


async def send(order: dict[str, Any]) -> dict[str, Any]:
    """Send all to `port` over `connections`; `began` and `ended` are monotonic."""
    waiting = iter(_mails)
    began = time.monotonic()
    await asyncio.gather(*(_Connection(waiting).run(order["port"]) for _ in range(order["connections"])))
    return {"began": began, "ended": time.monotonic()}


class _Connection:
    """One kept-open connection that takes mails from the common pile."""

    def __init__(self, waiting: Any) -> None:
        self._waiting = waiting

    async def run(self, port: int) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        await self._answer(b"220")
        self._writer.write(b"EHLO sender.example\r\n")
        pipelining = await self._hello()
        for sender, body in self._waiting:
            commands = (f"MAIL FROM:<{sender}>\r\n".encode(), b"RCPT TO:<support@demo.local>\r\n", b"DATA\r\n")
            if pipelining:
                self._writer.write(b"".join(commands))
                for code in (b"250", b"250", b"354"):
                    await self._answer(code)
            else:
                for command, code in zip(commands, (b"250", b"250", b"354"), strict=True):
                    self._writer.write(command)
                    await self._answer(code)
            self._writer.write(body + b".\r\n")
            await self._answer(b"250")
        self._writer.close()

    async def _hello(self) -> bool:
        found = False
        while True:
            line = await asyncio.wait_for(self._reader.readline(), 30)
            found = found or b"PIPELINING" in line
            if line[3:4] != b"-":
                return found

    async def _answer(self, code: bytes) -> None:
        line = await asyncio.wait_for(self._reader.readline(), 30)
        if not line.startswith(code):
            raise RuntimeError(f"expected {code!r}, got {line[:200]!r}")


if __name__ == "__main__":
    run({"write": write, "send": send})
