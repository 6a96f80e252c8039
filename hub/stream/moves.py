"""Joining and splitting conversations, each with the facts that undo it."""

from __future__ import annotations

from typing import Any

from crm_core.ground.clock import now
from crm_core.ground.errors import Conflict, Invalid, NotFound
from crm_core.ground.ids import new_id
from hub.model.message import PARTS
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS, MESSAGES, MOVES, OUTBOX, THREADS
from hub.store.unit import Unit, Units
from hub.stream.conversations import add_unique, links_of, load_conversation, new_conversation, save_conversation
from hub.stream.documents import last_inbound
from hub.stream.threads import trace_id

_LISTS = ("channels", "accounts", "contacts", "customers", "records", "tags")
_SINGLE = ("state", "assignee", "waiting_since", "last_inbound")
_MOST_MOVED = 20_000


async def join(units: Units, loser: str, winner: str, *, by: str) -> Doc:
    """Put all of one conversation into another; returns the move, whose `_id` undoes it."""
    if loser == winner:
        raise Invalid("a conversation cannot be joined into itself")

    async def work(unit: Unit) -> Doc:
        from_doc, into = await load_conversation(unit, loser), await load_conversation(unit, winner)
        if from_doc["_id"] == into["_id"]:
            raise Conflict("these two are one conversation already")
        before_from, before_into = dict(from_doc), dict(into)
        move = await absorb(unit, from_doc, into, by=by, fresh=False)
        into["apart"] = [c for c in into["apart"] if c != from_doc["_id"]]
        await unit.db[MOVES].insert_one(move, session=unit.session)
        await save_conversation(unit, before_from, _changed(before_from, from_doc))
        await save_conversation(unit, before_into, _changed(before_into, into), moved=True)
        return move

    return await units.run(work)


async def split(units: Units, conversation: str, messages: list[str], *, by: str, subject: str | None = None) -> Doc:
    """Put these messages into a conversation of their own; later answers to them go there."""

    async def work(unit: Unit) -> Doc:
        before = await load_conversation(unit, conversation)
        query = {"conversation": before["_id"], "_id": {"$in": messages}}
        moved = await unit.db[MESSAGES].find(query, session=unit.session).sort("seq", 1).to_list()
        if len(moved) != len(set(messages)):
            raise NotFound("not all of these messages are in this conversation")
        if sum(not m.get("removed") for m in moved) == before["message_count"]:
            raise Invalid("at least one message must stay")
        new = new_conversation(
            new_id(), queue=before["queue"], subject=subject or moved[0]["subject"] or before["subject"], at=now()
        )
        new["apart"] = [before["_id"]]
        for field in (*_LISTS, "parties", "party_keys", "assignee"):
            new[field] = before[field]
        if "viewers" in before:
            new["viewers"] = before["viewers"]
        new["links"] = links_of(new)
        await unit.db[CONVERSATIONS].insert_one(new, session=unit.session)
        move = _move("split", before["_id"], new["_id"], [m["_id"] for m in moved], by)
        move["before"] = {"last_inbound": before["last_inbound"]}
        because = {"joined_because": {"reason": "split", "detail": f"by {by}"}}
        await _carry(unit, move["messages"], before["_id"], new["_id"], because)
        for doc, apart in ((before, [*before["apart"], new["_id"]]), (dict(new), new["apart"])):
            summary = await summary_of(unit, doc["_id"]) | {"last_inbound": await _last_inbound(unit, doc)}
            await save_conversation(unit, doc, {"apart": apart, **summary}, moved=True)
            move.setdefault("after", {"last_inbound": summary["last_inbound"]})
        await unit.db[MOVES].insert_one(move, session=unit.session)
        return move

    return await units.run(work)


async def undo(units: Units, move_id: str, *, by: str) -> Doc:
    """Take a join or a split back: the messages that it moved return to where they were."""

    async def work(unit: Unit) -> Doc:
        move = await unit.db[MOVES].find_one({"_id": move_id}, session=unit.session)
        if move is None:
            raise NotFound("there is no such move")
        if move["undone_at"]:
            raise Conflict("this was undone already")
        home, away = move["conversations"]
        if move["kind"] == "join":
            await _undo_join(unit, move, home, away)
        else:
            await _undo_split(unit, move, home, away)
        undone = {"undone_at": now(), "undone_by": by}
        await unit.db[MOVES].update_one({"_id": move_id}, {"$set": undone}, session=unit.session)
        return {**move, **undone}

    return await units.run(work)


