"""All record types of this installation: look-up by key, and contradictions refused at start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from crm_core.declare.custom import CustomField
from crm_core.declare.derived import Copied, Count, First
from crm_core.declare.record import Kept
from crm_core.declare.shape import Shape, shapes_of
from crm_core.ground.errors import NotFound


class Contradiction(ValueError):
    """A declaration that cannot be true; the message says which type and why."""


@dataclass(frozen=True, slots=True)
class LinkFrom:
    """One field, in whichever type, that may point at a type. `path` is dotted for links in child rows."""

    source: str
    path: str


class Registry:
    """The record types by key."""

    def __init__(
        self, types: Iterable[type[Kept]], customs: Mapping[str, tuple[CustomField, ...]] | None = None
    ) -> None:
        self._types: dict[str, type[Kept]] = {}
        self._customs = dict(customs or {})
        for declared in types:
            if declared.meta.key in self._types:
                raise Contradiction(f"two record types are called {declared.meta.key}")
            self._types[declared.meta.key] = declared
        for declared in self._types.values():
            self._check(declared)

    def __getitem__(self, key: str) -> type[Kept]:
        """The type, or `NotFound`."""
        if key not in self._types:
            raise NotFound(f"there is no record type {key}")
        return self._types[key]

    def __iter__(self) -> Iterator[type[Kept]]:
        return iter(self._types.values())

    def __contains__(self, key: str) -> bool:
        return key in self._types

    def customs(self, key: str) -> tuple[CustomField, ...]:
        """The custom fields that administrators gave a type."""
        return self._customs.get(key, ())

    def with_customs(self, customs: Mapping[str, tuple[CustomField, ...]]) -> Registry:
        """The same types with these custom fields."""
        return Registry(self._types.values(), customs)

    def keys(self) -> list[str]:
        """All keys, in order of declaration."""
        return list(self._types)

    def links_to(self, key: str) -> list[LinkFrom]:
        """Every field of every type that may point at this one."""
        return [LinkFrom(t.meta.key, path) for t in self for path, targets in link_paths(t) if key in targets]

    def _check(self, declared: type[Kept]) -> None:
        shapes, meta = shapes_of(declared), declared.meta
        spoken = {meta.title, *meta.list, *meta.orders, *meta.basic, *(meta.own if declared.owned else ())}
        spoken |= {f for rule in declared.duplicates for f in (*rule.fields, rule.when) if f} - {
            "addresses",
            "mail_domain",
        }
        spoken |= {f for names in declared.lifecycle.required.values() for f in names}
        spoken |= {d.name for d in declared.derived}
        if declared.tree:
            spoken |= {f for f in (declared.tree.parent, declared.tree.path, declared.tree.full_name) if f}
        if unknown := spoken - set(shapes):
            raise Contradiction(f"{meta.key}: no such fields: {sorted(unknown)}")
        for path, targets in link_paths(declared):
            if missing := set(targets) - set(self._types):
                raise Contradiction(f"{meta.key}.{path} links to unknown types {sorted(missing)}")
        for shape in shapes.values():
            self._check_options(meta.key, shape)
        for rule in declared.derived:
            self._check_derived(declared, rule)

    def _check_options(self, key: str, shape: Shape) -> None:
        for one in (shape, *shape.row):
            if one.facts.options and len(one.facts.options) != len(one.choices):
                raise Contradiction(f"{key}.{one.name}: {len(one.facts.options)} labels for {len(one.choices)} values")

    def _check_derived(self, declared: type[Kept], rule: Count | First | Copied) -> None:
        if not shapes_of(declared)[rule.name].facts.computed:
            raise Contradiction(f"{declared.meta.key}.{rule.name} is derived, so it must be declared as computed")
        if isinstance(rule, Copied):
            target = shapes_of(declared)[rule.through].links[0]
            known = rule.source in shapes_of(self._types[target])
        else:
            known = rule.of in self._types and (
                rule.by == "department_path" or rule.by in shapes_of(self._types[rule.of])
            )
        if not known:
            raise Contradiction(f"{declared.meta.key}.{rule.name} is derived from a field that does not exist")


def link_paths(declared: type[Kept]) -> list[tuple[str, tuple[str, ...]]]:
    """The fields in which people set links, with the types they may point at; `table.field` for those in child rows.

    Computed links are left out: they follow what they are computed from.
    """
    shapes = [s for s in shapes_of(declared).values() if not s.facts.computed]
    found = [(s.name, s.links) for s in shapes if s.links]
    return found + [(f"{s.name}.{inner.name}", inner.links) for s in shapes for inner in s.row if inner.links]
