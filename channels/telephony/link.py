"""Keeps one PBX and the stream in step, for as long as the AMI connection holds.

Order of everything: raw events kept, rings told, calls published, place noted. A crash at any point repeats work; a second
hub takes the calls up from the kept events. What is made of events is worked out while they are being kept, and goes to
the store only when they are. (docs/decisions/0015, 0020)
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami, Fields, open_ami
from channels.telephony.beside import Beside
from channels.telephony.blocking import bring_in_step
from channels.telephony.events import CallEvent, heard_at, is_helper, is_kept
from channels.telephony.news import news_of
from channels.telephony.ringing import Reached, Ringing
from channels.telephony.snapshot import Snapshot, Unheard, differences, tapes
from channels.telephony.standstill import pause_again, recorded_channels
from channels.telephony.state import Call
from channels.telephony.switchboard import Switchboard
from channels.telephony.taping import OF_TAPES
from crm_core.ground.clock import now
from hub.channel import Inlet
from hub.errors import ChannelError, Transient
from hub.model.call import CallEntry
from hub.supervise import run_beside

log = logging.getLogger(__name__)

_AGAIN_S = 1.0
_PATIENCE_S = 45.0
"""A PBX that was heard before is looked for every second for so long, before the hub's longer pauses begin."""
_MARK_S = 1.0
_RINGS = frozenset({"DialBegin", "AgentCalled"})
_BATCH = 500
_CALM_S = 0.1
"""While there is much to do, what is no ring is gathered for so long: several changes of a call are written as one."""
_CALM_AT_ONCE = 8
"""Calls that are written in one unit: more would keep the next ring waiting."""
_AFTER_RINGS_S = 0.02
"""So long at most the rest waits for rings that are being told."""
_GATHER_S = 0.002
"""What belongs together comes within a millisecond or two."""
_GATHER_BUSY_S = 0.03
"""While calls are written anyway, what is heard and is no ring waits so long: each keeping is a write to the journal."""


async def connect(account: TelephonyAccount) -> Ami:
    """An AMI connection of the account; raises `Transient`, `Permanent`."""
    secret, tls = account.secret.get_secret_value(), account.tls_context()
    return await open_ami(account.host, account.port, account.username, secret, timeout_s=account.timeout_s, tls=tls)


