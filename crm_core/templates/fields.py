"""Rows of records as templates see them: each field by its declaration, links as records of their own where loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crm_core.declare.record import Kept
from crm_core.declare.shape import Shape, shapes_of
from crm_core.templates.values import EMPTY, Node, Rows
from crm_core.templates.writing import Hand, shown

Loaded = Callable[[str, str], Mapping[str, Any] | None]
"""(record type, id) -> the row as the reader may see it, or None when it was not loaded."""
_ADDRESS = ("country", "province", "city", "district", "street", "postcode")


def record_node(
    declared: type[Kept], row: Mapping[str, Any], hand: Hand, types: Callable[[str], type[Kept]], loaded: Loaded,
    *, deep: int = 0,
) -> Node:  # fmt: skip
    """A record with all fields that its row shows; `deep` counts the links followed."""
    maker = _Maker(hand, types, loaded, row.get("labels", {}), deep)
    fields = {name: maker.field(shape, row.get(name)) for name, shape in shapes_of(declared).items()}
    labels = declared.lifecycle.labels
    if hand.language == "zh" and row.get("state") in labels:
        fields["state"] = shown("choice", row["state"], hand, labels)
    return Node(fields, str(row.get(declared.meta.title) or ""))


class _Maker:
    """Makes the values of one record's fields."""

    def __init__(
        self, hand: Hand, types: Callable[[str], type[Kept]], loaded: Loaded, labels: Mapping[str, str], deep: int
    ) -> None:
        self._hand, self._types, self._loaded, self._labels, self._deep = hand, types, loaded, labels, deep

    def field(self, shape: Shape, value: Any) -> Any:
        """One field; a list of values becomes something to go through."""
        if shape.many:
            return Rows([self._one(shape, each) for each in value or ()], self._hand.separator)
        return self._one(shape, value)

    def _one(self, shape: Shape, value: Any) -> Any:
        if value is None:
            return EMPTY
        if shape.kind == "link":
            return self._link(shape, value)
        if shape.kind == "address":
            return self._address(value)
        if shape.row:
            return Node({inner.name: self.field(inner, value.get(inner.name)) for inner in shape.row})
        choices = {}
        if shape.choices:
            zh = shape.facts.options or shape.choices
            en = [choice.replace("_", " ").capitalize() for choice in shape.choices]
            choices = dict(zip(shape.choices, zh if self._hand.language == "zh" else en, strict=True))
        return shown(shape.kind, value, self._hand, choices)

    def _link(self, shape: Shape, record: str) -> Node:
        key = shape.links[0] if len(shape.links) == 1 else ""
        row = self._loaded(key, record) if key and self._deep < _FARTHEST else None
        if row is None:
            return Node({}, self._labels.get(record, ""))
        return record_node(self._types(key), row, self._hand, self._types, self._loaded, deep=self._deep + 1)

    def _address(self, value: Mapping[str, Any]) -> Node:
        parts = {name: shown("text", value.get(name), self._hand) for name in _ADDRESS}
        if self._hand.language == "zh":
            return Node(parts, "".join(str(parts[name]) for name in _ADDRESS[1:-1]))
        order = ("street", "district", "city", "province", "postcode", "country")
        return Node(parts, ", ".join(text for name in order if (text := str(parts[name]))))


_FARTHEST = 3
