"""Whose phone rings is told at once, in a small unit of work of its own; what else there is to write of the call follows.

The document of a call remembers which rings were told. A call that had none gets it here, and one without a message the ids
that message and conversation will have: a crash in between leaves them to whoever takes the calls up. (docs/decisions/0020)
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pymongo import InsertOne, UpdateOne

from crm_core.ground.clock import as_stored, now
from crm_core.ground.errors import Unavailable
from crm_core.ground.ids import new_id
from hub.accounts.call_documents import call_document, call_out, held_calls, part_document
from hub.events import CallRinging
from hub.model.call import CallNews, RingOut, Rings, TakeRings
from hub.store.call_collections import CALLS
from hub.store.client import Doc
from hub.store.unit import Unit
from hub.stream.commit import AWAY
from hub.stream.stream import Stream

log = logging.getLogger(__name__)


_EXPECTED = 8
"""Places for rings that are told at once, mostly no more."""


def hand_over(rings: list[Rings]) -> list[Rings]:
    """All of them, once: the list is empty afterwards."""
    handed, rings[:] = [*rings], []
    return handed


class Ringer:
    """Of one account."""

    def __init__(self, stream: Stream, account: str) -> None:
        self._stream = stream
        self._account = account

    async def tell(self, take: TakeRings) -> None:
        """Tell of those that nobody was told of.

        Raises:
            Unavailable: the store is away.
        """
        taken: list[Rings] = []

        async def work(unit: Unit) -> None:
            taken.extend(take())  # only now: others may have begun to ring while this waited for its turn
            await self._work(unit, _together(taken))

        try:
            await self._stream.units.run(work, spare=_EXPECTED, urgent=True)
        except (Unavailable, *AWAY) as error:
            raise Unavailable("the store is away; the rings are told when it is back") from error
        except Exception:
            if not taken:
                raise
            log.warning("rings not told", extra={"account": self._account, "size": len(taken)}, exc_info=True)
            await self._tell_each(_together(taken))

    async def _tell_each(self, rings: Rings) -> None:
        """By itself, so that one which cannot be told keeps no other from it."""
        for each in rings.news if len(rings.news) > 1 else ():
            await self.tell(partial(hand_over, [replace(rings, news=(each,))]))

    async def _work(self, unit: Unit, rings: Rings) -> None:
        calls = {f"{self._account}|{each.id}": each for each in rings.news}  # looked up twice: as it was the last time
        held = await held_calls(unit, [*calls])
        writes: list[Any] = []
        for key, each in calls.items():
            before = held.get(key)
            new = [ring for ring in each.rings if ring["id"] not in (before or {}).get("rang", ())]
            if not new:
                continue
            shown, write = self._rung(key, each, rings, before, new)
            writes.append(write)
            for ring in new:
                unit.announce(_ringing(shown, each, ring, rings))
        if writes:
            await unit.db[CALLS].bulk_write(writes, ordered=False, session=unit.session)

    def _rung(
        self, key: str, news: CallNews, rings: Rings, before: Doc | None, new: Sequence[RingOut]
    ) -> tuple[Doc, Any]:
        """The call as it is shown, and what is written of it: of one that is known only that it rang, so that whoever
        publishes it sees what else is new."""
        rang, part = [ring["id"] for ring in new], part_document(news, rings.people)
        promise = _promise(news, rings) if before is None or not before["message"] else {}
        if before is not None:
            shown = before | {"part": part, "state": news.part["state"]} | promise
            noted = {"$addToSet": {"rang": {"$each": rang}}}
            return shown, UpdateOne({"_id": key}, noted | ({"$set": promise} if promise else {}))
        doc = call_document(key, self._account, news, part, (None, None)) | promise
        return doc, InsertOne(doc | {"rang": rang, "only_rang": True})


def _together(rings: Sequence[Rings]) -> Rings:
    return Rings(
        news=tuple(each for some in rings for each in some.news if each.rings),
        people={extension: person for some in rings for extension, person in some.people.items()},
        pops={ring: pop for some in rings for ring, pop in some.pops.items()},
        conversations={party: found for some in rings for party, found in some.conversations.items()},
    )


def _promise(news: CallNews, rings: Rings) -> Doc:
    """The ids that its message and its conversation will have, for the call's document."""
    if not news.told:
        return {}
    if known := rings.conversations.get(news.party.key):
        return {"message": new_id(), "conversation": known, "promised": ["message"]}
    return {"message": new_id(), "conversation": new_id(), "promised": ["message", "conversation"]}


def _ringing(call: Doc, news: CallNews, ring: RingOut, rings: Rings) -> CallRinging:
    """The screen pop: all that it paints, so that no second request is needed."""
    since, person, pop = ring["since"] or news.heard_at, rings.people.get(ring["extension"]), rings.pops[ring["id"]]
    return CallRinging(
        call=call_out(call),
        ring=ring["id"],
        number=news.party.text,
        caller_name=news.party.name,
        extension=ring["extension"],
        queue=ring["queue"] or call["part"]["queue"],
        waited_s=round(max(0.0, (since - news.began_at).total_seconds()), 3),
        candidates=pop.candidates,
        conversations=pop.conversations,
        stamps={"pbx": as_stored(since), "heard": as_stored(news.heard_at), "told": now()},
        _user=person["id"] if person else None,
    )
