"""Outside applications on home pages: a list that administrators keep. What stands on it as a frame may be shown inside the
console, and nothing else may. (S2.1.1-13)"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pymongo.errors import PyMongoError
from typing_extensions import TypedDict

from crm_core.ground.clock import now
from crm_core.ground.errors import FieldError, Invalid, NotFound, StaleRevision
from crm_core.ground.ids import new_id
from hub.events import HomeChanged
from hub.identity.audit import Audit
from hub.identity.caller import Caller
from hub.identity.far_end import FarEnd
from hub.store.client import Doc
from hub.store.notice_collections import OUTSIDE_APPS
from hub.store.unit import Unit, Units

log = logging.getLogger(__name__)

_MOST = 100
_TIME_MS = 1000
_PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&()*+=%]+")
"""Of an address, without what would end a rule of the content policy: spaces, quotes, semicolons, commas."""


class OutsideAppOut(TypedDict):
    """An outside application. `frame`: it is shown inside the console, else it opens in a tab of its own."""

    id: str
    name: str
    url: str
    frame: bool
    revision: int


class OutsideApps:
    """Reads and keeps the list."""

    def __init__(self, units: Units, audit: Audit) -> None:
        self._units, self._db, self._audit = units, units.db, audit
        self._origins: list[str] = []

    async def all(self) -> list[OutsideAppOut]:
        """All of them, by name."""
        return [_out(doc) async for doc in self._db[OUTSIDE_APPS].find().sort("name", 1).limit(_MOST)]

    async def origins(self) -> list[str]:
        """Whose pages the console may hold in a frame; while the store does not say, those that it named last."""
        try:
            found = self._db[OUTSIDE_APPS].find({"frame": True}, {"url": 1}).limit(_MOST).max_time_ms(_TIME_MS)
            self._origins = sorted({_origin(doc["url"]) async for doc in found})
        except PyMongoError:
            log.warning("the list of outside applications could not be read", exc_info=True)
        return self._origins

    async def create(self, who: Caller, far: FarEnd, fields: Mapping[str, Any], own: str) -> OutsideAppOut:
        """A new one; raises `Invalid` for an address that is none, or is our own (`own`: the host that was called)."""
        doc: Doc = {"_id": new_id(), **checked(fields, own), "revision": 1, "changed_at": now()}

        async def work(unit: Unit) -> None:
            if await unit.db[OUTSIDE_APPS].count_documents({}, session=unit.session) >= _MOST:
                raise Invalid(f"at most {_MOST} outside applications")
            await unit.db[OUTSIDE_APPS].insert_one(doc, session=unit.session)
            await self._settle(unit, doc, "outside-app.created", who, far)

        await self._units.run(work)
        return _out(doc)

    async def change(
        self, who: Caller, far: FarEnd, app: str, fields: Mapping[str, Any], own: str, revision: int
    ) -> OutsideAppOut:
        """Put this in its place; raises `NotFound`, `StaleRevision`, `Invalid`."""
        values = checked(fields, own)

        async def work(unit: Unit) -> Doc:
            before = await _load(unit, app)
            if before["revision"] != revision:
                raise StaleRevision("somebody changed it; read it again", revision=before["revision"])
            after = {**before, **values, "revision": revision + 1, "changed_at": now()}
            await unit.db[OUTSIDE_APPS].replace_one({"_id": app}, after, session=unit.session)
            await self._settle(unit, after, "outside-app.changed", who, far)
            return after

        return _out(await self._units.run(work))

    async def remove(self, who: Caller, far: FarEnd, app: str) -> None:
        """Off the list; a block that showed it says so."""

        async def work(unit: Unit) -> None:
            doc = await _load(unit, app)
            await unit.db[OUTSIDE_APPS].delete_one({"_id": app}, session=unit.session)
            await self._settle(unit, doc, "outside-app.removed", who, far)

        await self._units.run(work)

    async def _settle(self, unit: Unit, doc: Doc, what: str, who: Caller, far: FarEnd) -> None:
        unit.announce(HomeChanged())
        facts = {"name": doc["name"], "url": doc["url"], "frame": doc["frame"]}
        await self._audit.write(what, who=who.user, far=far, about=doc["_id"], unit=unit, **facts)


def checked(fields: Mapping[str, Any], own: str) -> Doc:
    """The fields as they are kept. Pure. In a frame our own pages could not be kept apart from us, so they are refused."""
    url = str(fields["url"]).strip()
    host = _host(url)
    if host is None:
        raise _wrong("a whole address, beginning with https:// or http://", rule="web-address")
    if fields["frame"] and host == own.lower():
        raise _wrong("a page of this console cannot stand in a frame", rule="not-this-console")
    return {"name": fields["name"], "url": url, "frame": fields["frame"]}


def _host(url: str) -> str | None:
    """The host with its port; None where this is no address of the web."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    good = parts.scheme in ("http", "https") and parts.hostname and not parts.username and not parts.password
    if not good or not _PLAIN.fullmatch(url):
        return None
    return parts.netloc.lower() if port is None or f":{port}" in parts.netloc else None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"


async def _load(unit: Unit, app: str) -> Doc:
    doc = await unit.db[OUTSIDE_APPS].find_one({"_id": app}, session=unit.session)
    if doc is None:
        raise NotFound("there is no such application", app=app)
    return doc


def _out(doc: Doc) -> OutsideAppOut:
    return {"id": doc["_id"], **{key: doc[key] for key in ("name", "url", "frame", "revision")}}  # type: ignore[typeddict-item]


def _wrong(detail: str, rule: str) -> Invalid:
    return Invalid(f"url: {detail}", fields=(FieldError("url", "address", detail, {"rule": rule}),))
