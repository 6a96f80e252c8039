"""The lists of conversations: which, for whom, newest activity first, each answered by an index.

Every list is one or a few *paths*: a filter with the index that gives it in order. A person sees a conversation by
queue, as assignee or by name, and each of these is a path of its own; the paths are merged here, because one `$or`
would be sorted in memory. The rule of sight stands beside each path again, so a path can never show too much.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from pymongo.errors import ExecutionTimeout

from crm_core.ground.errors import Unavailable
from hub.feed.rooms import may_see_conversations
from hub.identity.caller import Caller
from hub.model.conversation import ConversationState
from hub.store.client import Database, Doc
from hub.store.collections import CONVERSATIONS

ALL_STATES: tuple[ConversationState, ...] = ("open", "pending", "snoozed", "closed")
"""Of the inbox; the archive is not among them."""
_EVERYWHERE: tuple[ConversationState, ...] = (*ALL_STATES, "archived")
_UNFINISHED: tuple[ConversationState, ...] = ("open", "pending", "snoozed")  # a closed one waits for nobody
_QUEUES_IN_ONE_PATH = 40  # times four states: MongoDB merges at most 200 index runs without sorting
_TIME_MS = 3000

Keys = list[tuple[str, int]]
Order = Literal["newest", "oldest"]
"""By last activity. The same indexes give both, walked from either end."""
_BY_STATE: Keys = [("state", 1), ("last_seq", -1)]
_BY_QUEUE: Keys = [("queue", 1), ("state", 1), ("last_seq", -1)]
_BY_ASSIGNEE: Keys = [("assignee.id", 1), ("state", 1), ("last_seq", -1)]
_BY_VIEWER: Keys = [("viewers", 1), ("state", 1), ("last_seq", -1)]
_BY_CHANNEL: Keys = [("channels", 1), ("state", 1), ("last_seq", -1)]
_BY_TAG: Keys = [("tags", 1), ("state", 1), ("last_seq", -1)]
BY_LINK: Keys = [("links", 1)]
"""A contact's, customer's or record's conversations are few; they are sorted in memory, and cost no index of their own."""
BY_ID: Keys = [("_id", 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which conversations. `assignee` is a user id; `free` asks for those without one.

    `record` is (type, id); `among` bounds the list to these ids (what a search found). `queues` are several at once
    (a person's own); `viewer` is a user whom the conversation was shown to by name (a mention).
    """

    states: tuple[ConversationState, ...] = ()
    queue: str | None = None
    assignee: str | None = None
    free: bool = False
    channel: str | None = None
    record: tuple[str, str] | None = None
    tag: str | None = None
    contact: str | None = None
    customer: str | None = None
    waiting: bool = False
    among: tuple[str, ...] | None = None
    queues: tuple[str, ...] | None = None
    viewer: str | None = None
    order: Order = "newest"


@dataclass(frozen=True, slots=True)
class Path:
    """A filter and the index that answers it in order."""

    where: Doc
    index: Keys


def conditions(wanted: Wanted) -> Doc:
    """What is asked for, as a store filter, without the question who asks."""
    where: Doc = {"state": {"$in": list(wanted.states or _states_meant(wanted))}}
    plain = {"queue": wanted.queue, "assignee.id": wanted.assignee, "channels": wanted.channel, "tags": wanted.tag}
    where |= {field: value for field, value in plain.items() if value is not None}
    if wanted.viewer is not None:
        where["viewers"] = wanted.viewer
    if wanted.queues is not None and wanted.queue not in wanted.queues:
        where["queue"] = {"$in": list(wanted.queues) if wanted.queue is None else []}
    if wanted.free:
        where["assignee.id"] = None
    if wanted.tag is not None:
        where["tags.0"] = {"$exists": True}  # says what the index's own condition says
    if links := _links(wanted):
        where["links"] = {"$all": links}
    if wanted.waiting:
        where["waiting_since"] = {"$type": "date"}
    if wanted.among is not None:
        where["_id"] = {"$in": list(wanted.among)}
    return where


def _states_meant(wanted: Wanted) -> tuple[ConversationState, ...]:
    """Whoever searches, or looks at a customer, looks in the archive too."""
    if wanted.waiting:
        return _UNFINISHED
    return _EVERYWHERE if wanted.among is not None or _links(wanted) else ALL_STATES


def _links(wanted: Wanted) -> list[str]:
    """As `hub.stream.conversations.links_of` writes them."""
    record = ":".join(wanted.record) if wanted.record else None
    named = {"record": record, "contact": wanted.contact, "customer": wanted.customer}
    return [f"{kind}:{value}" for kind, value in named.items() if value is not None]


def paths(wanted: Wanted, caller: Caller) -> list[Path]:
    """The ways to find what is wanted, narrowest index first."""
    where = conditions(wanted)
    if index := _narrow(wanted):
        return [Path(where, index)]
    if wanted.queues is not None:
        return [Path({**where, "queue": {"$in": some}}, _BY_QUEUE) for some in _chunks(sorted(wanted.queues))]
    if caller.supervisor or caller.admin:
        return [Path(where, _BY_CHANNEL if wanted.channel else _BY_STATE)]
    found = [Path({**where, "queue": {"$in": some}}, _BY_QUEUE) for some in _chunks(sorted(caller.queues))]
    if not wanted.free:
        found.append(Path({**where, "assignee.id": caller.user}, _BY_ASSIGNEE))
    return [*found, Path({**where, "viewers": caller.user}, _BY_VIEWER)]


def _narrow(wanted: Wanted) -> Keys | None:
    """The index of the one condition that leaves few conversations, whoever asks."""
    if wanted.among is not None:
        return BY_ID
    if _links(wanted):
        return BY_LINK
    if wanted.assignee is not None:
        return _BY_ASSIGNEE
    if wanted.viewer is not None:
        return _BY_VIEWER
    if wanted.tag is not None:
        return _BY_TAG
    return _BY_QUEUE if wanted.queue is not None else None


def _chunks(queues: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(queues), _QUEUES_IN_ONE_PATH):
        yield list(queues[start : start + _QUEUES_IN_ONE_PATH])


async def list_conversations(
    db: Database,
    caller: Caller,
    wanted: Wanted,
    *,
    limit: int,
    before_seq: int | None = None,
    more_sight: Doc | None = None,
) -> list[Doc]:
    """At most `limit` documents that the caller may see, in the wanted order.

    Args:
        before_seq: only those that follow, in that order, on this place of the stream (a cursor).
        more_sight: what the caller may list beside what everybody like them may.

    Raises:
        Unavailable: the question was too wide to be answered in time.
    """
    sight = may_see_conversations(caller)
    if more_sight is not None:
        sight = {"$or": [sight, more_sight]}
    oldest = wanted.order == "oldest"

    async def walk(path: Path) -> list[Doc]:
        return await db[CONVERSATIONS].find(**find_arguments(path, sight, limit, before_seq, oldest=oldest)).to_list()

    try:
        runs = await asyncio.gather(*(walk(path) for path in paths(wanted, caller)))
    except ExecutionTimeout:
        raise Unavailable("this list takes too long; narrow the filter") from None
    return list(islice(_each_once(heapq.merge(*runs, key=lambda doc: doc["last_seq"], reverse=not oldest)), limit))


def _each_once(docs: Iterable[Doc]) -> Iterator[Doc]:
    seen: set[str] = set()
    for doc in docs:
        if doc["_id"] not in seen:
            seen.add(doc["_id"])
            yield doc


def find_arguments(
    path: Path, sight: Doc, limit: int, before_seq: int | None, *, oldest: bool = False
) -> dict[str, Any]:
    """The driver's arguments for one path; tests explain the same."""
    where: Doc = {"$and": [path.where, sight]}
    if before_seq is not None:
        where["$and"].append({"last_seq": {"$gt" if oldest else "$lt": before_seq}})
    return {
        "filter": where,
        "projection": {"party_keys": 0, "last_inbound": 0, "apart": 0},
        "sort": [("last_seq", 1 if oldest else -1)],
        "hint": path.index,
        "limit": limit,
        "max_time_ms": _TIME_MS,
    }
