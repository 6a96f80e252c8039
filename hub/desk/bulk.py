"""One change to many conversations: each in a unit of its own, so that live work gets its turn in between.

A call does a bounded slice and says where to go on. Whoever asked stays in charge: progress is what has been answered,
stopping is not asking again, and a crash leaves every conversation either changed or not. Doing a slice twice is no
harm: what is so already is no change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import TypedDict

from crm_core.ground.errors import MainstemError
from hub.desk.conversations import Conversations
from hub.desk.inbox import Wanted
from hub.desk.inbox_search import Inbox
from hub.identity.caller import Caller

SLICE = 50


class BulkItem(TypedDict):
    """What became of one. `code` and `detail` say why it was not done."""

    id: str
    done: bool
    code: str | None
    detail: str | None


class Bulk:
    """Changes many conversations with the caller's eyes."""

    def __init__(self, conversations: Conversations, inbox: Inbox) -> None:
        self._conversations = conversations
        self._inbox = inbox

    async def change(self, caller: Caller, ids: Sequence[str], fields: Mapping[str, Any]) -> list[BulkItem]:
        """Change these; one that cannot be changed does not hold up the others.

        Args:
            fields: as `Conversations.change` takes them.
        """
        return [await self._one(caller, one, fields) for one in dict.fromkeys(ids)]

    async def change_slice(
        self, caller: Caller, wanted: Wanted, q: str, fields: Mapping[str, Any], before_seq: int | None
    ) -> tuple[list[BulkItem], int | None]:
        """The next `SLICE` conversations of a list; and the place to go on from, None at the end.

        The place is in the order of activity, which a change does not move: none comes twice, none is passed over.
        """
        found, _ = await self._inbox.page(caller, wanted, q, SLICE + 1, before_seq)
        items = await self.change(caller, [one["id"] for one in found[:SLICE]], fields)
        return items, found[SLICE - 1]["last_seq"] if len(found) > SLICE else None

    async def _one(self, caller: Caller, conversation: str, fields: Mapping[str, Any]) -> BulkItem:
        try:
            await self._conversations.change(caller, conversation, fields, None)
        except MainstemError as error:
            if error.status >= 500:
                raise  # the store is away: the rest would fail too
            return BulkItem(id=conversation, done=False, code=error.code, detail=error.detail)
        return BulkItem(id=conversation, done=True, code=None, detail=None)
