"""Sends what is to be sent: on one hub at a time, with retries, and only what still needs saying."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from itertools import groupby

from crm_core.ground.clock import now
from hub.desk.assistant import Assistant
from hub.desk.parameters import BROWSER_PUSH, Parameters
from hub.desk.push.parcels import Parcels
from hub.desk.push.push_reader import FRESH
from hub.desk.push.rules import Post, PushAnswer, PushUnavailable, outcome_of, pause
from hub.desk.push.subscriptions import wrong_endpoint
from hub.leases import Lease
from hub.settings import PushSettings
from hub.store.client import Database, Doc
from hub.store.collections import SESSIONS
from hub.store.notice_collections import NOTICES
from hub.store.push_collections import LOOKING, PUSH_SUBSCRIPTIONS, PUSHES

log = logging.getLogger(__name__)

_SWEEP_S = 2.0
_AT_ONCE = 50
_MINUTE = timedelta(minutes=1)
_ROOM_AGAIN = timedelta(seconds=10)


class PushSender:
    """The lane of all pushes."""

    def __init__(
        self,
        db: Database,
        parameters: Parameters,
        assistant: Assistant,
        parcels: Parcels,
        settings: PushSettings,
        post: Post,
    ) -> None:
        self._db, self._parameters, self._assistant = db, parameters, assistant
        self._parcels, self._settings, self._post = parcels, settings, post
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something is to be sent."""
        self._woken.set()

    async def run(self, lease: Lease) -> None:
        """Send until cancelled."""
        while True:
            self._woken.clear()
            while await self.step(lease):
                pass
            try:
                async with asyncio.timeout(_SWEEP_S):
                    await self._woken.wait()
            except TimeoutError:
                continue

    async def step(self, lease: Lease) -> bool:
        """What is due now; True while there may be more. One person's go in order, beside those of others."""
        due = {"state": "waiting", "due": {"$lte": now()}}
        found = await self._db[PUSHES].find(due).sort("due", 1).limit(_AT_ONCE).to_list()
        found.sort(key=lambda doc: (doc["user"], doc["_id"]))
        lanes = [list(mine) for _, mine in groupby(found, key=lambda doc: doc["user"])]
        await asyncio.gather(*(self._lane(lane, lease) for lane in lanes))
        return len(found) == _AT_ONCE

    async def _lane(self, pushes: list[Doc], lease: Lease) -> None:
        for push in pushes:
            await self._one(push, lease)

    async def _one(self, push: Doc, lease: Lease) -> None:
        notice = await self._db[NOTICES].find_one({"_id": push["notice"]})
        browser = await self._db[PUSH_SUBSCRIPTIONS].find_one({"_id": push["subscription"], "user": push["user"]})
        if why := await self._needless(notice, browser):
            return await self._done(push, "dropped", why)
        assert notice is not None
        assert browser is not None
        if await self._sent_lately(push["user"]) >= self._settings.per_minute:
            return await self._put_off(push, _ROOM_AGAIN, push["tries"])
        if not await self._signed_in(browser):
            return await self._gone(push, "sign-in-ended")
        if lease.held:
            await self._send(push, notice, browser)
        return None

    async def _needless(self, notice: Doc | None, browser: Doc | None) -> str | None:
        """Why nothing needs to be sent any more; None when it does."""
        if notice is None or browser is None:
            return "gone"
        if notice["state"] != "unread" or notice["at"] < now() - FRESH:
            return "seen or old"
        if wrong_endpoint(browser["endpoint"], self._settings):
            return "host"
        chosen = await self._assistant.show(notice["user"])
        if not (chosen["enabled"] and chosen["push"] and await self._parameters.on(BROWSER_PUSH)):
            return "not chosen"
        looks = await self._db[LOOKING].find_one({"user": notice["user"], "until": {"$gt": now()}}, {"_id": 1})
        return "looking" if looks else None

    async def _sent_lately(self, user: str) -> int:
        return await self._db[PUSHES].count_documents({"user": user, "sent_at": {"$gt": now() - _MINUTE}})

    async def _signed_in(self, browser: Doc) -> bool:
        where = {"_id": browser["sign_in"], "user": browser["user"], "expires_at": {"$gt": now()}}
        return await self._db[SESSIONS].find_one(where, {"_id": 1}) is not None

    async def _send(self, push: Doc, notice: Doc, browser: Doc) -> None:
        answer: PushAnswer | None = None
        why: str | None = None
        try:
            headers, body = self._parcels.headers(notice, browser), await self._parcels.body(notice, browser)
            answer = await self._post(browser["endpoint"], headers, body)
        except PushUnavailable as error:
            why = str(error)
        tries = push["tries"] + 1
        why = why or f"answered {answer.status if answer else 'nothing'}"
        match outcome_of(answer, tries):
            case "sent":
                await self._done(push, "sent", None)
            case "gone":
                await self._gone(push, why)
            case "again":
                await self._put_off(push, pause(answer, tries), tries)
            case "dropped":
                log.warning("a push was given up", extra={"user": push["user"], "reason": why})
                await self._done(push, "dropped", why)

    async def _gone(self, push: Doc, why: str) -> None:
        await self._db[PUSH_SUBSCRIPTIONS].delete_one({"_id": push["subscription"], "user": push["user"]})
        await self._done(push, "dropped", why)

    async def _done(self, push: Doc, state: str, why: str | None) -> None:
        ended = {"state": state, "why": why, "sent_at": now() if state == "sent" else None}
        await self._db[PUSHES].update_one({"_id": push["_id"], "state": "waiting"}, {"$set": ended})

    async def _put_off(self, push: Doc, wait: timedelta, tries: int) -> None:
        later = {"due": now() + wait, "tries": tries}
        await self._db[PUSHES].update_one({"_id": push["_id"], "state": "waiting"}, {"$set": later})
