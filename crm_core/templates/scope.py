"""Which fields a template may use: those of some records, by their declarations, and a few words beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from crm_core.declare.facts import Facts
from crm_core.declare.registry import Registry
from crm_core.declare.shape import Shape, shapes_of

FARTHEST = 3
"""Links followed from one field, at most."""
_HIDDEN = frozenset({"id", "revision", "attachments", "custom", "shared_with", "followers", "changed_by", "created_by"})
_NOT_TEXT = frozenset({"json", "file", "geo"})
_ADDRESS = ("country", "province", "city", "district", "street", "postcode")
_PARTS_ZH = dict(zip(_ADDRESS, ("国家", "省", "市", "区", "街道", "邮编"), strict=True))


def word(name: str, zh: str, en: str, kind: str = "text") -> Shape:
    """A field that belongs to no record: the company's name, today's date."""
    return Shape(name, kind, many=False, required=False, facts=Facts(zh=zh, en=en), filterable=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dotted name leads: to a record of a type, to an object with fields of its own, or to one value.

    Attributes:
        key: the record type, where it is a record.
        shapes: the fields below it; empty for a plain value.
        many: it is a list; a loop goes through its members, each a place like this one without `many`.
    """

    label: Mapping[str, str]
    kind: str
    key: str | None = None
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    many: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a template begins its fields with.

    Attributes:
        records: name -> record type.
        words: name -> a single value, or an object of several.
    """

    registry: Registry
    records: Mapping[str, str]
    words: Mapping[str, Shape | Mapping[str, Shape]] = field(default_factory=dict)

    def roots(self) -> list[str]:
        """The first names, in order."""
        return [*self.words, *self.records]

    def root(self, name: str) -> Place | None:
        """The place of a first name."""
        if name in self.records:
            return self._record(self.records[name])
        found = self.words.get(name)
        if found is None:
            return None
        if isinstance(found, Shape):
            return Place(found.label, found.kind)
        return Place({"zh": name, "en": name}, "object", shapes=found)

    def inside(self, place: Place, name: str) -> Place | None:
        """One step further; None where there is no such field."""
        shape = None if place.many else place.shapes.get(name)
        if shape is None or shape.name in _HIDDEN or shape.kind in _NOT_TEXT:
            return None
        return self._of(shape)

    def find(self, path: tuple[str, ...]) -> Place | None:
        """The place of a whole path."""
        place = self.root(path[0])
        for name in path[1:]:
            place = self.inside(place, name) if place else None
        return place

    def _record(self, key: str) -> Place:
        declared = self.registry[key]
        label = {"zh": declared.meta.zh or key, "en": declared.meta.label}
        return Place(label, "record", key, shapes_of(declared))

    def _of(self, shape: Shape) -> Place:
        if shape.kind == "link" and len(shape.links) == 1:
            inner = self._record(shape.links[0])
            return Place(shape.label, "record", inner.key, inner.shapes, shape.many)
        if shape.kind == "address":
            parts = {name: word(name, _PARTS_ZH[name], name.capitalize()) for name in _ADDRESS}
            return Place(shape.label, "address", shapes=parts, many=shape.many)
        rows = {inner.name: inner for inner in shape.row}
        return Place(shape.label, "table" if rows else shape.kind, shapes=rows, many=shape.many)


@dataclass(frozen=True, slots=True)
class Pick:
    """One field as a picker offers it."""

    path: str
    label: Mapping[str, str]
    kind: str
    many: bool
    row: tuple[str, ...] = ()


def picks(scope: Scope) -> list[Pick]:
    """Every field of the scope's own records, and those one link further that name something."""
    return [pick for name in scope.roots() for pick in _picks(scope, name)]


def _picks(scope: Scope, name: str) -> Iterator[Pick]:
    root = scope.root(name)
    assert root is not None
    if not root.shapes:
        yield Pick(name, root.label, root.kind, many=False)
    for field_name in root.shapes:
        place = scope.inside(root, field_name)
        if place is None:
            continue
        path = f"{name}.{field_name}"
        label = {lang: f"{root.label[lang]} · {place.label[lang]}" for lang in ("zh", "en")}
        inner = tuple(n for n in place.shapes if place.kind == "table" and n not in _HIDDEN)
        yield Pick(path, label, place.kind, place.many, inner)
