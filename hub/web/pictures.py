"""A message's HTML as the page of a frame, and the remote pictures in it once a reader asked for them."""

from __future__ import annotations

from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from hub.desk.mail_page import Look
from hub.desk.pictures import Pictures
from hub.identity.caller import Caller
from hub.web.described import described
from hub.web.may import SIGNED_IN
from hub.web.routes import Routes

routes = Routes("messages")

_HTML = {"text/html": {"schema": {"type": "string"}}}
_IMAGE = {"image/*": {"schema": {"type": "string", "format": "binary"}}}
_PAGE_POLICY = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src 'self' data:; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""No script in any way, nothing from elsewhere. The page keeps its origin, so that its pictures come with the reader's
own rights and the console can fit the frame to it; without scripts the origin is of no use to the mail."""


class PageLook(BaseModel):
    """How the reader wants it: `pictures=show` fetches the remote ones through the hub."""

    model_config = ConfigDict(extra="forbid")

    pictures: Literal["show", "hide"] = "hide"
    language: Literal["en", "zh-CN"] = "en"


class Asked(BaseModel):
    """A picture by its address in the message."""

    model_config = ConfigDict(extra="forbid")

    u: Annotated[str, Field(min_length=1, max_length=2100)]


@routes.get("/api/messages/{message}/html", may=SIGNED_IN)
@described(answer=_HTML)
async def show_html(message: str, query: PageLook, caller: Caller, pictures: Pictures) -> web.StreamResponse:
    """The message's HTML as a page for a frame: no scripts, nothing from elsewhere, quotes folded."""
    page = await pictures.page(caller, message, Look(query.language, query.pictures == "show"))
    return web.Response(
        text=page,
        content_type="text/html",
        headers={
            "Content-Security-Policy": _PAGE_POLICY,
            "X-Frame-Options": "SAMEORIGIN",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
    )


@routes.get("/api/messages/{message}/pictures", may=SIGNED_IN)
@described(answer=_IMAGE)
async def show_picture(message: str, query: Asked, caller: Caller, pictures: Pictures) -> web.StreamResponse:
    """A remote picture that stands in the message, fetched by the hub: its sender learns nothing of the reader."""
    picture = await pictures.picture(caller, message, query.u)
    return web.Response(
        body=picture.content,
        content_type=picture.type,
        headers={
            "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "private, max-age=3600",
        },
    )
