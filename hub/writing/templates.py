"""Templates as the screen works with them: which fields there are, what is wrong, and the text for one record."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict

from crm_core.access.fields import readable
from crm_core.ground.addresses import mail_key
from crm_core.ground.errors import NotFound
from crm_core.templates.check import check
from crm_core.templates.scope import Pick, picks
from crm_core.templates.usual import PEOPLE, usual_scope
from crm_core.templates.writing import Language
from hub.identity.caller import Caller
from hub.identity.people import People
from hub.store.records import Records
from hub.writing.letters import Letter, Merged, Texts
from hub.writing.merging import Merging, Receiver, hand_of


class LabelOut(TypedDict):
    """A text in both languages."""

    zh: str
    en: str


class FieldOut(TypedDict):
    """One field that a template may use: what is written, what it is called. `row`: the fields of a list's rows."""

    path: str
    label: LabelOut
    kind: str
    many: bool
    row: list[str]


class FaultOut(TypedDict):
    """One fault of a template with its place, counted from 1. `part`: subject, text or html."""

    part: str
    code: str
    line: int
    column: int
    what: str
    near: str | None
    zh: str
    en: str


class Templates:
    """Fields, faults and merging, with the caller's eyes."""

    def __init__(self, records: Records, people: People, company: str) -> None:
        self._records, self._people, self._company = records, people, company

    def fields(self, caller: Caller, about: str | None) -> list[FieldOut]:
        """The fields that the caller may see, of people and companies, and of one more type where it is given."""
        scope = usual_scope(self._records.registry, about)
        return [_field_out(pick) for pick in picks(scope) if self._may_see(caller, scope.records, pick)]

    def faults(self, texts: Texts, about: str | None) -> list[FaultOut]:
        """Everything that is wrong with some texts."""
        scope = usual_scope(self._records.registry, about)
        return [
            {"part": part, **problem.out()}  # type: ignore[typeddict-item]
            for part, source in texts.by_form().items()
            for problem in check(source, scope).problems
        ]

    async def merge(self, caller: Caller, texts: Texts, language: Language, about: tuple[str, str] | None) -> Merged:
        """The texts for one record, ready to be written to somebody.

        Raises:
            Invalid: a fault, with its place. NotFound: there is no such record, or the caller may not see it.
        """
        person = await self._people.find(caller.user)
        hand = hand_of(language, person.time_zone if person else "UTC")
        scope = usual_scope(self._records.registry, about[0] if about else None)
        letter = await asyncio.to_thread(Letter, texts, scope, hand)
        merging = Merging(self._records, caller.actor, hand, self._company)
        receiver = await self._receiver(caller, about)
        values = await merging.values(receiver, letter.links, about=about)
        return await asyncio.to_thread(letter.merge, values)  # bounded, but a second would be long for the others

    async def _receiver(self, caller: Caller, about: tuple[str, str] | None) -> Receiver:
        """Whom a message about a record goes to: the record itself, where it is somebody."""
        if about is None:
            return Receiver(kind="address", key="")
        kind = next((name for name, key in PEOPLE.items() if key == about[0]), None)
        row = await self._records.show(caller.actor, *about)
        if kind is None:
            return Receiver(kind="address", key="")
        mails: list[Mapping[str, Any]] = row.get("mails") or []
        key = mail_key(mails[0]["address"]) if mails else None
        return Receiver(kind=kind, key=key or "", name=str(row.get("name") or ""), id=about[1], row=row)

    def _may_see(self, caller: Caller, records: Mapping[str, str], pick: Pick) -> bool:
        name, _, field = pick.path.partition(".")
        if name not in records:
            return True
        try:
            declared = self._records.registry[records[name]]
        except NotFound:
            return False
        if caller.actor.scope(records[name], "read", "basic") is None:
            return False
        return field in readable(caller.actor, declared)


def _field_out(pick: Pick) -> FieldOut:
    label: LabelOut = {"zh": pick.label["zh"], "en": pick.label["en"]}
    return {"path": pick.path, "label": label, "kind": pick.kind, "many": pick.many, "row": list(pick.row)}
