"""Getting out of mailings by the link in them. Nobody is signed in here; the link is signed and names one address.

A GET shows a page and decides nothing (mail scanners follow links); a POST decides: the page's button, or the one click
of a mail program (RFC 8058).
"""

from __future__ import annotations

import html

from aiohttp import web

from hub.web.described import described
from hub.web.may import PUBLIC
from hub.web.routes import Routes
from hub.writing.optouts import OptOuts

routes = Routes("unsubscribe")

_HTML = {"text/html": {"schema": {"type": "string"}}}
_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>退订 · Unsubscribe</title><h1>{title}</h1><p>{address}</p>{form}</html>"""
_BUTTON = '<form method="post"><input type="hidden" name="{name}" value="{value}"><button>{label}</button></form>'
_BACK = "back"


@routes.get("/hooks/unsubscribe/{token}", may=PUBLIC)
@described(answer=_HTML)
async def show_unsubscribe(token: str, optouts: OptOuts) -> web.Response:
    """A page with a button; opening it changes nothing."""
    key = optouts.address_in(token)
    return _page(key, out=await optouts.is_out(key))


@routes.post("/hooks/unsubscribe/{token}", may=PUBLIC)
@described(answer=_HTML)
async def unsubscribe(token: str, request: web.Request, optouts: OptOuts) -> web.Response:
    """No more mailings to this address, or again, where the page's other button says so."""
    key = optouts.address_in(token)
    wants_back = (await request.post()).get(_BACK) == "1"
    await (optouts.take_in(key) if wants_back else optouts.take_out(key, "link"))
    return _page(key, out=not wants_back)


def _page(key: str, *, out: bool) -> web.Response:
    address = html.escape(key.partition(":")[2])
    if out:
        title = "已退订，不再收到群发邮件。<br>You are unsubscribed."
        form = _BUTTON.format(name=_BACK, value="1", label="重新订阅 · Subscribe again")
    else:
        title = "退订群发邮件？<br>Unsubscribe from mailings?"
        form = _BUTTON.format(name="List-Unsubscribe", value="One-Click", label="退订 · Unsubscribe")
    return web.Response(
        text=_PAGE.format(title=title, address=address, form=form),
        content_type="text/html",
        headers={
            "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
        },
    )
