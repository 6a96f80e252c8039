"""For load balancers, supervisors of processes and Prometheus.

`/healthz` and `/readyz` are public and say nothing secret. `/metrics` is for whoever asks from the machine itself
without a proxy in between, and for administrators (a session, or an API token with the scope `admin`).
"""

from __future__ import annotations

import ipaddress

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic_core import to_json

from hub.desk.readiness import Readiness
from hub.identity.caller import Caller
from hub.web.may import ADMINISTER, PUBLIC
from hub.web.routes import Routes

routes = Routes("health")

_PROXY_HEADERS = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


@routes.get("/healthz", may=PUBLIC)
async def show_health() -> web.Response:
    """The process lives and its loop turns."""
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


@routes.get("/readyz", may=PUBLIC)
async def show_readiness(readiness: Readiness) -> web.Response:
    """Whether this hub can take work: 200, or 503 with what is wrong."""
    checks = await readiness.checks()
    ready = all(check["ok"] for check in checks)
    return web.Response(
        body=to_json({"ready": ready, "checks": checks}),
        status=200 if ready else 503,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


@routes.get("/metrics", may=PUBLIC)
async def show_metrics(request: web.Request, who: Caller | None) -> web.Response:
    """Prometheus text."""
    if not _is_local(request):
        ADMINISTER.check(who)
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _is_local(request: web.Request) -> bool:
    """Asked from this machine, by nobody on behalf of somebody else."""
    if request.remote is None or any(header in request.headers for header in _PROXY_HEADERS):
        return False
    return ipaddress.ip_address(request.remote).is_loopback
