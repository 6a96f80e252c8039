"""The console's files: the built page under `/console/`, its assets cached for ever (their names carry a digest)."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from crm_core.ground.errors import NotFound, Unavailable
from hub.desk.outside import OutsideApps
from hub.settings import Settings
from hub.web.described import described
from hub.web.headers import content_security_policy
from hub.web.may import PUBLIC
from hub.web.routes import Routes

routes = Routes("console")

_BUILT = Path(__file__).resolve().parents[2] / "agents_ui" / "dist"
_HTML = {"text/html": {"schema": {"type": "string"}}}


@routes.get("/", may=PUBLIC)
@described(answer=_HTML)
async def show_front() -> web.Response:
    """Lead to the console."""
    raise web.HTTPFound("/console/")


@routes.get("/console", may=PUBLIC)
@described(answer=_HTML)
async def show_console_front() -> web.Response:
    """Lead to the console."""
    raise web.HTTPFound("/console/")


@routes.get("/console/{path:.*}", may=PUBLIC)
@described(answer=_HTML)
async def show_console(path: str, settings: Settings, request: web.Request, apps: OutsideApps) -> web.FileResponse:
    """A file of the console; every other path is a place inside it and gets its page."""
    found, asset = await asyncio.to_thread(_find, settings.console or _BUILT, path)
    kept = "public, max-age=31536000, immutable" if asset else "no-cache"
    headers = {"Cache-Control": kept}
    if found.suffix == ".html":
        headers["Content-Security-Policy"] = content_security_policy(request.host, await apps.origins())
    return web.FileResponse(found, headers=headers)


def _find(folder: Path, path: str) -> tuple[Path, bool]:
    root = folder.resolve()
    page = root / "index.html"
    if not page.is_file():
        raise Unavailable("the console is not built here; run `make ui`")
    wanted = (root / path).resolve()
    if path and wanted.is_relative_to(root) and wanted.is_file():
        return wanted, path.startswith("assets/")
    if path.startswith("assets/"):
        raise NotFound("there is no such file")
    return page, False
