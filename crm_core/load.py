"""Finds the record types: every class in `crm_core/types/` that has a `meta` of its own. The top storey of the core."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import lru_cache
from typing import TypeGuard

from crm_core import types
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry


@lru_cache(maxsize=1)
def load() -> Registry:
    """The registry of all types; made once, it never changes while the program runs."""
    found: dict[str, type[Kept]] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(types.__path__)):
        loaded = importlib.import_module(f"{types.__name__}.{module}")
        members = inspect.getmembers(loaded, inspect.isclass)
        found |= {name: member for name, member in members if _declared_in(member, loaded.__name__)}
    return resolve(found)


def _declared_in(member: type, module: str) -> TypeGuard[type[Kept]]:
    return issubclass(member, Kept) and "meta" in vars(member) and member.__module__ == module


def resolve(found: dict[str, type[Kept]]) -> Registry:
    """Resolve the links among classes, given by name, and check the whole."""
    for declared in found.values():
        declared.model_rebuild(force=True, raise_errors=True, _types_namespace={**found})
    return Registry(found.values())
