"""Attachments over HTTP: uploads as they stream in, downloads that no browser will run."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from crm_core.ground.errors import Malformed
from hub.desk.attachments import Attachments
from hub.identity.caller import Caller
from hub.model.message import FileOut
from hub.store.files import StoredFile
from hub.store.sniff import PLAIN, SAFE_IMAGES, served_type
from hub.web.described import described
from hub.web.may import SIGNED_IN, WRITE
from hub.web.ranges import send_file
from hub.web.routes import Routes

routes = Routes("files")

_PIECE = 64 * 1024
_BINARY = {PLAIN: {"schema": {"type": "string", "format": "binary"}}}
_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}},
}


@routes.post("/api/files", may=WRITE, status=201)
@described(request={"multipart/form-data": {"schema": _FORM}})
async def upload_file(request: web.Request, caller: Caller, attachments: Attachments) -> FileOut:
    """Keep one file for a message to come. The form has one part with a file name."""
    part = await _file_part(request)
    claimed = part.headers.get("Content-Type", PLAIN)
    return await attachments.upload(caller, _pieces(part), part.filename or "file", claimed)


@routes.get("/api/files/{file}", may=SIGNED_IN)
@described(answer=_BINARY)
async def show_file(file: str, request: web.Request, caller: Caller, attachments: Attachments) -> web.StreamResponse:
    """The content of a file: pictures to look at, everything else to save. Takes `Range` and `If-None-Match`."""
    found = await attachments.open(caller, file)
    return await send_file(request, found, _headers(found))


async def _file_part(request: web.Request) -> BodyPartReader:
    if request.content_type != "multipart/form-data":
        raise Malformed("send multipart/form-data with one file")
    try:
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.filename is not None:
                return part
    except ValueError as error:
        raise Malformed(f"the form cannot be read: {error}") from None
    raise Malformed("the form has no part with a file name")


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(_PIECE):
        yield bytes(piece)
    if not part.at_eof():
        raise Malformed("the upload ended early")


def _headers(file: StoredFile) -> dict[str, str]:
    about = file.about
    way = "inline" if about["type"] in SAFE_IMAGES else "attachment"
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", about["name"])
    return {
        "Content-Type": served_type(about["type"]),
        "Content-Disposition": f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(about['name'], safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
    }
