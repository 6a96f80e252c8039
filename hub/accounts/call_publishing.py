"""Calls become messages, documents and news for consoles: all of it in one unit of work, however many calls there are.

A crash before the unit commits leaves nothing of it; the same calls, published again, change nothing. The document of a
call remembers which rings were told. (docs/decisions/0015)
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from crm_core.ground.clock import as_stored
from crm_core.ground.errors import MainstemError, NotFound, Unavailable
from hub.accounts.call_ground import Ground
from hub.accounts.call_telling import State, tell
from hub.errors import Poisoned
from hub.model.call import CallNews, PersonOut
from hub.model.envelope import Envelope, ThreadKey
from hub.store.client import Doc
from hub.store.unit import Unit
from hub.stream.batch import Batch, Outcome
from hub.stream.ops import Amendment, Arrival, Op
from hub.stream.stream import Stream

log = logging.getLogger(__name__)

_ANNOUNCEMENTS = 5
"""Of one call at once, mostly no more: message and conversation changed, ringing, call changed, answered."""

Place = tuple[str | None, str | None]
"""A call's message and its conversation; (None, None) while it has none."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One call that is to be brought in step. `op`: what is to be done to its message, if anything."""

    key: str
    news: CallNews
    known: Doc | None
    part: Doc
    op: Op | None

    @property
    def place(self) -> Place:
        """Where its message is, as far as that is known."""
        return (self.known["message"], self.known["conversation"]) if self.known else (None, None)


class CallPublisher:
    """Of one account.

    Attributes:
        last: the documents of live calls as this hub wrote them last. What others note on them (`notes`) is read anew
            inside each unit; all else only the hub that owns the account writes.
    """

    def __init__(self, stream: Stream, account: str) -> None:
        self._stream = stream
        self._account = account
        self.last: dict[str, Doc] = {}

    async def write(self, ground: Ground) -> None:
        """Write and tell what is new.

        Raises:
            Unavailable: the store is away.
        """
        steps = [self._step(ground, key, news) for key, news in zip(ground.keys, ground.news, strict=True)]
        steps = [step for step in steps if step.op is not None or self._differs(step, step.place)]
        if not steps:
            return
        try:
            await self._commit(ground, steps)
        except BaseException:
            self.last.clear()  # nobody knows what of it was written
            raise

    def _step(self, ground: Ground, key: str, news: CallNews) -> _Step:
        known, part = ground.known.get(key), part_document(news, ground.people)
        if known and known["message"]:
            op: Op | None = Amendment(known["message"], _as_change(part)) if known["part"] != part else None
        else:
            op = self._stream.arrival(self._envelope(news, part, ground.queues)) if news.told else None
        return _Step(key, news, known, part, op)

    async def _commit(self, ground: Ground, steps: list[_Step]) -> None:
        """All in one unit; where that cannot be stored, the half that spoils it is looked for."""
        ops = [step.op for step in steps if step.op is not None]
        follow = partial(self._follow, ground=ground, steps=steps)
        try:
            written = await self._stream.together(ops, follow, announcements=_ANNOUNCEMENTS * len(steps))
        except Unavailable:
            raise
        except Exception as error:
            log.warning("calls not stored", extra={"account": self._account, "size": len(steps)}, exc_info=True)
            if len(steps) == 1:
                await self._alone(ground, steps[0], error)
                return
            half = len(steps) // 2
            await self._commit(ground, steps[:half])
            await self._commit(ground, steps[half:])
        else:
            self._remember(written)

    async def _follow(
        self, unit: Unit, batch: Batch, outcomes: Sequence[Outcome], *, ground: Ground, steps: Sequence[_Step]
    ) -> list[Doc]:
        """What the messages have become is on the calls' documents, and told. Returns the documents."""
        left = iter(outcomes)
        places = [_place(step, next(left) if step.op is not None else None) for step in steps]
        await _mend(unit, steps, outcomes)
        states: list[State] = [
            (step.known, self._document(step, place), step.news)
            for step, place in zip(steps, places, strict=True)
            if self._differs(step, place)
        ]
        await tell(unit, states=states, people=ground.people, pops=ground.pops, batch=batch)
        return [after for _, after, _ in states]

    async def _alone(self, ground: Ground, step: _Step, error: Exception) -> None:
        """A call whose message cannot be stored stands in quarantine; the call itself goes on without."""
        if not isinstance(step.op, Arrival):
            raise error
        try:
            stored = await self._stream.ingest(step.op.envelope)
            place: Place = (stored["id"], stored["conversation"])
        except Poisoned as reason:
            log.warning("a call cannot be stored", extra={"account": self._account, "reason": str(reason)})
            place = (None, None)
        after = self._document(step, place)
        states: list[State] = [(step.known, after, step.news)]

        async def work(unit: Unit) -> None:
            await tell(unit, states=states, people=ground.people, pops=ground.pops, batch=None)

        if _shown(step.known) != _shown(after):
            await self._stream.units.run(work)
            self._remember([after])

    def _remember(self, written: Sequence[Doc]) -> None:
        for doc in written:
            if doc["live"]:
                self.last[doc["_id"]] = doc
            else:
                self.last.pop(doc["_id"], None)

    def _differs(self, step: _Step, place: Place) -> bool:
        return _shown(step.known) != _shown(self._document(step, place))

    def _envelope(self, news: CallNews, part: Doc, queues: set[str]) -> Envelope:
        outbound = news.part["direction"] == "outbound"
        sender, to = (news.own, news.party) if outbound else (news.party, news.own)
        keys: tuple[ThreadKey, ...] = ()
        if news.party.key.startswith(("phone:", "user:")):
            keys = (ThreadKey("exact", f"call:{self._account}:{news.party.key}"),)
        queue = news.part["queue"]
        return Envelope(
            account=self._account, channel="telephony", external_id=news.id, kind="call", sender=sender, to=(to,),
            at=news.began_at, direction=news.part["direction"], text=news.party.text, thread_keys=keys,
            own_keys=frozenset({news.own.key}), queue=queue if queue in queues else None, parts={"call": part},
        )  # fmt: skip

    def _document(self, step: _Step, place: Place) -> Doc:
        news = step.news
        rang = dict.fromkeys([*(step.known or {}).get("rang", ()), *(ring["id"] for ring in news.rings)])
        return {
            "_id": step.key,
            "account": self._account,
            "call": news.id,
            "linkedids": list(news.linkedids),
            "live": news.part["state"] != "ended" and news.merged_into is None,
            "state": "ended" if news.merged_into else news.part["state"],
            "message": place[0],
            "conversation": place[1],
            "part": step.part,
            "party": {"key": news.party.key, "name": news.party.name},
            "n": news.n,
            "rang": list(rang),
            "talking": list(news.talking),
            "users": sorted({agent["user"] for agent in step.part["agents"] if agent["user"]}),
            "began_at": as_stored(news.began_at),
            "merged_into": news.merged_into,
            "tapes": list(news.tapes),
        }


