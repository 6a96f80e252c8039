"""Canned answers: texts that agents write often, found by a short word, with fields of the contact and of the writer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args
from zoneinfo import ZoneInfo

from typing_extensions import TypedDict

from crm_core.declare.registry import Registry
from crm_core.declare.shape import Shape
from crm_core.ground.clock import now
from crm_core.ground.errors import Forbidden, Invalid, NotFound
from crm_core.templates.check import check
from crm_core.templates.compiled import Compiled
from crm_core.templates.fields import record_node
from crm_core.templates.problems import as_field_error
from crm_core.templates.scope import Scope, picks, word
from crm_core.templates.values import Node, Shown
from crm_core.templates.writing import Hand, Language
from crm_core.templates.writing import shown as written
from hub.desk.shared_things import SharedThings
from hub.desk.sharing import shown
from hub.desk.sight import seen_conversation
from hub.identity.caller import Caller
from hub.model.conversation import PersonRef
from hub.store.client import Database, Doc
from hub.store.inbox_collections import CANNED
from hub.store.records import Records

_RECORDS = {"contact": "contact", "customer": "customer", "sender": "user"}
_RECIPIENT: dict[str, Shape] = {"name": word("name", "姓名", "Name"), "address": word("address", "地址", "Address")}


class CannedOut(TypedDict):
    """A canned answer. `text` may hold fields: `{{ contact.name }}`."""

    id: str
    shortcut: str
    title: str
    text: str
    owner: PersonRef
    shared_with: str
    may_change: bool
    revision: int


class CannedField(TypedDict):
    """A field that a canned answer may use."""

    path: str
    zh: str
    en: str


class Filled(TypedDict):
    """The text for one conversation. `missing`: fields of it that are empty there."""

    text: str


def canned_scope(registry: Registry) -> Scope:
    """What a canned answer may name: who is written to, as contact and customer, who writes, and the day."""
    words: dict[str, Shape | Mapping[str, Shape]] = {
        "recipient": _RECIPIENT,
        "today": word("today", "今天", "Today", "date"),
    }
    return Scope(registry, {name: key for name, key in _RECORDS.items() if key in registry}, words)


class Canned:
    """The canned answers that somebody has."""

    def __init__(self, db: Database, records: Records) -> None:
        self._db = db
        self._records = records
        self._scope = canned_scope(records.registry)
        self._things = SharedThings(db, CANNED, "shortcut")

    async def all(self, caller: Caller) -> list[CannedOut]:
        """All of them."""
        return [_out(caller, doc) for doc in await self._things.all(caller)]

    def fields(self) -> list[CannedField]:
        """The fields that a text may use, for a picker."""
        found = [pick for pick in picks(self._scope) if not pick.many]
        return [CannedField(path=pick.path, zh=pick.label["zh"], en=pick.label["en"]) for pick in found]

    async def create(self, caller: Caller, fields: Mapping[str, Any], shared_with: str) -> CannedOut:
        """A new one. Raises `Invalid` (what is wrong with its fields), `Forbidden`, `Conflict`."""
        self._check(fields)
        return _out(caller, await self._things.create(caller, shared_with, fields))

    async def change(self, caller: Caller, canned: str, fields: Mapping[str, Any], revision: int | None) -> CannedOut:
        """Change what the caller names. Raises `NotFound`, `Invalid`, `Forbidden`, `StaleRevision`, `Conflict`."""
        self._check(fields)
        return _out(caller, await self._things.change(caller, canned, fields, revision))

    async def remove(self, caller: Caller, canned: str) -> None:
        """Remove it. Raises `Forbidden`."""
        await self._things.remove(caller, canned)

    async def fill(self, caller: Caller, canned: str, conversation: str, language: Language, zone: ZoneInfo) -> Filled:
        """The text with the fields of this conversation's contact, read with the caller's eyes.

        Raises:
            NotFound: there is no such answer or conversation for the caller.
        """
        found = await self._things.all(caller, [canned])
        if not found:
            raise NotFound("there is no such canned answer", canned=canned)
        doc = await seen_conversation(self._db, caller, conversation)
        hand = Hand(language, zone)
        template = Compiled(found[0]["text"], "text", self._scope, hand)
        return Filled(text=template.merge(await self._values(caller, doc, hand)))

    async def _values(self, caller: Caller, conversation: Doc, hand: Hand) -> dict[str, Any]:
        outer = [party for party in conversation["parties"] if party["kind"] in ("contact", "unknown")]
        party: Doc = outer[0] if outer else {"id": None, "kind": "unknown", "name": "", "address": ""}
        contact = await self._row(caller, "contact", party["id"] if party["kind"] == "contact" else None)
        company = (contact or {}).get("customer") or next(iter(conversation["customers"]), None)
        rows = {
            "contact": contact,
            "customer": await self._row(caller, "customer", company),
            "sender": await self._row(caller, "user", caller.user) or {"name": caller.name},
        }
        recipient = {name: Shown(party[name], party[name]) for name in ("name", "address")}
        today = written("date", now().astimezone(hand.zone).date().isoformat(), hand)
        return {name: self._node(name, row, hand) for name, row in rows.items()} | {
            "recipient": Node(recipient, party["name"] or party["address"]),
            "today": today,
        }

    async def _row(self, caller: Caller, key: str, record: str | None) -> Mapping[str, Any] | None:
        """The record as the caller may read it; None where there is none in sight."""
        if record is None or key not in self._records.registry:
            return None
        try:
            return await self._records.show(caller.actor, key, record)
        except (NotFound, Forbidden):
            return None  # what the writer may not read stays an empty field

    def _node(self, name: str, row: Mapping[str, Any] | None, hand: Hand) -> Node:
        registry = self._records.registry
        if row is None or _RECORDS[name] not in registry:
            return Node({})
        return record_node(registry[_RECORDS[name]], row, hand, registry.__getitem__, lambda _key, _record: None)

    def _check(self, fields: Mapping[str, Any]) -> None:
        problems = check(fields.get("text", ""), self._scope).problems
        wrong = [as_field_error("text", each) for each in problems]
        if wrong:
            raise Invalid(f"text: {wrong[0].detail}", fields=tuple(wrong))


def language_of(word: str) -> Language:
    """`zh` for every Chinese, else `en`."""
    return next((known for known in get_args(Language) if word.lower().startswith(known)), "en")


def _out(caller: Caller, doc: Doc) -> CannedOut:
    kept = {name: doc[name] for name in ("shortcut", "title", "text")}
    return {**shown(caller, doc), **kept}  # type: ignore[typeddict-item]
