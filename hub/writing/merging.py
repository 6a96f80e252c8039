"""The values that templates are merged with: of each receiver what the writer may read, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crm_core.access.actor import Actor
from crm_core.declare.shape import Shape, shapes_of
from crm_core.ground.clock import now
from crm_core.ground.errors import NotFound
from crm_core.templates.fields import record_node
from crm_core.templates.usual import PEOPLE
from crm_core.templates.values import EMPTY, Node
from crm_core.templates.writing import Hand, Language, shown
from hub.store.records import Records

Row = Mapping[str, Any]
Path = tuple[str, ...]
_MOST_KEPT = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Somebody who is written to.

    Attributes:
        kind: the name of `PEOPLE` that the record goes by in templates; `address` for a bare address.
        key: address key.
        row: the record as the writer may read it.
    """

    kind: str
    key: str
    name: str = ""
    id: str | None = None
    row: Row | None = None

    @property
    def record(self) -> tuple[str, str] | None:
        """(record type, id), where there is a record."""
        return (PEOPLE[self.kind], self.id) if self.id and self.kind in PEOPLE else None


def hand_of(language: Language, time_zone: str) -> Hand:
    """How to write, in a person's language and time zone; UTC where the zone is unknown."""
    try:
        return Hand(language, ZoneInfo(time_zone))
    except (ZoneInfoNotFoundError, ValueError):
        return Hand(language, ZoneInfo("UTC"))


class Merging:
    """Loads what letters need, with one writer's eyes; what was read once is kept for the next receiver."""

    def __init__(self, records: Records, writer: Actor, hand: Hand, company: str) -> None:
        self._records, self._writer, self._hand, self._company = records, writer, hand, company
        self._registry = records.registry
        self._kept: dict[tuple[str, str], Row | None] = {}

    async def values(
        self, receiver: Receiver, links: Iterable[Path], *, unsubscribe: str = "", about: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        """Everything a template may name, by its first name.

        Args:
            links: paths of the linked records that must be there (`Letter.links`).
            about: (type, id) of the record that the message is about.
        """
        rows = await self._roots(receiver, about)
        for path in sorted(links, key=len):
            if path[0] in rows:
                key, row = rows[path[0]]
                await self._follow(key, row, path[1:])
        found: dict[str, Any] = dict.fromkeys(PEOPLE, Node({}))
        found |= {name: self._node(key, row) for name, (key, row) in rows.items()}
        return found | self._words(receiver, found, unsubscribe)

    async def _roots(self, receiver: Receiver, about: tuple[str, str] | None) -> dict[str, tuple[str, Row]]:
        rows: dict[str, tuple[str, Row]] = {}
        if receiver.row is not None and receiver.kind in PEOPLE:
            rows[receiver.kind] = (PEOPLE[receiver.kind], receiver.row)
        company = receiver.row.get("customer") if receiver.row is not None and receiver.kind == "contact" else None
        if company and (row := await self._load("customer", company)):
            rows["customer"] = ("customer", row)
        if row := await self._load("user", self._writer.user):
            rows["sender"] = ("user", row)
        if about and (row := await self._load(*about)):
            rows[next((name for name, key in PEOPLE.items() if key == about[0]), about[0])] = (about[0], row)
        return rows

    async def _follow(self, key: str, row: Row, path: Path) -> None:
        """Load what lies at the end of a path of links and child rows."""
        places: list[tuple[Mapping[str, Shape], Row]] = [(shapes_of(self._registry[key]), row)]
        for name in path:
            if name != "*":  # lists are gone through in any case
                places = [each for place in places for each in await self._step(*place, name)]

    async def _step(self, shapes: Mapping[str, Shape], row: Row, name: str) -> list[tuple[Mapping[str, Shape], Row]]:
        shape, value = shapes.get(name), row.get(name)
        if shape is None or not value:
            return []
        ones = value if isinstance(value, list) else [value]
        if shape.row:
            return [({inner.name: inner for inner in shape.row}, one) for one in ones]
        if len(shape.links) != 1:
            return []
        target = shape.links[0]
        loaded = [await self._load(target, one) for one in ones]
        return [(shapes_of(self._registry[target]), one) for one in loaded if one]

    async def _load(self, key: str, record: str) -> Row | None:
        """A record with the writer's eyes; None where there is none in sight."""
        place = (key, record)
        if place not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            try:
                self._kept[place] = await self._records.show(self._writer, key, record)
            except NotFound:
                self._kept[place] = None
        return self._kept[place]

    def _node(self, key: str, row: Row) -> Node:
        declared = self._registry[key]
        return record_node(
            declared, row, self._hand, self._registry.__getitem__, lambda k, record: self._kept.get((k, record))
        )

    def _words(self, receiver: Receiver, found: Mapping[str, Any], unsubscribe: str) -> dict[str, Any]:
        text = self._text
        person = found.get(receiver.kind)
        salutation = person.field("salutation") if isinstance(person, Node) else EMPTY
        recipient = {
            "name": text(receiver.name),
            "address": text(receiver.key.partition(":")[2]),
            "salutation": salutation,
            "company": text(str(found["customer"] if receiver.kind == "contact" else "")),
        }
        return {
            "recipient": Node(recipient, receiver.name),
            "company": text(self._company),
            "today": shown("date", now().astimezone(self._hand.zone).date(), self._hand),
            "unsubscribe": text(unsubscribe),
        }

    def _text(self, value: str) -> Any:
        return shown("text", value, self._hand)
