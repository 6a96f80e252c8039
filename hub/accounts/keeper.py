"""Runs the accounts: for each one that holds a connection, the hub that has its lease replays what was left open and
receives, with back-off, until the account is changed, switched off, or the lease is lost."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial

from crm_core.ground.clock import now
from crm_core.ground.errors import MainstemError
from hub.accounts.directory import Directory, Entry
from hub.accounts.health import owner_lease
from hub.accounts.inlet import Inlets
from hub.accounts.replays import Replays
from hub.accounts.roster import Roster
from hub.errors import Permanent
from hub.leases import Lease, Leases
from hub.supervise import Backoff, Supervisor

log = logging.getLogger(__name__)

_TRIES_WITH_THE_LEASE = 5
"""After so many failures in a row the lease is given back: another hub may reach what this one cannot."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before connecting again."""

    passing: Backoff
    """After a lost connection."""
    lasting: Backoff
    """After a refusal: trying often would lock the account out."""


PATIENCE = Patience(Backoff(first=1.0, most=60.0, calm_after=30.0), Backoff(first=30.0, most=600.0))


class Keeper:
    """Runs the accounts of this hub. `run` is kept by the supervisor."""

    def __init__(
        self,
        directory: Directory,
        leases: Leases,
        inlets: Inlets,
        replays: Replays,
        supervisor: Supervisor,
        patience: Patience = PATIENCE,
    ) -> None:
        self._leases = leases
        self._inlets = inlets
        self._replays = replays
        self._patience = patience
        self._roster = Roster("account", directory, supervisor, _receives, self._serve)

    def wake(self) -> None:
        """An account was added, changed or removed."""
        self._roster.wake()

    async def run(self) -> None:
        """Start, restart and stop accounts as they are configured, until cancelled."""
        await self._roster.run()

    async def _serve(self, entry: Entry) -> None:
        await self._leases.hold(owner_lease(entry.id), partial(self._own, entry))

    async def _own(self, entry: Entry, lease: Lease) -> None:
        health, failures = self._inlets.health, 0
        try:
            while failures < _TRIES_WITH_THE_LEASE:
                started = asyncio.get_running_loop().time()
                error = await self._receive(entry, lease)
                lasted_s = asyncio.get_running_loop().time() - started
                backoff = self._patience.lasting if isinstance(error, Permanent) else self._patience.passing
                failures = 1 if lasted_s > backoff.calm_after else failures + 1
                health.note(entry.id, "failing", reason=_reason(error))
                log.warning("account lost its far side", extra={"account": entry.id, "reason": _reason(error)})
                await asyncio.sleep(backoff.wait(failures))
        finally:
            health.left(entry.id)

    async def _receive(self, entry: Entry, lease: Lease) -> Exception:
        """Receive until that fails; returns what the far side did. What is our own fault goes to the supervisor."""
        channel, account = entry.ready()
        self._inlets.health.note(entry.id, "connecting")
        try:
            await self._replays.finish(entry, now(), lease)
            await channel.receive(account, self._inlets.of(entry.id, lease))
        except (MainstemError, OSError, EOFError) as error:
            return error
        except Exception as error:
            self._inlets.health.note(entry.id, "failing", reason=f"a fault in the channel: {_reason(error)}")
            raise
        return EOFError("the receiver ended by itself")


def _receives(entry: Entry) -> bool:
    return entry.channel is not None and entry.channel.receives


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
