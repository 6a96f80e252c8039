"""Where the demo's outgoing mail ends: a small SMTP server that writes each mail to `DATA/demo-sent/`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from crm_core.ground.ids import new_id
from hub.errors import listening

SINK_PORT = 8826
_HOST = "127.0.0.1"


class _Keep:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        await asyncio.to_thread((self._folder / f"{new_id()}.eml").write_bytes, _bytes(envelope))
        return "250 kept"


async def open_sink(data: Path) -> asyncio.Server:
    """Listen on 127.0.0.1; the caller closes the server."""
    folder = data / "demo-sent"
    folder.mkdir(parents=True, exist_ok=True)
    loop = asyncio.get_running_loop()
    with listening(_HOST, SINK_PORT, "Does another demo run? Stop it first."):
        return await loop.create_server(lambda: SMTP(_Keep(folder), enable_SMTPUTF8=True, loop=loop), _HOST, SINK_PORT)


def _bytes(envelope: Envelope) -> bytes:
    content = envelope.content or b""
    return content.encode() if isinstance(content, str) else content
