"""The outbox of a hub: a lane for each account that sends, on whichever hub holds the account's outbox lease."""

from __future__ import annotations

from functools import partial

from hub.accounts.directory import Directory, Entry
from hub.accounts.roster import Roster
from hub.leases import Lease, Leases
from hub.outbox.lane import Lane, LaneParts
from hub.supervise import Supervisor


class Outbox:
    """Runs the lanes of this hub. `run` is kept by the supervisor."""

    def __init__(self, directory: Directory, leases: Leases, parts: LaneParts, supervisor: Supervisor) -> None:
        self._leases = leases
        self._parts = parts
        self._lanes: dict[str, Lane] = {}
        self._roster = Roster("outbox", directory, supervisor, _sends, self._serve)

    def wake(self, account: str) -> None:
        """A message of this account was queued (`OutboxFilled`)."""
        if lane := self._lanes.get(account):
            lane.wake()

    def accounts_changed(self) -> None:
        """An account was added, changed or removed (`AccountChanged`)."""
        self._roster.wake()

    async def run(self) -> None:
        """Start, restart and stop lanes as accounts are configured, until cancelled."""
        await self._roster.run()

    async def _serve(self, entry: Entry) -> None:
        await self._leases.hold(f"outbox:{entry.id}", partial(self._send, entry))

    async def _send(self, entry: Entry, lease: Lease) -> None:
        lane = self._lanes[entry.id] = Lane(self._parts, entry, lease)
        try:
            await lane.run()
        finally:
            del self._lanes[entry.id]


def _sends(entry: Entry) -> bool:
    return entry.channel is not None and entry.channel.can.outbound
