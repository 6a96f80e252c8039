"""The live board as plain values: what it shows of calls and people, and that diffs lead where they should."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.desk.floor.board import BoardState, apply, build, diff
from hub.desk.floor.today import NOTHING
from hub.desk.floor.together import together
from hub.store.client import Doc
from tests.hub.floor.samples import NOON, PEOPLE, call, calls, handler, later, visit

NAMES = {user: user.title() for user in PEOPLE}
HOUSE = [
    {"_id": queue, "name": queue.title(), "name_zh": "", "members": list(members)}
    for queue, members in (("support", ("ann", "bob")), ("sales", ("bob", "cy", "who left")))
]


def shown(*docs: Doc, presence: dict[str, Doc] | None = None) -> dict[str, BoardState]:
    """The board with these calls."""
    return build(HOUSE, docs, NAMES, presence or {}, {}, NOTHING)


def said(state: str, reason: str | None = None) -> Doc:
    """A presence."""
    return {"state": state, "reason": reason, "since": NOON}


def test_a_caller_waits_is_rung_for_and_talks() -> None:
    """The waiting time goes on while a phone rings."""
    waits = call(1, [visit("support", 0, None)], [], live=True)
    rings = call(2, [visit("support", 1, None)], [handler("ann", "support", 6, None, None)], live=True)
    talks = call(3, [visit("support", 2, 9)], [handler("bob", "support", 6, 9, None)], live=True)
    board = shown(waits, rings, talks)["support"]
    seen = [(each["state"], each["joined_at"], each["since"], each["agent"]) for each in board["calls"].values()]
    assert seen == [
        ("waiting", later(0), later(0), None), ("ringing", later(1), later(6), "ann"), ("talking", later(2), later(9), "bob"),
    ]  # fmt: skip
    assert [(a["state"], a["since"]) for a in board["agents"].values()] == [
        ("ringing", later(6)),
        ("on_call", later(9)),
    ]
    everything = together(shown(waits, rings, talks).values())
    assert (everything["waiting"], everything["ringing"], everything["talking"]) == (2, 1, 1)
    assert everything["longest_since"] == later(0)
    assert everything["agents"] == {"ringing": 1, "on_call": 1, "offline": 1}


def test_presence_is_shown_as_it_was_said() -> None:
    """A break is a pause with its reason; who is on the phone is, whatever they said."""
    presence = {"ann": said("break", "lunch"), "bob": said("wrap_up"), "cy": said("busy")}
    agents = shown(presence=presence)
    assert (agents["support"]["agents"]["ann"]["state"], agents["support"]["agents"]["ann"]["reason"]) == (
        "paused",
        "lunch",
    )
    assert (agents["sales"]["agents"]["bob"]["state"], agents["sales"]["agents"]["cy"]["state"]) == ("wrap_up", "busy")
    talks = call(3, [visit("support", 2, 9)], [handler("ann", "support", 6, 9, None)], live=True)
    assert shown(talks, presence=presence)["support"]["agents"]["ann"]["state"] == "on_call"
    assert "who left" not in agents["sales"]["agents"]


def test_a_call_that_was_handed_on_is_shown_where_it_talks_now() -> None:
    """From support to sales: waiting there, although it talked before; then not in support any more."""
    first = handler("ann", "support", 5, 10, 60)
    waits = call(1, [visit("support", 0, 10), visit("sales", 61, None)], [first], live=True)
    board = shown(waits)
    assert (list(board["support"]["calls"]), [each["state"] for each in board["sales"]["calls"].values()]) == (
        [],
        ["waiting"],
    )
    asks = call(1, [visit("support", 0, 10)], [first], live=True)
    assert shown(asks)["support"]["calls"] == {}


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(calls(), max_size=4),
            st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(["available", "busy", "break", "offline"])),
        ),
        min_size=2,
        max_size=5,
    )
)
def test_a_console_that_applies_every_diff_sees_what_a_fresh_read_gives(
    looks: list[tuple[list[Doc], dict[str, str]]],
) -> None:
    """Also after the way through JSON; and where nothing differs, nothing is told."""
    states = [
        shown(*(_alive(doc) for doc in docs), presence={who: said(state) for who, state in presence.items()})["support"]
        for docs, presence in looks
    ]
    mine = _json(states[0])
    for number, (before, after) in enumerate(pairwise(states), 2):
        change = diff(before, after, number)
        assert (change is None) == (before == after)
        if change is not None:
            assert (change["before"], change["revision"]) == (number - 1, number)
            mine = apply(mine, _json(change))
        assert mine == _json(after)


def _alive(doc: Doc) -> Doc:
    """The same call while its last phone is still in it."""
    part = doc["part"]
    agents = [*part["agents"][:-1], part["agents"][-1] | {"ended_at": None}] if part["agents"] else []
    return doc | {"live": True, "part": part | {"agents": agents}}


def _json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))
