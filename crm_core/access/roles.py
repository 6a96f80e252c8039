"""Rights: role x type x action with a row scope. A person's rights are the union of the roles held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.declare.shape import shapes_of

Action = Literal["read", "create", "update", "delete", "approve", "export", "import", "print", "assign", "share"]
Scope = Literal["shared", "own", "department", "tree", "all"]
Part = Literal["all", "basic"]
Level = Literal["none", "read", "write"]

ACTIONS: tuple[Action, ...] = (
    "read", "create", "update", "delete", "approve", "export", "import", "print", "assign", "share",
)  # fmt: skip
SCOPES: tuple[Scope, ...] = ("shared", "own", "department", "tree", "all")
"""From narrow to wide; each contains the ones before it."""
LEVELS: tuple[Level, ...] = ("none", "read", "write")


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do.

    Attributes:
        scopes: (type, action, part) -> the widest scope.
        fields: (type, field) -> level, where it is not the usual one.
    """

    scopes: Mapping[tuple[str, str, str], Scope] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], Level] = field(default_factory=dict)

    def scope(self, key: str, action: str, part: Part = "all") -> Scope | None:
        """The widest scope of an action on a type, or None where the person may not at all.

        `part` `basic` asks for the few fields of a type's `basic` list; who may have all may have those.
        """
        whole = self.scopes.get((key, action, "all"))
        if part == "all":
            return whole
        return wider(whole, self.scopes.get((key, action, "basic")))

    def types(self) -> list[str]:
        """The types of which anything may be read."""
        return sorted({key for key, action, _ in self.scopes if action == "read"})


def wider(one: Scope | None, other: Scope | None) -> Scope | None:
    """The wider of two scopes."""
    if one is None or other is None:
        return one or other
    return max(one, other, key=SCOPES.index)


def rights_of(roles: Iterable[Mapping[str, Any]], registry: Registry, *, admin: bool = False) -> Rights:
    """The union of stored `role` records. Retired roles and types that do not exist (any more) give nothing."""
    active = [r for r in roles if r.get("state", "active") == "active"]
    scopes: dict[tuple[str, str, str], Scope] = {}
    for role in active:
        _add_scopes(scopes, role, registry)
    if admin or any(r.get("admin") for r in active):
        for declared in registry:
            scopes |= {(declared.meta.key, action, "all"): "all" for action in ACTIONS}
    return Rights(scopes, _field_levels(active, registry))


def _add_scopes(scopes: dict[tuple[str, str, str], Scope], role: Mapping[str, Any], registry: Registry) -> None:
    for row in role.get("rights", ()):
        if row["type"] not in registry:
            continue
        # Reference types have no rows of somebody: who may read the type reads all of it.
        scope: Scope = row["scope"] if registry[row["type"]].owned else "all"
        for action in row["actions"]:
            place = (row["type"], action, row.get("part", "all"))
            scopes[place] = wider(scopes.get(place), scope) or scope


def _field_levels(roles: list[Mapping[str, Any]], registry: Registry) -> dict[tuple[str, str], Level]:
    """The best level among the roles that give anything on the type; a role that is silent gives the usual level."""
    said = {(row["type"], row["field"]) for role in roles for row in role.get("field_rights", ())}
    levels: dict[tuple[str, str], Level] = {}
    for key, name in said:
        if key not in registry:
            continue
        speakers = [r for r in roles if any(row["type"] == key for row in r.get("rights", ()))]
        given = [_level(role, registry[key], name) for role in speakers]
        if given:
            levels[key, name] = max(given, key=LEVELS.index)
    return levels


def _level(role: Mapping[str, Any], declared: type[Kept], name: str) -> Level:
    for row in role.get("field_rights", ()):
        if (row["type"], row["field"]) == (declared.meta.key, name):
            level: Level = row["level"]
            return level
    return usual_level(declared, name)


def usual_level(declared: type[Kept], name: str) -> Level:
    """What a role that says nothing of a field gives on it."""
    shape = shapes_of(declared).get(name)
    return "none" if shape is not None and shape.facts.guarded else "write"
