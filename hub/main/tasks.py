"""Everything that runs in a hub by itself, by name, under its supervisor."""

from __future__ import annotations

import asyncio
from functools import partial

from crm_core.ground.clock import now
from hub.desk.conversations import Conversations
from hub.leases import Lease
from hub.main.house import House
from hub.main.readers import durable_readers
from hub.readers import Reader, Readers

_SNOOZE_S = 20.0


def keep_tasks(house: House) -> None:
    """Start them all. A hub without one that is `needed` is not ready."""
    ground, streaming, accounts, telephony = house.ground, house.streaming, house.accounts, house.telephony
    keep, hold = ground.supervisor.keep, ground.leases.hold
    keep("writers", ground.units.tend)
    keep("commit", streaming.commit.run, needed=True)
    keep("raw", streaming.raws.run, needed=True)
    keep("feed", streaming.feed.run, needed=True)
    keep("leases", ground.leases.run, needed=True)
    keep("health", accounts.health.run)
    keep("accounts", accounts.keeper.run)
    keep("replays", accounts.replays.run)
    keep("outbox", accounts.outbox.run)
    keep("presence", house.desk.presence.run)
    keep("marks", accounts.mark_lanes.run)
    keep("snoozed", partial(hold, "snoozed", partial(_wake_snoozed, house.desk.conversations)))
    keep("wallboard", house.floor.wallboard.run)
    keep("after-calls", partial(hold, "after-calls", telephony.after_calls.run))
    keep("call-sums", partial(hold, "call-sums", house.floor.roller.run))
    keep("looking", house.consoles.looking.run)
    keep("push", partial(hold, "push", house.notices.push_sender.run))
    keep("callbacks", partial(hold, "callbacks", telephony.callbacks.run))
    keep("call-lists", partial(hold, "call-lists", house.outbound.entry_fates.run))
    keep("call-pacing", partial(hold, "call-pacing", house.outbound.pacing.run))
    for reader in durable_readers(house):
        name = f"reader:{reader.name}"
        keep(name, partial(hold, name, partial(_read, streaming.readers, reader)))


async def _wake_snoozed(conversations: Conversations, _lease: Lease) -> None:
    """Bring conversations back whose time has come; on one hub at a time."""
    while True:
        await conversations.wake_due(now())
        await asyncio.sleep(_SNOOZE_S)


async def _read(readers: Readers, reader: Reader, _lease: Lease) -> None:
    await readers.run(reader)
