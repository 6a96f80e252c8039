"""How many a segment reaches, while its writer still puts it together."""

from __future__ import annotations

from dataclasses import replace

from typing_extensions import TypedDict

from crm_core.access.actor import Actor
from crm_core.ground.errors import Invalid
from hub.store.records import Records
from hub.writing.audience import Audience, Segment
from hub.writing.optouts import OptOuts

MOST = 2000
"""Counting reads the records, since who has an address is in them: it goes so far, and says that there are more."""


class CountOut(TypedDict):
    """Of one segment: who gets the mailing, and who is left out (no address, unsubscribed, bounced, named before).
    `more`: there are more than were counted."""

    receivers: int
    left_out: int
    more: bool


async def count_segment(records: Records, optouts: OptOuts, writer: Actor, segment: Segment, at: int) -> CountOut:
    """Count one segment, with the writer's eyes.

    Args:
        at: its place among the segments, for the names of what is wrong with it.

    Raises:
        Invalid: names each filter that does not fit. Forbidden: a filter on a field out of sight.
    """
    keys: list[str] = []
    left_out, more = 0, False
    try:
        async for candidate in Audience(records, writer, [segment], ()).candidates():
            if len(keys) + left_out == MOST:
                more = True
                break
            if candidate.why is None:
                keys.append(candidate.receiver.key)
            else:
                left_out += 1
    except Invalid as error:
        wrong = tuple(replace(one, path=f"segments.{at}.filters.{one.path}") for one in error.fields)
        raise Invalid(error.detail, fields=wrong) from None
    barred = len(await optouts.barred(keys))
    return {"receivers": len(keys) - barred, "left_out": left_out + barred, "more": more}