class Link:
    """One account's PBX. `run` ends only by raising."""

    def __init__(self, account: TelephonyAccount, inlet: Inlet) -> None:
        self._account = account
        self._inlet = inlet
        self._board = Switchboard()
        self._beside = Beside()
        self._n = 0
        self._changed = asyncio.Event()
        self._arrived: dict[str, datetime] = {}
        """When the last event of each call came in that is to be published."""
        self._marked = self._published = 0.0
        self._through = 0
        """Everything up to this event is published."""
        self._kept_to = Reached()
        """Everything up to this event is kept."""
        self._writing = False
        self._ringing = Ringing(account, inlet, self._board, self._kept_to)
        self._joined: dict[str, Call] = {}
        """Calls that another took in, as they were before."""

    async def run(self) -> None:
        """Listen until cancelled.

        Raises:
            Transient, Permanent: what the PBX did.
            Unavailable: the store is away, or another hub owns the account.
        """
        since = await self._inlet.calls.heard_until()
        async with await self._connect(patient=since is not None) as ami:
            await self._take_up()
            ended = await self._catch_up(ami, since)
            await pause_again(ami, self._inlet.calls, self._board.live())
            await self._note_gap(since, ended)
            await self._mark()
            await self._beside.tell(self._inlet.calls)
            await self._block(ami)
            await run_beside(self._listen(ami), self._ringing.run(), self._tell())

    async def _connect(self, *, patient: bool) -> Ami:
        clock = asyncio.get_running_loop().time
        until = clock() + _PATIENCE_S
        while True:
            try:
                return await connect(self._account)
            except Transient:
                if not patient or clock() > until:
                    raise
            await asyncio.sleep(_AGAIN_S)

    async def _take_up(self) -> None:
        """The calls as the last hub left them, made anew from the kept events."""
        self._n = await self._inlet.calls.last()
        self._kept_to.reach(self._n)
        kept = await self._inlet.calls.unfinished()
        self._board.take(CallEvent(entry.fields, entry.at, entry.n) for entry in kept)
        self._ringing.hear(self._board.calls, now())

    async def _catch_up(self, ami: Ami, since: datetime | None) -> int:
        """Bring our calls in step with what the PBX has; returns how many calls ended unseen."""
        before = frozenset(leg for call in self._board.live() for leg in call.legs)
        running = {call.id for call in self._board.live()}
        listed = await ami.listing({"Action": "CoreShowChannels"}, "CoreShowChannel")
        self._beside.take(listed)
        channels = [each for each in listed if not is_helper(each.get("Channel", ""))]
        waiting = await ami.listing({"Action": "QueueStatus"}, "QueueEntry")
        recorded = await recorded_channels(ami)
        snapshot = Snapshot(tuple(channels), tuple(waiting), now())
        heard = self._kept(ami.waiting())
        names = frozenset(e.get(key) for e in heard for key in ("Uniqueid", "DestUniqueid") if e.get(key))
        await self._keep(heard, now())
        await self._keep(differences(self._board, before, names, snapshot), now())
        told = frozenset(e.uniqueid for e in heard if e.name in OF_TAPES)
        await self._keep(tapes(self._board, before, told, recorded, Unheard(since, snapshot.at)), now())
        await self._ringing.tell()
        while self._unpublished:
            await self._publish([*self._board.changed])
        return sum(call.ended for call in self._board.calls.values() if call.id in running)

    async def _block(self, ami: Ami) -> None:
        """The PBX refuses whom supervisors blocked. Where it cannot be told, calls go on without."""
        blocked = await self._inlet.calls.blocked()
        try:
            await bring_in_step(ami, blocked, self._account.region, self._account.timeout_s)
        except ChannelError as error:
            if not blocked:
                return
            log.warning("blocked callers are not refused", extra={"account": self._account.id, "reason": str(error)})

    async def _note_gap(self, since: datetime | None, ended: int) -> None:
        until = now()
        if since is None:
            self._inlet.connected()
            return
        await self._inlet.calls.gap(since, until, ended)
        times = f"{since:%H:%M:%S} to {until:%H:%M:%S} UTC"
        self._inlet.connected(f"not heard from {times}; {ended} calls ended meanwhile")

    async def _listen(self, ami: Ami) -> None:
        """Keep what is heard, and fold it into the calls."""
        clock = asyncio.get_running_loop().time
        while True:
            heard = await ami.events(self._account.ping_s)
            arrived = ami.came_at
            if not heard:
                await ami.ask({"Action": "Ping"})
            if events := self._kept(heard):
                events += await self._gathered(ami, events)
                for start in range(0, len(events), _BATCH):
                    await self._keep(events[start : start + _BATCH], arrived)
            await self._beside.tell(self._inlet.calls)
            self._inlet.heard()
            if not heard or clock() - self._marked > _MARK_S:
                await self._mark()

    async def _gathered(self, ami: Ami, events: list[CallEvent]) -> list[CallEvent]:
        """What comes in the next moment. A ring waits for nothing else."""
        clock = asyncio.get_running_loop().time
        until, more = clock() + _GATHER_BUSY_S, []
        while True:
            await asyncio.sleep(_GATHER_S)
            more += self._kept(ami.waiting())
            if not self._writing or clock() > until or any(each.name in _RINGS for each in (*events, *more)):
                return more

    async def _tell(self) -> None:
        """Publish what changed, and after the rings."""
        clock = asyncio.get_running_loop().time
        while True:
            calm_in = self._published + _CALM_S - clock()
            if self._unpublished and calm_in <= 0:
                await self._ringing.told(_AFTER_RINGS_S)
                await self._publish([*itertools.islice(self._board.changed, _CALM_AT_ONCE)])
            else:
                await self._wait(calm_in if self._unpublished else None)

    async def _wait(self, at_most_s: float | None) -> None:
        """Until something changes."""
        self._changed.clear()
        try:
            async with asyncio.timeout(at_most_s):
                await self._changed.wait()
        except TimeoutError:
            return

    @property
    def _unpublished(self) -> bool:
        return bool(self._board.changed or self._joined)

    def _kept(self, heard: Sequence[Fields]) -> list[CallEvent]:
        arrived = now()
        self._beside.hear(heard)
        return [CallEvent(each, heard_at(each, arrived)) for each in heard if is_kept(each)]

    async def _keep(self, events: Sequence[CallEvent], arrived: datetime) -> None:
        """Into the store, and into the calls: what becomes of them waits until they are kept."""
        if not events:
            return
        placed = [replace(event, n=self._n + number) for number, event in enumerate(events, 1)]
        self._n = placed[-1].n
        self._fold(placed, arrived)
        await self._inlet.calls.keep(
            [CallEntry(n=e.n, linkedid=e.linkedid, at=e.at, fields=e.fields) for e in placed], self._account.keep_for
        )
        self._kept_to.reach(placed[-1].n)

    def _fold(self, placed: Sequence[CallEvent], arrived: datetime) -> None:
        board, waiting = self._board, dict(self._board.changed)
        before = dict(board.calls)
        board.changed.clear()
        board.take(placed)
        self._arrived |= dict.fromkeys(board.changed, arrived)
        self._joined |= {name: before[name] for name in board.merged if name in before}
        fresh = dict(board.changed)
        board.changed.clear()
        board.changed |= {name: None for name in waiting if name in board.calls} | fresh
        self._ringing.hear(fresh, arrived)
        self._changed.set()

    async def _publish(self, names: Sequence[str]) -> None:
        """These calls as they are now, and those that went into others."""
        board, region, at, reached = self._board, self._account.region, now(), self._n
        calls = [call for name in names if (call := board.calls.get(name)) is not None]
        news = [
            news_of(call, region, heard_at=self._arrived.pop(call.id, at), aside=board.is_aside(call)) for call in calls
        ]
        news += [
            news_of(call, region, heard_at=at, aside=True, merged_into=board.merged[name])
            for name, call in self._joined.items()
        ]
        for name in names:
            board.changed.pop(name, None)
        board.merged.clear()
        self._joined.clear()
        done, self._writing = not board.changed, True
        if news:
            await self._kept_to.at(reached)
            await self._inlet.calls.publish(news)
        self._writing = False
        if done:
            self._through, self._published = reached, asyncio.get_running_loop().time()

    async def _mark(self) -> None:
        self._marked = asyncio.get_running_loop().time()
        if not self._unpublished and not self._writing:
            self._through = self._n
        await self._inlet.calls.worked_through(self._through)
        self._board.forget(now())
        self._ringing.forget()
