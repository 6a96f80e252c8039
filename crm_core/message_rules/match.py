"""Whether a rule concerns a change, and what keeps it from firing twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from crm_core.message_rules.happening import Happening

Rule = Mapping[str, Any]
"""A stored `message_rule`."""


def concerns(rule: Rule, what: Happening) -> bool:
    """Whether it is the kind of change that the rule waits for; the condition is another matter.

    A change from before the rule was started does not count.
    """
    if rule["type"] != what.type or rule["state"] != "active" or what.at < rule["state_since"]:
        return False
    match rule["on"]:
        case "created":
            return what.change == "created"
        case "changed":
            return what.change == "changed" and (not rule.get("field") or rule["field"] in what.fields)
        case "state":
            moved = what.change != "created" and "state" in what.fields
            return moved and rule.get("to_state") in (None, what.after.get("state"))
        case "assigned":
            return "owner" in what.fields and what.after.get("owner") not in (None, what.actor, what.record)
    return False


def firing_key(rule: Rule, what: Happening, zone: tzinfo) -> str:
    """The same key is the same firing: of this change, of this record for ever, or of this record in a period."""
    place = f"{rule['_id']}:{what.record}"
    if rule["once_per"] == "event":
        return f"{place}:{what.revision}"
    return f"{place}:{period(rule['once_per'], what.at.astimezone(zone))}"


def period(once_per: str, at: datetime) -> str:
    """The day, week or month of a moment; `ever` is the only one of a record."""
    if once_per == "week":
        year, week, _ = at.isocalendar()
        return f"{year}-W{week:02}"
    return {"day": f"{at:%Y-%m-%d}", "month": f"{at:%Y-%m}"}.get(once_per, "ever")
