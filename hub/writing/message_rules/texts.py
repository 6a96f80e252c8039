"""What each receiver reads: the rule's texts with the record's fields, as that person may see and is used to read them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from crm_core.templates.usual import record_scope
from crm_core.templates.writing import Language
from hub.desk.notice_store import News
from hub.identity.people import Person
from hub.store.client import Doc
from hub.store.records import Records
from hub.writing.letters import Letter, Texts
from hub.writing.merging import Merging, Receiver, hand_of
from hub.writing.message_rules.book import Case

_NOBODY = Receiver(kind="address", key="")


class RuleTexts:
    """Merges them."""

    def __init__(self, records: Records, company: str) -> None:
        self._records, self._company = records, company

    async def news(
        self, rule: Doc, case: Case, key: str, people: Sequence[Person], by: tuple[str, str] | None
    ) -> list[News]:
        """One notice for each of the people. Raises `Invalid`: the texts have a fault."""
        letters: dict[tuple[str, str], Letter] = {}
        return [await self._one(rule, case, key, person, by, letters) for person in people]

    async def _one(
        self, rule: Doc, case: Case, key: str, person: Person, by: tuple[str, str] | None,
        letters: dict[tuple[str, str], Letter],
    ) -> News:  # fmt: skip
        about, registry = (case.what.type, case.what.record), self._records.registry
        hand = hand_of(cast(Language, person.locale), person.time_zone)
        place = (person.locale, person.time_zone)
        if place not in letters:
            texts = Texts(subject=rule.get("subject") or "", text=rule.get("body") or "")
            letters[place] = await asyncio.to_thread(Letter, texts, record_scope(registry, about[0]), hand)
        letter = letters[place]
        merging = Merging(self._records, person.actor, hand, self._company)
        values = await merging.values(_NOBODY, letter.links, about=about)
        done = await asyncio.to_thread(letter.merge, values)
        declared = registry[about[0]]
        return News(
            user=person.user,
            key=f"rule:{key}",
            cause="rule.warning" if rule["kind"] == "warning" else "rule",
            title=done.subject or str(case.doc.get(declared.meta.title) or case.doc.get("number") or ""),
            text=done.text,
            about={"type": about[0], "record": about[1]},
            by=by,
        )
