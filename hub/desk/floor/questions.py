"""Questions about past calls: what is asked, by whom, and which facts it is about. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from crm_core.ground.errors import FieldError, Forbidden, Invalid
from hub.identity.caller import Caller
from hub.store.client import Doc

By = Literal["queue", "agent", "hour", "day", "outcome", "transfer", "code"]
Direction = Literal["inbound", "outbound", "internal"]
TIMED: tuple[By, ...] = ("hour", "day")
"""Their rows begin where the asker's zone says."""
_LONGEST_RANGE = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question. `since` and `until` (not included) are moments; `zone` says where days and hours begin."""

    by: By
    since: datetime
    until: datetime
    zone: ZoneInfo
    queue: str | None = None
    agent: str | None = None
    direction: Direction = "inbound"


def condition(caller: Caller, asked: Asked) -> Doc:
    """Which facts a question is about, as far as the caller may see them."""
    if not timedelta(0) < asked.until - asked.since <= _LONGEST_RANGE:
        wrong = f"until: after since, and within {_LONGEST_RANGE.days} days of it"
        raise Invalid(wrong, fields=(FieldError("to", "range", wrong),))
    where: Doc = {"at": {"$gte": asked.since, "$lt": asked.until}, "direction": asked.direction}
    wide = caller.supervisor or caller.admin
    if not wide and asked.agent not in (None, caller.user):
        raise Forbidden("the figures of others are for supervisors")
    if asked.queue is not None:
        where["queue"] = asked.queue
    if agent := asked.agent if wide else caller.user:
        where["user"] = agent
    return where | counted(asked.by)


def counted(by: By) -> Doc:
    """The kinds of facts that a question by this is about; empty: all."""
    if by in ("outcome", "code"):
        return {"kind": "visit"}
    return {"kind": "handling", "outcome": "answered"} if by == "transfer" else {}


def group_key(by: By, zone: ZoneInfo) -> Any:
    """What the rows are made by, in the store's words."""
    match by:
        case "agent":
            phone = {"$cond": [{"$eq": ["$extension", ""]}, "", {"$concat": ["phone:", "$extension"]}]}
            return {"$cond": [{"$eq": ["$user", ""]}, phone, "$user"]}
        case "hour":
            return {"$dateToString": {"date": "$at", "format": "%H", "timezone": zone.key}}
        case "day":
            return {"$dateToString": {"date": "$at", "format": "%Y-%m-%d", "timezone": zone.key}}
        case "transfer":
            return {"$cond": [{"$eq": ["$transfer", ""]}, "none", "$transfer"]}
        case "code":
            return {"$ifNull": ["$code", ""]}
        case _:
            return f"${by}"
