"""Wires HTTP: serves every route and ask, and documents what is served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from hub.errors import listening
from hub.main.consoles import ConsoleParts
from hub.main.ground import Ground
from hub.main.parts import Parts
from hub.main.served import ROUTES, served_asks
from hub.main.telephony import CallParts
from hub.web.idempotency import Idempotency
from hub.web.middleware import new_application
from hub.web.openapi import Documentation, openapi
from hub.web.record_docs import record_docs
from hub.web.routes import mount


class WebParts(Parts):
    """The listening side of a hub."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._runner: web.AppRunner | None = None
        self.idempotency = Idempotency(ground.db)
        self.documentation = Documentation()

    def openapi(self, parts: Mapping[type, Any]) -> dict[str, Any]:
        """The OpenAPI document of everything served."""
        described = [route for route in ROUTES if route.path.startswith("/api")]
        return openapi(described, parts, more=record_docs(self._ground.registry))

    async def listen(self, console: ConsoleParts, parts: Mapping[type, Any]) -> str:
        """Answer from now on. Returns the URL."""
        settings = self._ground.settings
        app = new_application(self._ground.identity.identity, self.idempotency, settings)
        self.documentation.document = self.openapi(parts)
        mount(app, list(ROUTES), parts)
        console.wire.attach(app)
        served_asks().serve(console.consoles, parts)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=settings.limits.drain_s)
        await self._runner.setup()
        site = web.TCPSite(self._runner, settings.host, settings.port, reuse_address=True)
        with listening(settings.host, settings.port, "Stop what listens there, or choose another --port."):
            await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def stop(self, console: ConsoleParts, telephony: CallParts) -> None:
        """Let go of all who are connected, once; what is asked already is answered."""
        if self._runner is None:
            return
        await console.wire.stop()
        await telephony.sip_lines.close()
        await self._runner.cleanup()
        self._runner = None