async def _mend(unit: Unit, steps: Sequence[_Step], outcomes: Sequence[Outcome]) -> None:
    """A message that was stored already, by a hub that died before it wrote the call, may tell of an earlier state."""
    asked = [step for step in steps if step.op is not None]
    late: list[Op] = [
        Amendment(outcome["id"], _as_change(step.part))
        for step, outcome in zip(asked, outcomes, strict=True)
        if isinstance(step.op, Arrival) and isinstance(outcome, dict) and outcome.get("call") != step.part
    ]
    if late:
        await Batch(unit, late).run()


def _place(step: _Step, outcome: Outcome | None) -> Place:
    match outcome:
        case None:
            return step.place
        case NotFound() if isinstance(step.op, Amendment):  # taken out of the store by retention; the call goes on
            return step.place
        case MainstemError():
            raise outcome
        case _:
            return outcome["id"], outcome["conversation"]


def part_document(news: CallNews, people: dict[str, PersonOut]) -> Doc:
    """The part as it is stored: with whose extensions they are, and times as the store gives them back."""
    part: Doc = _as_kept(news.part)
    for agent in part["agents"]:
        if person := people.get(agent["extension"]):
            agent["user"], agent["name"] = person["id"], person["name"]
    if news.merged_into:
        part |= {"state": "ended", "merged_into": news.merged_into}
    return part


def _as_change(part: Doc) -> Doc:
    """Field by field, so that what people noted beside them (a wrap-up) stays."""
    return {f"call.{name}": value for name, value in part.items()}


def _as_kept(value: Any) -> Any:
    if isinstance(value, datetime):
        return as_stored(value)
    if isinstance(value, dict):
        return {key: _as_kept(each) for key, each in value.items()}
    return [_as_kept(each) for each in value] if isinstance(value, list) else value


def _shown(doc: Doc | None) -> Doc | None:
    """What somebody could notice of a call."""
    return {key: value for key, value in doc.items() if key not in ("n", "notes")} if doc else None
