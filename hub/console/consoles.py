"""The consoles of this hub: who is in which room, and how an event gets to them.

Everything here is synchronous. Between the feed's batches no console is half in a room, and so no event is missed or
given twice: a console that catches up enters its rooms first, and what arrives meanwhile is held back for it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

from crm_core.ground.events import HUB, conversation_room
from hub.console.console import Console
from hub.console.line import FAREWELL, Frame, frame
from hub.console.rooms import Rooms
from hub.console.server import Wire
from hub.feed.replay import Stale, event_out
from hub.feed.rooms import conversation_of, gone_from_sight
from hub.feed.tail import Feed
from hub.metrics import CONSOLES, CONSOLES_STALE
from hub.store.client import Doc

_REMEMBER_REVOKED_S = 120.0


class Consoles:
    """All consoles of this hub. `queue_limit`: packets that may wait for one console before it is told to reload."""

    def __init__(self, feed: Feed, wire: Wire, queue_limit: int) -> None:
        self.feed = feed
        self.wire = wire
        self.queue_limit = queue_limit
        self._by_sid: dict[str, Console] = {}
        self._by_user: dict[str, set[Console]] = {}
        self.rooms = Rooms()
        self._revoked: dict[str, float] = {}
        feed.subscribe(self.hear)
        feed.subscribe_hints(self.hear_hints)
        wire.on_leave(self.left)

    # -- coming and going ------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._by_sid)

    def __iter__(self) -> Iterator[Console]:
        return iter(list(self._by_sid.values()))

    def find(self, sid: str) -> Console | None:
        """The console of this socket."""
        return self._by_sid.get(sid)

    def users(self) -> list[str]:
        """Everybody with a console on this hub."""
        return list(self._by_user)

    def add(self, console: Console) -> None:
        """Let a console in; it hears nothing before it enters its rooms."""
        self._by_sid[console.sid] = console
        self._by_user.setdefault(console.caller.user, set()).add(console)
        CONSOLES.set(len(self._by_sid))

    def left(self, sid: str) -> None:
        """The socket is gone."""
        if (console := self._by_sid.pop(sid, None)) is None:
            return
        self._forget(console)
        console.line.end()  # a poll that waits for more need not
        CONSOLES.set(len(self._by_sid))

    def _forget(self, console: Console) -> None:
        console.gone = True
        console.held = None
        self.rooms.exit(console, console.caller.rooms())
        self.rooms.exit(console, map(conversation_room, console.watched or ()))
        mine = self._by_user.get(console.caller.user, set())
        mine.discard(console)
        if not mine:
            self._by_user.pop(console.caller.user, None)

    # -- the feed --------------------------------------------------------------------------------------------

    def hear(self, events: list[Doc]) -> None:
        """A batch of the feed: to each console in any of an event's rooms, once."""
        for place, event in enumerate(events):
            if HUB in event["rooms"]:
                self._obey(event)
                continue
            targets = self.rooms.members_of_any(event["rooms"])
            if gone := gone_from_sight(event):
                targets = targets - self._still_see(gone, events[place + 1 : place + 2])
                self._stop_watching(gone, targets)
            if targets:
                self._send(targets, event_frame(event))

    def hear_hints(self, hints: list[Doc]) -> None:
        """Hints go to their room, but for the console that sent them."""
        for hint in hints:
            targets = {c for c in self.rooms.members(hint["room"]) if c.sid != hint["sender"]}
            if targets:
                body = {"seq": None, "at": hint["at"], "data": hint["data"]}
                self._send(targets, frame(hint["name"], body))

    def announce(self, packet: Frame) -> None:
        """Send to every live console."""
        self._send({c for c in self._by_sid.values() if c.held is None and not c.gone}, packet)

    def _send(self, targets: set[Console], packet: Frame) -> None:
        slow: list[Console] = []
        limit = self.queue_limit
        for console in targets:
            if console.held is None:
                if console.line.put(packet) > limit:
                    slow.append(console)
            elif len(console.held) < limit // 2:
                console.held.append(packet)
            else:
                console.overrun = True
        for console in slow:
            self.drop_slow(console)

    def _still_see(self, conversation: str, following: list[Doc]) -> set[Console]:
        """Those whom the same commit shows the conversation by another of their rooms."""
        if following and conversation_of(following[0]) == conversation:
            return self.rooms.members_of_any(following[0]["rooms"])
        return set()

    def _stop_watching(self, conversation: str, consoles: set[Console]) -> None:
        for console in consoles:
            if console.watched and conversation in console.watched:
                console.watched.discard(conversation)
                self.rooms.exit(console, [conversation_room(conversation)])

    # -- ending ----------------------------------------------------------------------------------------------

    def _obey(self, event: Doc) -> None:
        data = event["data"]
        if event["name"] == "hub.sign-in-ended":
            self._revoked[data["user"]] = asyncio.get_running_loop().time()
            for console in self._of(data["user"]):
                if data["sign_in"] in (None, console.caller.sign_in):
                    self.sign_out(console)
        elif event["name"] == "hub.rights-changed":
            self._revoked[data["user"]] = asyncio.get_running_loop().time()
            for console in self._of(data["user"]):
                self.close(console, "rights-changed", wait_s=random.random())  # noqa: S311 - spreads load

    def _of(self, user: str) -> list[Console]:
        return list(self._by_user.get(user, ()))

    def revoked_since(self, user: str, moment: float) -> bool:
        """Whether a sign-in or a right of this person ended after `moment` (the loop's time)."""
        return self._revoked.get(user, -1.0) >= moment

    def forget_revoked(self) -> None:
        """Drop what no arrival can ask for any more."""
        oldest = asyncio.get_running_loop().time() - _REMEMBER_REVOKED_S
        self._revoked = {user: at for user, at in self._revoked.items() if at > oldest}

    def sign_out(self, console: Console) -> None:
        """The sign-in behind this console is over; it must not come back by itself."""
        self._part(console, [frame("closing", {"why": "sign-in-ended", "wait_s": None}), FAREWELL])

    def close(self, console: Console, why: str, wait_s: float) -> None:
        """End a connection; the console comes back after `wait_s` seconds and replays."""
        self._part(console, [frame("closing", {"why": why, "wait_s": round(wait_s, 2)})])

    def drop_slow(self, console: Console) -> None:
        """A client that does not read: what waits for it is dropped, and it reloads when it comes back."""
        console.line.clear()
        self._part(console, [self.stale_frame("slow", self.feed.position)])

    def stale_frame(self, why: Stale, seq: int) -> Frame:
        """Tells a console to read everything afresh; what follows continues from `seq`."""
        CONSOLES_STALE.labels(why=why).inc()
        return frame("stale", {"seq": seq, "why": why})

    def _part(self, console: Console, last_words: list[Frame]) -> None:
        if console.gone:
            return
        self._forget(console)
        for packet in last_words:
            console.line.put(packet)
        self.wire.hang_up(console.line)

    def drain(self, within_s: float) -> None:
        """Send everybody away, to come back spread over `within_s` seconds."""
        for console in self:
            self.close(console, "drain", wait_s=random.uniform(0, within_s))  # noqa: S311 - spreads load


def event_frame(event: Doc) -> Frame:
    """A stored event as a console gets it."""
    out = event_out(event)
    return frame(out["name"], {"seq": out["seq"], "at": out["at"], "data": out["data"]})
