"""Who the addresses are: one query per kind of record for a whole batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from hub.model.address import Address
from hub.model.message import Party
from hub.store.client import Doc
from hub.store.unit import Unit, at_once

MOST_PARTIES = 50
"""Of a mail to thousands, so many recipients become parties; the rest stays in `to`."""

_FIELDS = {"name": 1, "customer": 1, "owner": 1, "addresses": 1, "state": 1}
_GONE = frozenset({"merged", "left"})


@dataclass(slots=True)
class Known:
    """What the records say about one address: the first match speaks for it, all matches are kept."""

    contacts: list[Doc] = field(default_factory=list)
    customers: list[Doc] = field(default_factory=list)
    users: list[Doc] = field(default_factory=list)


class People:
    """The addresses of a batch, looked up."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._marks: dict[str, frozenset[str]] = {}

    async def look_up(self, unit: Unit, keys: Iterable[str]) -> None:
        """Find the contacts, customers and colleagues behind these address keys."""
        wanted = [key for key in set(keys) if key not in self._known]
        if not wanted:
            return
        for key in wanted:
            self._known[key] = Known()
        await at_once(
            self._find(unit, "record_contact", "contacts", wanted),
            self._find(unit, "record_customer", "customers", wanted),
            self._find(unit, "record_user", "users", wanted),
        )

    async def _find(self, unit: Unit, collection: str, slot: str, wanted: list[str]) -> None:
        """Who has left is sorted out here: asked for by address alone, the server has one plan and weighs no others."""
        found = await unit.beside[collection].find({"addresses": {"$in": wanted}}, _FIELDS, batch_size=2000).to_list()
        for doc in sorted(found, key=itemgetter("_id")):
            for key in doc["addresses"] if doc.get("state") not in _GONE else ():
                if key in self._known:
                    getattr(self._known[key], slot).append(doc)

    def party(self, address: Address) -> Party:
        """The address as a party."""
        known = self._known.get(address.key) or Known()
        if known.contacts:
            return _party("contact", known.contacts[0], address)
        if known.users:
            return _party("user", known.users[0], address)
        return {"kind": "unknown", "id": None, "name": address.name, "address": address.text}

    def contacts(self, key: str) -> list[str]:
        """Ids of all contacts with this address."""
        known = self._known.get(key)
        return [doc["_id"] for doc in known.contacts] if known else []

    def customers(self, key: str) -> list[str]:
        """Ids of the customers behind this address: its own, and those of its contacts."""
        known = self._known.get(key)
        if known is None:
            return []
        found = dict.fromkeys(doc["_id"] for doc in known.customers)
        found.update(dict.fromkeys(c["customer"] for c in known.contacts if c.get("customer")))
        return [*found]

    def marks(self, key: str) -> frozenset[str]:
        """What identifies the person behind an address: the address, their contacts, their customers."""
        marks = self._marks.get(key)
        if marks is None:
            known = (f"contact:{c}" for c in self.contacts(key)), (f"customer:{c}" for c in self.customers(key))
            marks = self._marks[key] = frozenset((key, *known[0], *known[1]))
        return marks


def _party(kind: Any, doc: Doc, address: Address) -> Party:
    return {"kind": kind, "id": doc["_id"], "name": doc.get("name") or address.name, "address": address.text}
