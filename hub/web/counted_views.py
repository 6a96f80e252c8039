"""Which views are to be counted: those that every inbox has, and saved ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from hub.desk.inbox import Wanted
from hub.identity.caller import Caller
from hub.web.conversation_models import ConversationFilter

_ACTIVE = "open,pending"
STANDING: Mapping[str, ConversationFilter] = {
    "mine": ConversationFilter(state=_ACTIVE, assignee="me"),
    "unassigned": ConversationFilter(state=_ACTIVE, assignee="none"),
    "queues": ConversationFilter(state=_ACTIVE, my_queues=True),
    "mentions": ConversationFilter(state=_ACTIVE, mentioned=True),
    "all": ConversationFilter(state=_ACTIVE),
}
"""What every inbox has: what still needs somebody."""
_MOST_CHARS = 1200
"""About forty views: what a person can look at."""


class CountsQuery(BaseModel):
    """`views`: words of `mine unassigned queues mentions all` and ids of saved views, with commas."""

    model_config = ConfigDict(extra="forbid")

    views: Annotated[str, Field(max_length=_MOST_CHARS, pattern=r"^[\w-]+(,[\w-]+)*$")] | None = None

    def named(self) -> list[str]:
        """The views asked for, each once."""
        return list(dict.fromkeys((self.views or "").split(","))) if self.views else []

    def saved(self) -> list[str]:
        """The ids among them."""
        return [key for key in self.named() if key not in STANDING]

    def wanted(self, caller: Caller, saved: Mapping[str, dict[str, Any]]) -> dict[str, Wanted]:
        """What to count, by key. Left out: views that the caller does not have, and those that search for words."""
        filters = {key: ConversationFilter.model_validate(stored) for key, stored in saved.items()}
        known = {**STANDING, **filters}
        return {key: known[key].wanted(caller) for key in self.named() if key in known and not known[key].q.strip()}
