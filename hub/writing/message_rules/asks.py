"""Rules that ask: who saved a record is asked whom to tell, and tells only those. (S2.9.1-02)

The question goes with the answer to the write; closing it tells nobody. What is saved without an answer that anybody reads (an
import) asks nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import TypedDict

from crm_core.ground.errors import FieldError, Invalid, NotFound, Unavailable
from hub.identity.people import Person
from hub.model.conversation import PersonRef
from hub.store.client import Doc
from hub.writing.message_rules.book import Case, RuleBook
from hub.writing.message_rules.engine import Engine, Meant


class AskOut(TypedDict):
    """Whom shall this rule tell of the change? `revision` and the ids of those chosen go into the answer."""

    rule: str
    name: str
    revision: int
    candidates: list[PersonRef]


class RuleAsks:
    """Asks, and hears the answer."""

    def __init__(self, book: RuleBook, engine: Engine) -> None:
        self._book, self._engine = book, engine

    async def asked(self, key: str, row: Mapping[str, Any], before: int = 0) -> dict[str, Any]:
        """The row with what its writer is asked.

        Args:
            row: the answer to a write.
            before: the revision that was there before; where it still is, nothing happened.
        """
        try:
            asks = await self._asks(key, row["id"], row["revision"]) if row["revision"] != before else []
        except Unavailable:  # the record is saved; that nobody can be asked now does not undo it
            asks = []
        return {**row, "asks": asks}

    async def _asks(self, key: str, record: str, revision: int) -> list[AskOut]:
        rules = await self._book.active([key], ask=True)
        case = await self._book.case(key, record, revision) if rules else None
        if case is None:
            return []
        found = [(rule, await self._engine.meant(rule, case)) for rule in rules]
        return [_ask(rule, case, meant.people) for rule, meant in found if meant.people]

    async def tell(self, user: str, rule: str, record: str, revision: int, chosen: Sequence[str]) -> int:
        """Tell those whom the one who made the change has chosen; returns how many. The same again changes nothing.

        Raises:
            NotFound: no such rule asks, or it is not this person's change. Invalid: names who is no candidate.
            Conflict: others were told already, or the rule is broken.
        """
        found, case = await self._own(user, rule, record, revision)
        meant = await self._engine.meant(found, case)
        people = {person.user: person for person in meant.people}
        told = sorted(set(chosen))
        if wrong := [at for at, one in enumerate(chosen) if one not in people]:
            fields = tuple(
                FieldError(f"users.{at}", "no-colleague", "nobody whom this rule would tell") for at in wrong
            )
            raise Invalid("choose among those who were offered", fields=fields)
        if told:
            await self._engine.tell(found, case, Meant([people[one] for one in told], meant.missing), told)
        return len(told)

    async def _own(self, user: str, rule: str, record: str, revision: int) -> tuple[Doc, Case]:
        found = await self._book.rule(rule)
        if found is None or not found["ask"]:
            raise NotFound("no such rule asks whom to tell", rule=rule)
        case = await self._book.case(found["type"], record, revision)
        if case is None or case.what.actor != user:
            raise NotFound("there is nothing here to tell of", record=record)
        return found, case


def _ask(rule: Doc, case: Case, people: Sequence[Person]) -> AskOut:
    candidates = [PersonRef(id=person.user, name=person.name) for person in people]
    return AskOut(rule=rule["_id"], name=rule["name"], revision=case.what.revision, candidates=candidates)
