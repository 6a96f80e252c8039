"""Letting a console in: who it is, what it missed, and from where on it is live."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pymongo.errors import PyMongoError

from crm_core.ground.errors import Forbidden, SignInNeeded, Unavailable
from hub.console.console import Console
from hub.console.consoles import Consoles, event_frame
from hub.console.line import frame
from hub.console.server import Arrival, Wire
from hub.feed.replay import Replay, Stale
from hub.feed.tail import Feed
from hub.identity.caller import Caller
from hub.identity.second_factor import SecondFactorNeeded
from hub.problems import from_validation
from hub.supervise import Supervisor

log = logging.getLogger(__name__)

_REPLAYS_AT_ONCE = 8
_CATCH_UP_S = 5.0
_TAKE_PAGE_S = 20.0
_PAGE = 200


class Identify(Protocol):
    """What the door asks of `hub.identity`."""

    async def identify(self, cookie: str | None, token: str | None) -> Caller:
        """Who is it; raises `SignInNeeded`."""

    async def expires_at(self, caller: Caller) -> datetime | None:
        """When the sign-in ends by itself; None for never. Raises `SignInNeeded` where it has ended."""


class Auth(BaseModel):
    """What a client may give when it connects. `after`: the last `seq` it has seen; absent: start live."""

    model_config = ConfigDict(extra="forbid")

    token: str | None = Field(default=None, max_length=200)
    after: int | None = Field(default=None, ge=0, lt=2**53)


class Door:
    """Decides who comes in, and brings each console up to date."""

    def __init__(
        self, wire: Wire, feed: Feed, replay: Replay, consoles: Consoles, identify: Identify, supervisor: Supervisor
    ) -> None:
        self._feed = feed
        self._replay = replay
        self._consoles = consoles
        self._identify = identify
        self._supervisor = supervisor
        self._gate = asyncio.Semaphore(_REPLAYS_AT_ONCE)
        self._open = True
        wire.on_arrival(self.arrive)

    def shut(self) -> None:
        """Let nobody in any more: this hub is going."""
        self._open = False

    async def arrive(self, arrival: Arrival) -> None:
        """Identify and admit; joining the rooms follows once the client knows that it is connected."""
        if not self._open:
            raise Unavailable("this hub is stopping; another one serves")
        try:
            auth = Auth.model_validate(arrival.auth)
        except ValidationError as error:
            raise from_validation(error, prefix="auth.") from None
        asked_at = asyncio.get_running_loop().time()
        try:
            caller = await self._identify.identify(None if auth.token else arrival.cookie, auth.token)
            expires_at = await self._ends_at(caller)
        except PyMongoError as error:
            raise Unavailable("the store is away; try again soon") from error
        if not caller.may_use("read"):
            raise Forbidden("this token does not allow reading")
        if caller.must_enrol:
            raise SecondFactorNeeded("a role of yours asks for a second factor; enrol one first")
        if self._consoles.revoked_since(caller.user, asked_at):
            raise SignInNeeded("rights changed this moment; connect again")
        console = Console(arrival.sid, caller, arrival.line, expires_at)
        self._consoles.add(console)
        self._supervisor.errand("console.join", self._join(console, auth.after))

    async def _ends_at(self, caller: Caller) -> datetime | None:
        """When to look again; who has just been identified says so without another question to the store."""
        if caller.by_token:
            return caller.expires_at
        return caller.idle_ends_at or await self._identify.expires_at(caller)

    async def _join(self, console: Console, after: int | None) -> None:
        try:
            if after is None:
                self._go_live(console, None, self._enter(console))
            else:
                async with self._gate:
                    await self._resume(console, after)
        except (PyMongoError, TimeoutError):
            log.warning("console could not be brought up to date", exc_info=True, extra={"user": console.caller.user})
            self._consoles.close(console, "try-again", wait_s=1.0)

    async def _resume(self, console: Console, after: int) -> None:
        """Replay up to the place where the rooms were entered; what came since was held back, and follows."""
        why: Stale | None = None
        if after > self._feed.position:  # it was live on a hub that is ahead of us, or its number is made up
            if after > await self._feed.newest():
                why = "future"
            else:
                async with asyncio.timeout(_CATCH_UP_S):
                    await self._feed.reached(after)
        upto = self._enter(console)
        if why is None:
            why = await self._replay.stale(console.caller, after, upto)
        if why is None:
            await self._give(console, after, upto)
        self._go_live(console, why, upto)

    async def _give(self, console: Console, after: int, upto: int) -> None:
        size = max(1, min(_PAGE, self._consoles.queue_limit // 4))
        async for page in self._replay.pages(console.caller, after, upto, size):
            if console.gone:
                return
            for event in page:
                console.line.put(event_frame(event))
            async with asyncio.timeout(_TAKE_PAGE_S):
                while console.line.waiting > size and not console.gone:  # noqa: ASYNC110 - the library's queue tells nobody
                    await asyncio.sleep(0.01)

    def _enter(self, console: Console) -> int:
        """Into the rooms; returns the place from which on the console hears by itself."""
        if not console.gone:
            self._consoles.rooms.enter(console, console.caller.rooms())
        return self._feed.position

    def _go_live(self, console: Console, why: Stale | None, upto: int) -> None:
        """No await in here: what was held goes out, and the next batch goes straight to the console."""
        if console.gone:
            return
        if console.overrun:
            why, upto, console.held = "slow", self._feed.position, []
        if why is not None:
            console.line.put(self._consoles.stale_frame(why, upto))
        for packet in console.held or ():
            console.line.put(packet)
        console.held = None
        console.line.put(frame("ready", {"seq": self._feed.position}))