async def absorb(unit: Unit, loser: Doc, winner: Doc, *, by: str, fresh: bool) -> Doc:
    """Move everything of `loser` into `winner`, changing both documents in place; returns the move to store.

    The caller writes the documents and announces them. `fresh` says that the loser is not in the store yet.
    """
    messages: list[str] = []
    if not fresh:
        found = unit.db[MESSAGES].find({"conversation": loser["_id"]}, {"_id": 1}, session=unit.session)
        messages = [doc["_id"] async for doc in found.limit(_MOST_MOVED + 1)]
        if len(messages) > _MOST_MOVED:
            raise Conflict(f"a conversation of over {_MOST_MOVED} messages cannot be joined")
        await _carry(unit, messages, loser["_id"], winner["_id"], {})
    move = _move("join", loser["_id"], winner["_id"], messages, by)
    move["before"] = {"loser_state": loser["state"], "winner": _brief(winner)}
    for field in _LISTS:
        add_unique(winner[field], loser[field])
    if viewers := {*winner.get("viewers", ()), *loser.get("viewers", ())}:
        winner["viewers"] = sorted(viewers)
    for key, party in zip(loser["party_keys"], loser["parties"], strict=True):
        if key not in winner["party_keys"]:
            winner["party_keys"].append(key)
            winner["parties"].append(party)
    winner["links"] = links_of(winner)
    winner["message_count"] += loser["message_count"]
    if loser["last_seq"] > winner["last_seq"]:
        for field in ("last_seq", "last_at", "preview"):
            winner[field] = loser[field]
        winner["last_inbound"] = loser["last_inbound"] or winner["last_inbound"]
    winner["last_inbound"] = winner["last_inbound"] or loser["last_inbound"]
    winner["assignee"] = winner["assignee"] or loser["assignee"]
    winner["waiting_since"] = _earliest(winner["waiting_since"], loser["waiting_since"])
    if loser["state"] == "open":
        winner["state"] = "open"
    move["after"] = {field: winner[field] for field in _SINGLE}
    winner["revision"] += 1
    loser.update(state="merged", merged_into=winner["_id"], revision=loser["revision"] + 1)
    return move


async def _undo_join(unit: Unit, move: Doc, home: str, away: str) -> None:
    loser = await unit.db[CONVERSATIONS].find_one({"_id": home}, session=unit.session)
    if loser is None or loser["state"] != "merged" or loser["merged_into"] != away:
        raise Conflict("the conversation has been moved on since; undo the later move first")
    winner = await load_conversation(unit, away)
    await _carry(unit, move["messages"], winner["_id"], home, {})
    back, rest = await summary_of(unit, home), await summary_of(unit, winner["_id"])
    if not back["message_count"] or not rest["message_count"]:
        raise Conflict("the messages have been moved on since; split the conversation instead")
    loser = {k: v for k, v in loser.items() if k != "merged_into"}
    apart = {"apart": [*loser["apart"], winner["_id"]]}
    await save_conversation(unit, loser, {"state": move["before"]["loser_state"], **apart, **back}, moved=True)
    before = _without(winner, loser, move)
    changes = {**_changed(winner, before), "apart": [*winner["apart"], home], **rest}
    await save_conversation(unit, winner, changes, moved=True)


async def _undo_split(unit: Unit, move: Doc, home: str, away: str) -> None:
    new, before = await load_conversation(unit, away), await load_conversation(unit, home)
    held = unit.db[MESSAGES].find({"conversation": away}, {"_id": 1}, session=unit.session)
    there = {doc["_id"] async for doc in held.limit(len(move["messages"]) + 1)}
    if new["_id"] != away or before["_id"] == away or there != set(move["messages"]):
        raise Conflict("the split conversation has grown or moved since; join the two instead")
    await _carry(unit, move["messages"], away, before["_id"], {})
    await save_conversation(unit, new, {"state": "merged", "merged_into": before["_id"], "message_count": 0})
    changes: Doc = {"apart": [c for c in before["apart"] if c != away]}
    if before["last_inbound"] == move["after"]["last_inbound"]:
        changes["last_inbound"] = move["before"]["last_inbound"]
    await save_conversation(unit, before, {**changes, **await summary_of(unit, before["_id"])}, moved=True)


