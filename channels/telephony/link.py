"""Keeps one PBX and the stream in step, for as long as the AMI connection holds.

Order of everything: raw events kept, folded into calls, calls published, place noted. A crash at any point repeats work;
a second hub takes the calls up from the kept events.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami, Fields, open_ami
from channels.telephony.blocking import bring_in_step
from channels.telephony.events import CallEvent, heard_at, is_helper, is_kept
from channels.telephony.news import news_of
from channels.telephony.snapshot import Snapshot, differences
from channels.telephony.state import Call
from channels.telephony.switchboard import Switchboard
from crm_core.ground.clock import now
from hub.channel import Inlet
from hub.errors import ChannelError, Transient
from hub.model.call import CallEntry

log = logging.getLogger(__name__)

_AGAIN_S = 1.0
_PATIENCE_S = 45.0
"""A PBX that was heard before is looked for every second for so long, before the hub's longer pauses begin."""
_MARK_S = 1.0
_BATCH = 500
_GATHER_S = 0.003
"""A caller joins a queue and an agent's phone is called within a millisecond or two: taken together, the ring need not
wait until the joining is written."""


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
        self._n = 0
        self._marked = 0.0
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
            ended = await self._catch_up(ami)
            await self._note_gap(since, ended)
            await self._mark()
            await self._block(ami)
            while True:
                await self._listen(ami)

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
        kept = await self._inlet.calls.unfinished()
        self._board.take(CallEvent(entry.fields, entry.at, entry.n) for entry in kept)

    async def _catch_up(self, ami: Ami) -> int:
        """Bring our calls in step with what the PBX has; returns how many calls ended unseen."""
        before = frozenset(leg for call in self._board.live() for leg in call.legs)
        running = {call.id for call in self._board.live()}
        listed = await ami.listing({"Action": "CoreShowChannels"}, "CoreShowChannel")
        channels = [each for each in listed if not is_helper(each.get("Channel", ""))]
        waiting = await ami.listing({"Action": "QueueStatus"}, "QueueEntry")
        snapshot = Snapshot(tuple(channels), tuple(waiting), now())
        heard = self._kept(ami.waiting())
        names = frozenset(e.get(key) for e in heard for key in ("Uniqueid", "DestUniqueid") if e.get(key))
        await self._keep(heard)
        await self._keep(differences(self._board, before, names, snapshot))
        await self._publish(now())
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
        heard = await ami.events(self._account.ping_s)
        if not heard:
            await ami.ask({"Action": "Ping"})
            self._inlet.heard()
            await self._mark()
            return
        arrived = now()
        events = self._kept(heard)
        if events:
            await asyncio.sleep(_GATHER_S)
            events += self._kept(ami.waiting())
        for start in range(0, len(events), _BATCH):
            await self._keep(events[start : start + _BATCH])
            await self._publish(arrived)
        self._inlet.heard()
        if asyncio.get_running_loop().time() - self._marked > _MARK_S:
            await self._mark()

    def _kept(self, heard: Sequence[Fields]) -> list[CallEvent]:
        arrived = now()
        return [CallEvent(each, heard_at(each, arrived)) for each in heard if is_kept(each)]

    async def _keep(self, events: Sequence[CallEvent]) -> None:
        """Raw first, then into the calls."""
        if not events:
            return
        placed = [replace(event, n=self._n + number) for number, event in enumerate(events, 1)]
        await self._inlet.calls.keep(
            [CallEntry(n=e.n, linkedid=e.linkedid, at=e.at, fields=e.fields) for e in placed], self._account.keep_for
        )
        self._n = placed[-1].n
        before = dict(self._board.calls)
        self._board.take(placed)
        self._joined |= {name: before[name] for name in self._board.merged if name in before}

    async def _publish(self, arrived: datetime) -> None:
        board, region = self._board, self._account.region
        news = [
            news_of(call, region, heard_at=arrived, aside=board.is_aside(call))
            for name in board.changed
            if (call := board.calls.get(name)) is not None
        ]
        news += [
            news_of(call, region, heard_at=arrived, aside=True, merged_into=board.merged[name])
            for name, call in self._joined.items()
        ]
        if news:
            await self._inlet.calls.publish(news)
        board.changed.clear()
        board.merged.clear()
        self._joined.clear()

    async def _mark(self) -> None:
        self._marked = asyncio.get_running_loop().time()
        await self._inlet.calls.worked_through(self._n)
        self._board.forget(now())
