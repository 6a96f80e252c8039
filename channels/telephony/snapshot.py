"""AMI repeats nothing after a lost connection: what the PBX has now, as events that bring our calls in step. Pure.

The events are our own making (`Mainstem: snapshot`), and are kept like those of the PBX, so that a replay gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from channels.telephony.events import CallEvent
from channels.telephony.state import Call, Leg
from channels.telephony.switchboard import Switchboard
from channels.telephony.taping import findings

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the PBX says it has: `CoreShowChannel` and `QueueEntry` events, and when that was."""

    channels: tuple[Fields, ...]
    waiting: tuple[Fields, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Unheard:
    """The time in which nobody listened; `since` is None where nobody ever had."""

    since: datetime | None
    until: datetime


def differences(board: Switchboard, before: frozenset[str], heard: frozenset[str], now: Snapshot) -> list[CallEvent]:
    """The events that nobody told us.

    Args:
        before: channels that we knew before we listened again; only these can be ghosts.
        heard: channels that events came of since; what these say is newer than the snapshot.
    """
    # the PBX's clock may be ahead of ours: what we say now must not seem to be before what it said
    now = replace(now, at=max(now.at, board.latest))
    there = {each["Uniqueid"]: each for each in now.channels if each.get("Uniqueid")}
    known = {leg.uniqueid: (call, leg) for call in board.live() for leg in call.legs.values()}
    found: list[CallEvent] = []
    for uniqueid, channel in there.items():
        if uniqueid not in known and uniqueid not in heard:
            found += _appeared(channel, now.at)
        elif uniqueid in known and uniqueid not in heard:
            found += _moved(known[uniqueid][1], channel, now.at)
    found += _queues(board.live(), now, heard)
    for uniqueid, (call, leg) in known.items():
        if uniqueid in before and uniqueid not in there and uniqueid not in heard and leg.ended is None:
            found.append(_event("MainstemBlindEnd", _names(leg, call), now.at))
    return found


def tapes(
    board: Switchboard, before: frozenset[str], told: frozenset[str], recorded: Mapping[str, bool], unheard: Unheard
) -> list[CallEvent]:
    """The recordings that began or ended while nobody listened, and those that may stand still since (see `findings`)."""
    at = max(unheard.until, board.latest)
    found: list[CallEvent] = []
    for each in findings(board.live(), before, told, recorded):
        leg = each.call.legs[each.uniqueid]
        when = _not_before(leg, each.uniqueid in before, unheard) if each.name == "MixMonitorStart" else at
        found.append(_event(each.name, _names(leg, each.call), when))
    return found


def _not_before(leg: Leg, known: bool, unheard: Unheard) -> datetime:
    """The earliest moment at which a recording can have begun of whose beginning nobody heard."""
    began = leg.began or unheard.until
    return max(began, unheard.since) if known and unheard.since else began


def _appeared(channel: Fields, at: datetime) -> Iterable[CallEvent]:
    began = at - _duration(channel.get("Duration", ""))
    yield _event("Newchannel", channel, began)
    if channel.get("BridgeId"):
        yield _event("BridgeEnter", {**channel, "BridgeUniqueid": channel["BridgeId"]}, at)


def _moved(leg: Leg, channel: Fields, at: datetime) -> Iterable[CallEvent]:
    bridge = channel.get("BridgeId", "")
    inside = [span.bridge for span in leg.spans if span.since and span.until is None]
    if channel.get("ChannelStateDesc") == "Up" and leg.answered is None:
        yield _event("Newstate", channel, at)
    for each in inside:
        if each != bridge:
            yield _event("BridgeLeave", {**channel, "BridgeUniqueid": each}, at)
    if bridge and bridge not in inside:
        yield _event("BridgeEnter", {**channel, "BridgeUniqueid": bridge}, at)


def _queues(calls: Iterable[Call], now: Snapshot, heard: frozenset[str]) -> Iterable[CallEvent]:
    waiting = {(each.get("Uniqueid", ""), each.get("Queue", "")): each for each in now.waiting}
    linked = {each["Uniqueid"]: each.get("Linkedid", "") for each in now.channels if each.get("Uniqueid")}
    inside = {(call.id, visit.queue) for call in calls for visit in call.visits if visit.left is None}
    ours = {leg: call.id for call in calls for leg in call.legs}
    for (uniqueid, queue), entry in waiting.items():
        if uniqueid not in heard and (ours.get(uniqueid), queue) not in inside:
            joined = now.at - timedelta(seconds=float(entry.get("Wait") or 0))
            yield _event("QueueCallerJoin", {**entry, "Linkedid": linked.get(uniqueid, "")}, joined)
    for call_id, queue in inside:
        legs = [leg for leg, call in ours.items() if call == call_id]
        if not any((leg, queue) in waiting or leg in heard for leg in legs):
            fields = {"Uniqueid": legs[0], "Linkedid": call_id, "Queue": queue}
            yield _event("QueueCallerLeave", fields, now.at)


def _names(leg: Leg, call: Call) -> dict[str, str]:
    return {"Channel": leg.channel, "Uniqueid": leg.uniqueid, "Linkedid": call.linkedids[-1]}


def _event(name: str, fields: Fields, at: datetime) -> CallEvent:
    wanted = ("Channel", "Uniqueid", "Linkedid", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "Exten", "Context",
              "Queue", "BridgeUniqueid")  # fmt: skip
    plain = {key: fields[key] for key in wanted if fields.get(key)}
    return CallEvent({"Event": name, "Mainstem": "snapshot", **plain}, at)


def _duration(text: str) -> timedelta:
    """`01:02:03`."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return timedelta()
    hours, minutes, seconds = map(int, parts)
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
