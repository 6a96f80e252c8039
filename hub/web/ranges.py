"""Parts of a file over HTTP: `Range`, `If-Range`, `If-None-Match` (RFC 9110), streamed piece by piece."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import web

from crm_core.ground.errors import MainstemError
from hub.store.files import StoredFile

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class BadRange(MainstemError):
    """The bytes asked for are not in the file."""

    code, status, title = "bad-range", 416, "Range not satisfiable"


def asked_bytes(header: str | None, size: int) -> tuple[int, int]:
    """Start and length of one asked range; more than one, or another unit, gives the whole file (RFC 9110, 14.2)."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if start >= end:
        raise BadRange(f"the file has {size} bytes", size=size)
    return start, end - start


async def send_file(request: web.Request, file: StoredFile, headers: Mapping[str, str]) -> web.StreamResponse:
    """The file, or the part of it that is asked for; `headers` name its type and how it may be used."""
    tag, size = f'"{file.about["sha256"]}"', file.about["size"]
    headers = {**headers, "Accept-Ranges": "bytes", "ETag": tag}
    if request.headers.get("If-None-Match") in (tag, f"W/{tag}"):
        return web.Response(status=304, headers=headers)
    asked = request.headers.get("Range") if request.headers.get("If-Range", tag) == tag else None
    start, length = asked_bytes(asked, size)
    part = length < size or start > 0
    response = web.StreamResponse(status=206 if part else 200, headers=headers)
    response.content_length = length
    if part:
        response.headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    await response.prepare(request)
    if request.method != "HEAD":
        async for piece in file.read(start, length):
            await response.write(piece)
    await response.write_eof()
    return response
