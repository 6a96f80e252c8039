"""What a field is, read from its annotation: one description for checks, filters, screens and documentation."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from crm_core.declare.child_rows import Row
from crm_core.declare.facts import Facts
from crm_core.declare.fields import Kind
from crm_core.declare.links import Link, LinkTo
from crm_core.ground.money import Money


@dataclass(frozen=True, slots=True)
class Shape:
    """One field.

    Attributes:
        kind: `text longtext int decimal money date datetime bool choice phone email file address geo json link table`.
        many: a list of such values.
        links: keys of the types a link may point at.
        choices: the values of a choice.
        row: the fields of a child row (kind `table`).
        hint: the annotation of one value, for reading filter values.
    """

    name: str
    kind: str
    many: bool
    required: bool
    facts: Facts
    filterable: bool
    links: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    row: tuple[Shape, ...] = ()
    hint: Any = None

    @property
    def label(self) -> dict[str, str]:
        """The label in both languages."""
        en = self.facts.en or self.name.replace("_", " ").capitalize()
        return {"zh": self.facts.zh or en, "en": en}

    def adapter(self) -> TypeAdapter[Any]:
        """Reads one value of the field from text."""
        return TypeAdapter(self.hint)


@lru_cache(maxsize=512)
def shapes_of(model: type[BaseModel]) -> dict[str, Shape]:
    """The fields of a record type or a child row, in the order of their declaration."""
    return {name: _shape(name, field) for name, field in model.model_fields.items()}


def _shape(name: str, field: FieldInfo) -> Shape:
    facts = field.json_schema_extra if isinstance(field.json_schema_extra, Facts) else Facts()
    hint: Any = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    hint, many = _one_value(hint)
    marks = list(_marks(hint))
    kind, links, choices, row = _kind(hint, marks)
    filterable = next((m.filterable for m in marks if isinstance(m, Kind)), kind in ("link", "choice"))
    return Shape(
        name, kind, many, field.is_required() and not facts.computed, facts, filterable, links, choices, row, hint
    )


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _one_value(hint: Any) -> tuple[Any, bool]:
    """The annotation without `| None` and without `list[...]`."""
    bare = _bare(hint)
    if get_origin(bare) in (Union, types.UnionType):
        inner = [a for a in get_args(bare) if a is not type(None)]
        return _one_value(inner[0])
    if get_origin(bare) is list:
        return _one_value(get_args(bare)[0])[0], True
    return hint, False


def _marks(hint: Any) -> Iterator[Any]:
    if get_origin(hint) is Annotated:
        yield from get_args(hint)[1:]


def _kind(hint: Any, marks: list[Any]) -> tuple[str, tuple[str, ...], tuple[str, ...], tuple[Shape, ...]]:
    bare = _bare(hint)
    for mark in marks:
        if isinstance(mark, LinkTo):
            return "link", mark.targets, (), ()
        if isinstance(mark, Kind):
            return mark.name, (), (), ()
    if get_origin(bare) is Link:
        return "link", (get_args(bare)[0].meta.key,), (), ()
    if get_origin(bare) is Literal:
        return "choice", (), tuple(map(str, get_args(bare))), ()
    if isinstance(bare, type) and issubclass(bare, Row):
        return "table", (), (), tuple(shapes_of(bare).values())
    if bare is Money:
        return "money", (), (), ()
    name: str = getattr(bare, "kind_name", "text" if bare is str else "json")
    return name, (), (), ()
