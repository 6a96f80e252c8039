"""What the hub serves: one line per noun."""

from __future__ import annotations

from hub.web import (
    accounts,
    audit,
    conversations,
    docs,
    files,
    health,
    hooks,
    me,
    messages,
    pages,
    quarantine,
    reconcile,
    record_types,
    records,
    retry,
    search,
    session,
    tokens,
    users,
)
from hub.web.routes import Route

ROUTES: tuple[Route, ...] = tuple(
    route
    for noun in (
        session,
        me,
        tokens,
        users,
        audit,
        accounts,
        conversations,
        messages,
        retry,
        files,
        search,
        health,
        pages,
        quarantine,
        reconcile,
        record_types,
        records,
        hooks,
        docs,
    )
    for route in noun.routes.routes
)
