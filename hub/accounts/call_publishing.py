"""Calls become messages, documents and news for consoles: all of it in one unit of work, however many calls there are.

A crash before the unit commits leaves nothing of it; the same calls, published again, change nothing. Whose phone rings was
told before, by `call_ringing`. (docs/decisions/0015, 0020)
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from crm_core.ground.errors import MainstemError, NotFound, Unavailable
from hub.accounts.call_documents import Place, call_document, held_calls, part_document
from hub.accounts.call_ground import Ground
from hub.accounts.call_telling import State, tell
from hub.errors import Poisoned
from hub.model.call import CallNews
from hub.model.envelope import Envelope, ThreadKey
from hub.store.client import Doc
from hub.store.unit import Unit
from hub.stream.batch import Batch, Outcome
from hub.stream.ops import Amendment, Arrival, Op
from hub.stream.place import call_key
from hub.stream.stream import Stream

log = logging.getLogger(__name__)

_ANNOUNCEMENTS = 4
"""Of one call at once, mostly no more: message and conversation changed, call changed, answered."""
_ASIDE = ("n", "notes", "rang")
"""What of a call's document is no news: others write it, or it only serves to go on from there."""
_PROMISE = ("message", "conversation", "promised")


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
        last: the documents of live calls as this hub wrote them last: what to do is planned by these. What is on them
            now is read inside each unit.
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
        if known and known["message"] and not known.get("promised"):
            op: Op | None = Amendment(known["message"], _as_change(part)) if known["part"] != part else None
        else:
            op = self._stream.arrival(self._envelope(news, part, ground.queues)) if news.told else None
        return _Step(key, news, known, part, op)

    async def _commit(self, ground: Ground, steps: list[_Step]) -> None:
        """All in one unit; where that cannot be stored, the half that spoils it is looked for."""
        ops = [step.op for step in steps if step.op is not None]
        held: dict[str, Doc] = {}
        look = partial(_look, steps=steps, held=held)
        follow = partial(self._follow, ground=ground, steps=steps, held=held)
        try:
            written = await self._stream.together(ops, follow, look=look, announcements=_ANNOUNCEMENTS * len(steps))
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
        self, unit: Unit, batch: Batch, outcomes: Sequence[Outcome], *, ground: Ground, steps: Sequence[_Step],
        held: dict[str, Doc],
    ) -> list[Doc]:  # fmt: skip
        """What the messages have become is on the calls' documents, and told. Returns the documents."""
        left = iter(outcomes)
        places = [_place(step, next(left) if step.op is not None else None) for step in steps]
        await _mend(unit, steps, outcomes)
        states = [self._state(held.get(step.key), step, place) for step, place in zip(steps, places, strict=True)]
        states = [(before, after) for before, after in states if _shown(before) != _shown(after)]
        messages = [outcome for outcome in outcomes if isinstance(outcome, dict)]
        await tell(unit, states=states, people=ground.people, messages=messages, batch=batch)
        return [after for _, after in states]

    def _state(self, held: Doc | None, step: _Step, place: Place) -> State:
        """The document as it was told last, and as it becomes: with what was noted on it meanwhile, and what rang. What is
        promised stays so until the message is written: this may be the call as it was before it rang."""
        stays = _PROMISE if step.op is None and held and held.get("promised") and not step.news.merged_into else ()
        ours = {name: held[name] for name in ("notes", "rang", *stays) if name in held} if held else {}
        return _told(held), self._document(step, place) | ours

    async def _alone(self, ground: Ground, step: _Step, error: Exception) -> None:
        """A call whose message cannot be stored stands in quarantine; the call itself goes on without."""
        if not isinstance(step.op, Arrival):
            raise error
        try:
            messages = [await self._stream.ingest(step.op.envelope)]
            place: Place = (messages[0]["id"], messages[0]["conversation"])
        except Poisoned as reason:
            log.warning("a call cannot be stored", extra={"account": self._account, "reason": str(reason)})
            messages, place = [], (None, None)

        async def work(unit: Unit) -> Doc:
            held = await held_calls(unit, [step.key])
            before, after = self._state(held.get(step.key), step, place)
            if _shown(before) != _shown(after):
                await tell(unit, states=[(before, after)], people=ground.people, messages=messages, batch=None)
            return after

        self._remember([await self._stream.units.run(work)])

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
            keys = (call_key(self._account, news.party.key),)
        queue = news.part["queue"]
        return Envelope(
            account=self._account, channel="telephony", external_id=news.id, kind="call", sender=sender, to=(to,),
            at=news.began_at, direction=news.part["direction"], text=news.party.text, thread_keys=keys,
            own_keys=frozenset({news.own.key}), queue=queue if queue in queues else None, parts={"call": part},
        )  # fmt: skip

    def _document(self, step: _Step, place: Place) -> Doc:
        return call_document(step.key, self._account, step.news, step.part, place)


async def _look(unit: Unit, *, steps: Sequence[_Step], held: dict[str, Doc]) -> None:
    """What is on the calls' documents now; whose message and conversation were promised ids get those."""
    held.clear()
    held.update(await held_calls(unit, [step.key for step in steps]))
    for step in steps:
        if isinstance(step.op, Arrival):
            doc = held.get(step.key) or {}
            step.op.message = doc.get("message")
            step.op.conversation = doc["conversation"] if "conversation" in doc.get("promised", ()) else None


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


def _as_change(part: Doc) -> Doc:
    """Field by field, so that what people noted beside them (a wrap-up) stays."""
    return {f"call.{name}": value for name, value in part.items()}


def _told(doc: Doc | None) -> Doc | None:
    """The document, where more was told of the call than that it rings."""
    return None if doc is None or doc.get("only_rang") else doc


def _shown(doc: Doc | None) -> Doc | None:
    """What somebody could notice of a call."""
    return {key: value for key, value in doc.items() if key not in _ASIDE} if doc else None
