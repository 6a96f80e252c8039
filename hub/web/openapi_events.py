"""Event classes as models, so that REST and live events have one contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_type_hints

from pydantic import TypeAdapter, create_model

from crm_core.ground.events import Event

_INNER = "hub."
"""Events of these names never leave the hubs."""


def event_models() -> dict[str, list[TypeAdapter[Any]]]:
    """By wire name: what `data` may look like. One name may have several classes (changed, and gone from sight)."""
    found: dict[str, list[TypeAdapter[Any]]] = {}
    for event in sorted(set(all_events(Event)), key=lambda e: e.__name__):
        if event.name and not event.name.startswith(_INNER) and not event.__module__.startswith("tests"):
            found.setdefault(event.name, []).append(TypeAdapter(_model(event)))
    return found


def all_events(parent: type[Event]) -> Iterator[type[Event]]:
    """Every event class under this one."""
    for child in parent.__subclasses__():
        yield child
        yield from all_events(child)


def _model(event: type[Event]) -> Any:
    hints = get_type_hints(event, include_extras=True)
    wire: dict[str, Any] = {f.name: (hints[f.name], ...) for f in fields(event) if not f.name.startswith("_")}
    return create_model(event.__name__, __doc__=event.__doc__, **wire)
