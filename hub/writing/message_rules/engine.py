"""A rule held against a change: whether it holds, whom it means, what they are told. (S2.9.1-01, -06..-08, -10)

A broken rule is shown as broken; the others go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import tzinfo

from jinja2 import TemplateError

from crm_core.access.compile import may
from crm_core.conditions.condition import Condition
from crm_core.ground.errors import Conflict, Invalid, MainstemError, Unavailable
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


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom a rule means, and what of its recipients could not be found."""

    people: Sequence[Person] = ()
    missing: Sequence[str] = ()


class Engine:
    """Judges and tells."""

    def __init__(self, units: Units, records: Records, people: People, company: str, zone: tzinfo) -> None:
        self._units, self._registry, self._people, self._zone = units, records.registry, people, zone
        self._receivers, self._texts = Receivers(units.db, zone), RuleTexts(records, company)
        self._conditions: dict[tuple[str, int], Condition] = {}

    async def apply(self, rule: Doc, case: Case) -> None:
        """Fire the rule where it concerns the change."""
        with suppress(Conflict):  # it is shown on the rule
            await self.tell(rule, case, await self.meant(rule, case))

    async def meant(self, rule: Doc, case: Case) -> Meant:
        """Whom the rule means to tell of this change; nobody where it does not hold, or fired before."""
        if not concerns(rule, case.what):
            return Meant()
        part = "condition"
        try:
            if not await self._holds_for(rule, case) or await self._fired_before(rule, case):
                return Meant()
            part = "recipients_not_found"
            return await self._candidates(rule, case)
        except BROKEN as error:
            await self._show(rule, part, error)
            return Meant()

    async def tell(self, rule: Doc, case: Case, meant: Meant, chosen: list[str] | None = None) -> None:
        """Give each of them a notice; the same again changes nothing.

        Raises:
            Conflict: the texts cannot be merged, or others were chosen before.
        """
        key = firing_key(rule, case.what, self._zone)
        actor = await self._people.find(case.what.actor)
        by = (actor.user, actor.name) if actor else None
        try:
            news = await self._texts.news(rule, case, key, meant.people, by)
        except BROKEN as error:
            await self._show(rule, "text", error)
            raise Conflict("the texts of this rule cannot be merged", reason="rule") from None
        await fire(self._units, rule, case, key, news, chosen)
        if meant.missing:
            await note_fault(self._units, rule, "recipients_not_found", ", ".join(meant.missing))

    async def _show(self, rule: Doc, part: str, error: Exception) -> None:
        """Show a fault on the rule: by its reason, where that says all."""
        if isinstance(error, Unavailable):
            raise error
        reason = error.data.get("reason") if isinstance(error, Invalid) else None
        await note_fault(self._units, rule, reason or part, "" if reason else str(error))

    async def _holds_for(self, rule: Doc, case: Case) -> bool:
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

    async def _fired_before(self, rule: Doc, case: Case) -> bool:
        """Whether another change of the record fired it, as often as it may. This change may have been told in part."""
        key = firing_key(rule, case.what, self._zone)
        other = {"_id": key, "revision": {"$ne": case.what.revision}}
        return await self._units.db[RULE_FIRINGS].find_one(other, {"_id": 1}) is not None

    async def _candidates(self, rule: Doc, case: Case) -> Meant:
        """Those who may read the record, without the one who changed it."""
        users, missing = await self._receivers.of(rule, case)
        found = [await self._people.find(user) for user in users if user != case.what.actor]
        return Meant([person for person in found if person and self._may_be_told(person, case)], missing)

    def _may_be_told(self, person: Person, case: Case) -> bool:
        return person.may_sign_in and may(person.actor, "read", self._registry[case.what.type], case.doc, "basic")
