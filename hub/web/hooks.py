"""Webhooks in: `/hooks/ACCOUNT/PATH`. Nobody is signed in here; the channel verifies the far side's signature first."""

from __future__ import annotations

import asyncio

from aiohttp import web

from crm_core.ground.errors import Forbidden, MainstemError, NotFound, TooLarge, Unavailable
from hub.accounts.directory import Directory
from hub.accounts.inlet import Inlets
from hub.channel import Account, AnyChannel, Hook, HookRequest
from hub.settings import Settings
from hub.web.may import PUBLIC
from hub.web.routes import Routes

routes = Routes("hooks")

BODY_BYTES = 1024 * 1024
ANSWER_S = 25.0
"""Far sides give up after some time and send again; answering late only doubles the work."""


@routes.get("/hooks/{account}/{path:.*}", may=PUBLIC)
async def take_hook_get(
    account: str, path: str, request: web.Request, directory: Directory, inlets: Inlets, settings: Settings
) -> web.Response:
    """Take a webhook call that far sides make by GET (a handshake, a report)."""
    return await take(account, path, request, directory, inlets, settings)


@routes.post("/hooks/{account}/{path:.*}", may=PUBLIC)
async def take_hook_post(
    account: str, path: str, request: web.Request, directory: Directory, inlets: Inlets, settings: Settings
) -> web.Response:
    """Take a webhook call."""
    return await take(account, path, request, directory, inlets, settings)


@routes.put("/hooks/{account}/{path:.*}", may=PUBLIC)
async def take_hook_put(
    account: str, path: str, request: web.Request, directory: Directory, inlets: Inlets, settings: Settings
) -> web.Response:
    """Take a webhook call that far sides make by PUT."""
    return await take(account, path, request, directory, inlets, settings)


async def take(
    account: str, path: str, request: web.Request, directory: Directory, inlets: Inlets, settings: Settings
) -> web.Response:
    """Find the hook, verify, handle. The channel keeps the raw input before it answers.

    Raises:
        NotFound: no such account, or it has no such hook; one that is switched off answers the same.
        Forbidden: the call is not genuine.
        Unavailable: it took too long; the far side sends it again.
    """
    channel, configured, hook = await _find(account, path, directory)
    call = HookRequest(
        method=request.method,
        url=_public_url(request, settings),
        path=path,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=dict(request.query),
        body=await _body(request),
    )
    if not hook.verify(configured, call):
        raise Forbidden(f"the call to account {account} is not signed as it must be")
    try:
        async with asyncio.timeout(ANSWER_S):
            answer = await hook.handle(configured, call, inlets.of(account))
    except TimeoutError:
        raise Unavailable(f"account {account} of channel {channel.kind} took too long") from None
    return web.Response(status=answer.status, body=answer.body, content_type=answer.content_type)


async def _find(account: str, path: str, directory: Directory) -> tuple[AnyChannel, Account, Hook[Account]]:
    missing = NotFound("there is no such hook")
    try:
        channel, configured = (await directory.one(account)).ready()
    except MainstemError:
        raise missing from None
    hook = next((hook for hook in channel.hooks if hook.path.strip("/") == path.strip("/")), None)
    if hook is None or not configured.enabled:
        raise missing
    return channel, configured, hook


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for piece in request.content.iter_chunked(64 * 1024):
        body += piece
        if len(body) > BODY_BYTES:
            raise TooLarge(f"a webhook call may have at most {BODY_BYTES} bytes")
    return bytes(body)


def _public_url(request: web.Request, settings: Settings) -> str:
    """The address that the far side called and signed: ours as it is known outside, path and query untouched."""
    base = settings.public_url or f"{request.scheme}://{request.host}"
    return base.rstrip("/") + request.raw_path
