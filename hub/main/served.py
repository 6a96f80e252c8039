"""What the hub serves: one line per noun."""

from __future__ import annotations

from hub.console.asks import Asks
from hub.console.is_typing import show_typing
from hub.console.watching import unwatch, watch
from hub.web import (
    accounts,
    address_facts,
    agents,
    announcements,
    archive,
    audit,
    bulk,
    call_acts,
    call_reports,
    calls,
    canned,
    conversations,
    customer_mail,
    docs,
    drafts,
    events,
    export,
    files,
    health,
    home,
    hooks,
    jobs,
    mailings,
    me,
    messages,
    notices,
    outside,
    pages,
    parameters,
    phones,
    pictures,
    presence,
    quarantine,
    queues,
    reconcile,
    record_types,
    recordings,
    records,
    removal,
    retry,
    rules,
    schedule,
    search,
    session,
    signatures,
    sip,
    staff,
    supervision,
    templates,
    tokens,
    unsubscribe,
    users,
    views,
    wallboard,
)
from hub.web.routes import Route

ROUTES: tuple[Route, ...] = tuple(
    route
    for noun in (
        session,
        me,
        tokens,
        users,
        staff,
        notices,
        announcements,
        home,
        outside,
        schedule,
        jobs,
        audit,
        accounts,
        conversations,
        bulk,
        views,
        drafts,
        canned,
        messages,
        pictures,
        retry,
        removal,
        archive,
        export,
        customer_mail,
        rules,
        parameters,
        address_facts,
        templates,
        signatures,
        mailings,
        unsubscribe,
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
        calls,
        call_acts,
        recordings,
        supervision,
        wallboard,
        call_reports,
        phones,
        sip,
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
