"""A rule held against a change: whether it holds, whom it means, what they are told. (S2.9.1-01, -06..-08, -10)

A broken rule is shown as broken; the others go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import tzinfo

from jinja2 import TemplateError

from crm_core.access.compile import may
from crm_core.conditions.condition import Condition
from crm_core.ground.errors import MainstemError, Unavailable
from crm_core.message_rules.match import concerns, firing_key
from crm_core.templates.usual import root_of
from hub.identity.people import People, Person
from hub.store.client import Doc
from hub.store.notice_collections import RULE_FIRINGS
from hub.store.records import Records
from hub.store.unit import Units
from hub.writing.message_rules.book import Case
from hub.writing.message_rules.firing import fire, note_fault
from hub.writing.message_rules.receivers import Receivers
from hub.writing.message_rules.texts import RuleTexts

BROKEN = (
    MainstemError,
    TemplateError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RecursionError,
)
"""What a rule that does not fit its type (any more) can raise. That the store is away is none of it."""
_MOST_KEPT = 500


class Engine:
    """Judges and tells."""

    def __init__(self, units: Units, records: Records, people: People, company: str, zone: tzinfo) -> None:
        self._units, self._registry, self._people, self._zone = units, records.registry, people, zone
        self._receivers, self._texts = Receivers(units.db, zone), RuleTexts(records, company)
        self._conditions: dict[tuple[str, int], Condition] = {}

    async def apply(self, rule: Doc, case: Case) -> None:
        """Fire the rule where it concerns the change."""
        if not concerns(rule, case.what):
            return
        part = "condition"
        try:
            if not await self.holds(rule, case) or await self.fired_before(rule, case):
                return
            part = "recipients"
            people, missing = await self.candidates(rule, case)
            part = "text"
            await self.tell(rule, case, people)
        except Unavailable:
            raise
        except BROKEN as error:
            await note_fault(self._units, rule, part, str(error))
            return
        if missing:
            await note_fault(self._units, rule, "recipients", "; ".join(missing))

    async def holds(self, rule: Doc, case: Case) -> bool:
        """Whether the condition holds. Raises `Invalid` where it cannot be answered."""
        if not rule.get("condition"):
            return True
        return await asyncio.to_thread(self._holds, rule, case)  # bounded, but long enough for others to wait

    def _holds(self, rule: Doc, case: Case) -> bool:
        place = (rule["_id"], rule["revision"])
        condition = self._conditions.get(place)
        if condition is None:
            condition = Condition(rule["condition"], root_of(rule["type"]), self._registry[rule["type"]])
            if len(self._conditions) >= _MOST_KEPT:
                self._conditions.clear()
            self._conditions[place] = condition
        return condition.holds(case.what.before, case.what.after)

    async def fired_before(self, rule: Doc, case: Case) -> bool:
        """Whether another change of the record fired it, as often as it may. This change may have been told in part."""
        key = firing_key(rule, case.what, self._zone)
        other = {"_id": key, "revision": {"$ne": case.what.revision}}
        return await self._units.db[RULE_FIRINGS].find_one(other, {"_id": 1}) is not None

    async def candidates(self, rule: Doc, case: Case) -> tuple[list[Person], list[str]]:
        """Whom it means: those who may read the record, without the one who changed it; and what could not be found."""
        users, missing = await self._receivers.of(rule, case)
        found = [await self._people.find(user) for user in users if user != case.what.actor]
        return [person for person in found if person and self._may_be_told(person, case)], missing

    async def tell(self, rule: Doc, case: Case, people: Sequence[Person], chosen: list[str] | None = None) -> None:
        """Give each of them a notice; the same again changes nothing. Raises as `RuleTexts.news` and `fire`."""
        key = firing_key(rule, case.what, self._zone)
        actor = await self._people.find(case.what.actor)
        by = (actor.user, actor.name) if actor else None
        await fire(self._units, rule, case, key, await self._texts.news(rule, case, key, people, by), chosen)

    def _may_be_told(self, person: Person, case: Case) -> bool:
        return person.may_sign_in and may(person.actor, "read", self._registry[case.what.type], case.doc, "basic")
