"""Field rights: what of a record somebody sees, and which fields may be written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.compile import may
from crm_core.access.roles import Level, usual_level
from crm_core.declare.record import Kept
from crm_core.declare.shape import shapes_of

_ALWAYS = frozenset({"id", "revision", "state"})


def level(actor: Actor, declared: type[Kept], name: str) -> Level:
    """What the actor may do with a field of a type, where the row allows it at all."""
    shape = shapes_of(declared)[name]
    if actor.admin:
        return "read" if shape.facts.computed else "write"
    given = actor.rights.fields.get((declared.meta.key, name), usual_level(declared, name))
    if given == "write" and (shape.facts.admin or shape.facts.computed):
        return "read"
    return given


def readable(actor: Actor, declared: type[Kept]) -> set[str]:
    """The fields the actor may read on rows within the full scope."""
    return {name for name in shapes_of(declared) if level(actor, declared, name) != "none"} | _ALWAYS


def basic(declared: type[Kept]) -> frozenset[str]:
    """The fields shown on rows that are readable in the basic part only."""
    return frozenset(declared.meta.basic) | _ALWAYS


def shown(actor: Actor, declared: type[Kept], doc: Mapping[str, Any]) -> set[str]:
    """The fields of one stored document that the actor may read."""
    names = readable(actor, declared)
    if declared.meta.basic and not may(actor, "read", declared, doc):
        names &= basic(declared)
    return names
