"""A call is made in the time for which it was promised, or not at all: a hub that stood still does not dial late. (S2.9.9-06)

Between the intent and the act the process may be stopped for any time, a machine be suspended. Meanwhile another hub has taken
over, asked the PBX, and dialled. So all is asked once more when nothing but the act itself is left to do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from crm_core.ground.clock import now
from hub.calling import Still
from hub.errors import Late
from hub.leases import Lease

DIALS_WITHIN_S = 15.0
"""Well within the time after which another hub asks the PBX about it: then this one does not dial any more."""


def in_time(
    holds: Callable[[], Awaitable[bool]] | None = None, *, since: datetime | None = None, lease: Lease | None = None
) -> Still:
    """What is asked right before a call is made.

    Args:
        holds: whether what was promised still stands, by the store.
        since: when it was promised; without it, now.
        lease: under which it is done.
    """
    clock = asyncio.get_running_loop().time
    gone = (now() - since).total_seconds() if since else 0.0
    until = clock() + DIALS_WITHIN_S - gone

    async def still() -> float:
        if lease is not None and not lease.held:
            raise Late("another hub has taken over: nothing was dialled")
        if holds is not None and not await holds():
            raise Late("what was to be dialled is not wanted any more: nothing was dialled")
        return min(until, lease.ends) if lease is not None else until

    return still
