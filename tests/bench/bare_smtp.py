"""The floor of the mail door: aiosmtpd with a handler that does nothing. Order: `listen`.

It offers PIPELINING as the product's door does (the stock server can take it but does not say so), so that the same sender
works in the same way with both.
"""

from __future__ import annotations

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.bench.child import run


class _Nothing:
    async def handle_EHLO(  # noqa: N802 - aiosmtpd finds its hooks by these names
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return "250 OK"


async def listen(_order: dict[str, Any]) -> dict[str, Any]:
    """Serve on a free port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(_Nothing(), loop=loop), "127.0.0.1", 0)
    return {"port": server.sockets[0].getsockname()[1]}


if __name__ == "__main__":
    run({"listen": listen})
