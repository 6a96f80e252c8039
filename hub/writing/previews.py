"""A letter as receiver N would get it: made by the same steps as the sending."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from typing_extensions import TypedDict

from crm_core.ground.errors import NotFound
from hub.identity.caller import Caller
from hub.identity.people import People
from hub.store.client import Doc
from hub.store.records import Records
from hub.writing.audience import Audience, Segment
from hub.writing.counting import CountOut, count_segment
from hub.writing.merging import Merging, Receiver, hand_of
from hub.writing.optouts import OptOuts
from hub.writing.schemes import letter_of, segments_of


class PreviewOut(TypedDict):
    """The letter for one receiver. `why` says why it would not be sent: opted_out, no_address, bounced, duplicate_address."""

    n: int
    kind: str
    record: str | None
    name: str
    address: str
    why: str | None
    subject: str
    text: str
    html: str | None
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Previews:
    """Shows what a mailing would send, with the caller's eyes."""

    records: Records
    people: People
    optouts: OptOuts
    company: str

    async def show(self, caller: Caller, scheme: Doc, number: int) -> PreviewOut:
        """As receiver `number` (from 1) gets it.

        Raises:
            NotFound: there are not so many receivers.
            Invalid: a template has a fault; it is named with its place.
        """
        person = await self.people.find(caller.user)
        zone = person.time_zone if person else "UTC"
        letter = await asyncio.to_thread(letter_of, scheme, self.records, zone)
        found, why, more = await self._find(caller, scheme, number)
        merging = Merging(self.records, caller.actor, hand_of(scheme["language"], zone), self.company)
        link = self.optouts.link(found.key)
        values = await merging.values(found, letter.links, unsubscribe=link)
        merged = await asyncio.to_thread(letter.merge, values)
        return {
            "n": number,
            "kind": found.kind,
            "record": f"{found.record[0]}:{found.record[1]}" if found.record else None,
            "name": found.name,
            "address": found.key.partition(":")[2],
            "why": why,
            "subject": merged.subject,
            "text": merged.text,
            "html": merged.html,
            "more": more,
        }

    async def count(self, caller: Caller, segments: Sequence[Segment]) -> list[CountOut]:
        """How many each segment reaches. Raises as `count_segment`."""
        return [
            await count_segment(self.records, self.optouts, caller.actor, segment, at)
            for at, segment in enumerate(segments)
        ]

    async def _find(self, caller: Caller, scheme: Doc, number: int) -> tuple[Receiver, str | None, bool]:
        audience = Audience(self.records, caller.actor, segments_of(scheme), scheme["addresses"])
        at = 0
        wanted = None
        async for candidate in audience.candidates():
            at += 1
            if wanted is not None:
                return wanted.receiver, await self._why(wanted.receiver.key, wanted.why), True
            if at == number:
                wanted = candidate
        if wanted is None:
            raise NotFound(f"this mailing has {at} receivers", receivers=at)
        return wanted.receiver, await self._why(wanted.receiver.key, wanted.why), False

    async def _why(self, key: str, why: str | None) -> str | None:
        return why or (await self.optouts.barred([key])).get(key)
