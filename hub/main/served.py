"""What the hub serves: one line per noun."""

from __future__ import annotations

from hub.console.asks import Asks
from hub.console.is_typing import show_typing
from hub.console.watching import unwatch, watch
from hub.web import (
    accounts,
    agents,
    audit,
    conversations,
    docs,
    events,
    files,
    health,
    hooks,
    me,
    messages,
    pages,
    pictures,
    presence,
    quarantine,
    queues,
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
        pictures,
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
        agents,
        events,
        presence,
        queues,
        docs,
    )
    for route in noun.routes.routes
)


def served_asks() -> Asks:
    """What a console may ask over its socket."""
    asks = Asks()
    asks.on("typing")(show_typing)
    asks.on("watch")(watch)
    asks.on("unwatch")(unwatch)
    return asks
