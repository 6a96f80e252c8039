"""Looking after the consoles: heartbeats, sign-ins that run out, presence, connections that lead nowhere."""

from __future__ import annotations

import asyncio
import logging

from crm_core.ground.clock import now
from crm_core.ground.errors import SignInNeeded
from hub.console.connect import Identify
from hub.console.console import Console
from hub.console.consoles import Consoles
from hub.console.line import frame
from hub.console.watching import WATCHING_INDEXES, Watching
from hub.desk.presence import Presence
from hub.store.client import Database
from hub.store.collections import ensure_indexes
from hub.supervise import Supervisor

log = logging.getLogger(__name__)

_HEARTBEAT_S = 15.0
_SIGN_INS_S = 60.0
_SWEEP_S = 5.0
_PRESENCE_S = 10.0


class Keeper:
    """The supervised chores of one hub's consoles."""

    def __init__(self, consoles: Consoles, identify: Identify, presence: Presence, watching: Watching) -> None:
        self._consoles = consoles
        self._identify = identify
        self._presence = presence
        self._watching = watching
        self._told = 0
        self._watchers: dict[str, set[str]] = {}

    async def start(self, db: Database, supervisor: Supervisor) -> None:
        """Make the indexes and start the chores."""
        await ensure_indexes(db, WATCHING_INDEXES)
        supervisor.keep("console.heartbeat", self.run_heartbeat)
        supervisor.keep("console.sweep", self.run_sweep)
        supervisor.keep("console.sign-ins", self.run_sign_ins)
        supervisor.keep("console.presence", self.run_presence)

    async def run_heartbeat(self) -> None:
        """`ready {seq}` whenever the stream has moved, so that a quiet console too knows where it stands."""
        while True:
            self.beat()
            await asyncio.sleep(_HEARTBEAT_S)

    def beat(self) -> None:
        """One heartbeat."""
        position = self._consoles.feed.position
        if position != self._told:
            self._told = position
            self._consoles.announce(frame("ready", {"seq": position}))

    async def run_sweep(self) -> None:
        """Cut what is no console and never will be, forget what the library forgot to tell, clear away watchers."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._consoles.wire.sweep(2 * self._consoles.queue_limit)
            self._consoles.forget_revoked()
            for console in self._consoles:
                if console.line.socket.closed:
                    self._consoles.left(console.sid)
            await self.clear_watchers()

    async def clear_watchers(self) -> None:
        """Consoles that left, or lost sight of a conversation, look at it no longer."""
        present = {c.sid: set(c.watched) for c in self._consoles if c.watched and not c.gone}
        for sid, conversations in self._watchers.items():
            if gone := conversations - present.get(sid, set()):
                await self._watching.end(sid, gone)
        self._watchers = present

    async def run_sign_ins(self) -> None:
        """Every minute, end the consoles whose sign-in has run out."""
        while True:
            await asyncio.sleep(_SIGN_INS_S)
            await self.check_sign_ins()

    async def check_sign_ins(self) -> None:
        """Ask again about those that seem to have run out: use since then may have made them longer."""
        at = now()
        for console in self._consoles:
            if console.expires_at is not None and console.expires_at <= at and not console.gone:
                await self._check_sign_in(console)

    async def _check_sign_in(self, console: Console) -> None:
        try:
            console.expires_at = await self._identify.expires_at(console.caller)
        except SignInNeeded:
            log.info("sign-in ran out", extra={"user": console.caller.user})
            self._consoles.sign_out(console)
            return
        if console.expires_at is not None and console.expires_at <= now():
            self._consoles.sign_out(console)

    async def run_presence(self) -> None:
        """Vouch for everybody who has a console here."""
        while True:
            await self._presence.vouch(self._consoles.users())
            await self._watching.vouch([c.sid for c in self._consoles if c.watched])
            await asyncio.sleep(_PRESENCE_S)