def _brief(winner: Doc) -> Doc:
    """What a join may change in the conversation that takes the messages, but for what its messages themselves say."""
    lists = {field: [*winner[field]] for field in (*_LISTS, "party_keys")}
    return {**lists, "viewers": [*winner.get("viewers", ())], **{field: winner[field] for field in _SINGLE}}


def _without(winner: Doc, loser: Doc, move: Doc) -> Doc:
    """The winner without what the join brought; what was added or changed since stays. Pure."""
    before, after = move["before"]["winner"], {**winner}

    def stays(field: str, value: Any) -> bool:
        return value in before[field] or value not in loser.get(field, ())

    for field in (*_LISTS, *({"viewers"} & winner.keys())):
        after[field] = [value for value in winner[field] if stays(field, value)]
    both = zip(winner["party_keys"], winner["parties"], strict=True)
    kept = [(key, party) for key, party in both if stays("party_keys", key)]
    after["party_keys"], after["parties"] = [key for key, _ in kept], [party for _, party in kept]
    for field in _SINGLE:
        if winner[field] == move["after"][field]:
            after[field] = before[field]
    return after


async def _carry(unit: Unit, messages: list[str], source: str, to: str, because: Doc) -> None:
    """Put messages, as far as they still are in `source`, and all that is found by them, into another conversation."""
    where, there = {"_id": {"$in": messages}, "conversation": source}, {"conversation": to}
    traces = [
        trace_id(doc["_id"], number)
        async for doc in unit.db[MESSAGES].find(where, {"traces": 1}, session=unit.session)
        for number in range(doc.get("traces", 0))
    ]
    change = {"$set": there | because, "$inc": {"revision": 1}}
    await unit.db[MESSAGES].update_many(where, change, session=unit.session)
    await unit.db[THREADS].update_many({"_id": {"$in": traces}}, {"$set": there}, session=unit.session)
    await unit.db[OUTBOX].update_many(where, {"$set": there}, session=unit.session)


async def summary_of(unit: Unit, conversation: str) -> dict[str, Any]:
    """What a conversation's document says of its messages, computed afresh; removed ones do not count."""
    query = {"conversation": conversation, "removed": {"$exists": False}}
    fields = {"html": 0, "full_text": 0, **dict.fromkeys(PARTS, 0)}
    last = await unit.db[MESSAGES].find_one(query, fields, sort=[("seq", -1)], session=unit.session)
    if last is None:
        return {"message_count": 0, "preview": ""}
    count = await unit.db[MESSAGES].count_documents(query, session=unit.session)
    return {
        "message_count": count,
        "last_seq": last["seq"],
        "last_at": last["stored_at"],
        "preview": " ".join(last["text"][:320].split())[:160],
    }


async def _last_inbound(unit: Unit, conversation: Doc) -> Doc | None:
    """What an answer there goes by, from the last mail of a person that is in it."""
    query = {"conversation": conversation["_id"], "direction": "inbound", "automatic": False, "kind": "message"}
    doc = await unit.db[MESSAGES].find_one(query, sort=[("seq", -1)], session=unit.session)
    if doc is None:
        return None
    written = doc["author"]["address"]
    key = next((key for key in conversation["party_keys"] if key.split(":", 1)[1] == written), None)
    return last_inbound(doc, key, doc["author"]["name"]) if key else None


def _move(kind: str, home: str, away: str, messages: list[str], by: str) -> Doc:
    """`conversations` is [where the messages were, where they are now]."""
    return {
        "_id": new_id(),
        "kind": kind,
        "conversations": [home, away],
        "messages": messages,
        "by": by,
        "at": now(),
        "undone_at": None,
        "undone_by": None,
    }


def _changed(before: Doc, after: Doc) -> Doc:
    return {k: v for k, v in after.items() if k != "revision" and before.get(k) != v}


def _earliest(a: Any, b: Any) -> Any:
    return min(a, b) if a and b else a or b
