"""Every committed change of a record is held against the rules of its type: a durable reader of the stream.

It sees each change at least once; what was told for it is not told again. (S2.9.1-01, S2.1.2-02)
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.readers import Reader
from hub.store.client import Doc
from hub.writing.message_rules.book import RuleBook
from hub.writing.message_rules.engine import Engine

_FIELDS = ("type", "id", "revision", "change")


class RuleReader:
    """Fires the rules that ask nobody."""

    def __init__(self, book: RuleBook, engine: Engine) -> None:
        self._book, self._engine = book, engine

    def reader(self) -> Reader:
        """The durable reader, for `hub.main`."""
        return Reader("message-rules", frozenset({"record.changed"}), self.handle, _FIELDS, calm=True)

    async def handle(self, batch: Sequence[Doc]) -> None:
        """A batch of events, in order."""
        changes = [event["data"] for event in batch if "revision" in event["data"]]
        rules = await self._book.active({data["type"] for data in changes}, ask=False) if changes else []
        types = {rule["type"] for rule in rules}
        seen = dict.fromkeys((data["type"], data["id"], data["revision"]) for data in changes if data["type"] in types)
        for key, record, revision in seen:
            case = await self._book.case(key, record, revision)
            for rule in rules if case else ():
                assert case is not None
                await self._engine.apply(rule, case)
