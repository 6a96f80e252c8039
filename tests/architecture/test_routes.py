"""Every route says who may call it and what it does; every event says who may see it; all of it is documented."""

from __future__ import annotations

from collections import Counter

import pytest

from crm_core.ground.events import Event
from hub.main.served import ROUTES
from hub.web.may import May
from hub.web.openapi_events import all_events, event_models
from hub.web.routes import Route


@pytest.fixture(params=ROUTES, ids=lambda r: f"{r.method} {r.path}")
def route(request: pytest.FixtureRequest) -> Route:
    """Each route that the hub serves."""
    found: Route = request.param
    return found


def test_a_route_says_who_may_call_it(route: Route) -> None:
    assert isinstance(route.may, May)
    assert route.may.name


def test_a_route_says_in_a_sentence_what_it_does(route: Route) -> None:
    assert route.summary, "write a docstring"
    assert len(route.summary) < 200


def test_a_route_says_what_it_answers(route: Route) -> None:
    assert "return" in route.hints, "annotate the answer: it is the documentation"


def test_no_two_routes_have_one_name_or_one_place() -> None:
    names = Counter(r.handler.__name__ for r in ROUTES)
    places = Counter((r.method, r.path) for r in ROUTES)
    assert [name for name, count in names.items() if count > 1] == []
    assert [place for place, count in places.items() if count > 1] == []


def test_a_route_that_anybody_may_call_changes_nothing_but_the_sign_in() -> None:
    public = {f"{r.method} {r.path}" for r in ROUTES if r.may.test is None and r.method != "GET"}
    assert public <= {"POST /api/session", "DELETE /api/session"} | {p for p in public if "/hooks/" in p}


def test_every_event_says_who_may_see_it() -> None:
    for event in all_events(Event):
        assert event.rooms is not Event.rooms, f"{event.__name__} must say its rooms"
        assert event.__doc__, f"{event.__name__} must say what happened"
        assert "." in event.name or event.__subclasses__(), f"{event.__name__} has no name on the wire"


def test_what_stays_between_hubs_is_not_documented() -> None:
    assert not [name for name in event_models() if name.startswith("hub.")]
