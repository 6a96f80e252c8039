"""Lists of records. Every one goes through the row scope; there is no other road to a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.access.actor import Actor
from crm_core.access.compile import scope_filter, within
from crm_core.access.fields import basic
from crm_core.declare.record import Kept
from crm_core.declare.registry import Registry
from crm_core.ground.errors import FieldError, Invalid, NotFound
from crm_core.ground.ports import RecordReads
from crm_core.records.filters import read_filters
from crm_core.records.paging import Sorting, read_order
from crm_core.records.show import visible_all

PAGE = 50
LARGEST_PAGE = 200
COUNTED_TO = 10_000

PARAMETERS = frozenset({"order", "view", "limit", "after", "count"})
"""Names with a meaning of their own; a field called so cannot be filtered by."""
VIEWS = ("all", "mine", "department", "shared")


@dataclass(frozen=True, slots=True)
class Query:
    """A list as it is asked of the store."""

    declared: type[Kept]
    where: Mapping[str, Any]
    sorting: Sorting
    limit: int


def read_query(registry: Registry, actor: Actor, key: str, params: Mapping[str, str]) -> Query:
    """The list that some query parameters ask for, within what the actor may see.

    `order`, `view`, `limit` (1 to 200) and `after` have their own meaning; everything else is a filter.

    Raises:
        NotFound: no such type, or nothing of it may be read. Invalid: names each parameter that does not fit.
        Forbidden: a filter on a field that the actor may not read.
    """
    declared = registry[key]
    if actor.scope(key, "read", "basic") is None:
        raise NotFound(f"there is no record type {key}")
    rest = dict(params)
    sorting = read_order(declared, rest.pop("order", ""))
    view, limit, after = rest.pop("view", "all"), rest.pop("limit", str(PAGE)), rest.pop("after", "")
    filters, only_basic = read_filters(actor, declared, rest)
    only_basic = only_basic and (sorting.field == "_id" or sorting.field in basic(declared))
    # A filter on a field beyond the basic ones would tell its value on rows where it is hidden.
    sight = scope_filter(actor, "read", declared, "basic" if only_basic else "all")
    parts = [p for p in (filters, _view(actor, declared, view), sorting.after(after) if after else {}) if p]
    where = parts[0] if len(parts) == 1 else {"$and": parts} if parts else {}
    return Query(declared, within(where, sight) if where else sight, sorting, _limit(limit))


async def list_records(
    reads: RecordReads, registry: Registry, actor: Actor, key: str, params: Mapping[str, str]
) -> dict[str, Any]:
    """One page: `{items, next}`; `next` is None on the last. Raises as `read_query`."""
    query = read_query(registry, actor, key, params)
    docs = await reads.find(key, query.where, query.sorting.order(), query.limit + 1)
    items = await visible_all(reads, registry, actor, query.declared, docs[: query.limit])
    return {"items": items, "next": query.sorting.cursor(docs[query.limit - 1]) if len(docs) > query.limit else None}


async def count_records(
    reads: RecordReads, registry: Registry, actor: Actor, key: str, params: Mapping[str, str]
) -> dict[str, Any]:
    """How many rows a list has, counted up to 10,000: `{count, more}`. Raises as `read_query`."""
    query = read_query(registry, actor, key, {k: v for k, v in params.items() if k not in ("after", "limit", "order")})
    found = await reads.count(key, query.where, COUNTED_TO + 1)
    return {"count": min(found, COUNTED_TO), "more": found > COUNTED_TO}


def _view(actor: Actor, declared: type[Kept], view: str) -> dict[str, Any]:
    if view not in VIEWS or (view != "all" and not declared.owned):
        detail = f"one of {', '.join(VIEWS if declared.owned else VIEWS[:1])}"
        raise Invalid("there is no such view", fields=(FieldError("view", "view", detail),))
    if view == "mine":
        return {"_id" if declared.meta.own[0] == "id" else declared.meta.own[0]: actor.user}
    if view == "department":
        return {"department": actor.department}
    if view == "shared":
        return {"$or": [{"shared_users": actor.user}, {"shared_departments": {"$in": list(actor.path)}}]}
    return {}


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4) or not 1 <= int(text) <= LARGEST_PAGE:
        raise Invalid(
            "ask for fewer rows",
            fields=(FieldError("limit", "range", f"1 to {LARGEST_PAGE}", {"least": 1, "most": LARGEST_PAGE}),),
        )
    return int(text)
