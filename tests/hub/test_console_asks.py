"""Asks: validated, authorised, acknowledged, limited; hints reach those who look at the same conversation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from crm_core.ground.events import queue_room
from hub.console.asks import Asks
from hub.console.watching import WATCHING, Watch
from hub.events import ConversationGone
from hub.identity.caller import Caller
from hub.store.client import Database
from tests.hub.console_lab import Lab, add_conversation, caller, say


@pytest.fixture
async def lab(db: Database) -> AsyncIterator[Lab]:
    lab = Lab(db)
    lab.people.add(caller("ada", "support"), caller("ben", "support"), caller("bob", "sales"))

    @lab.asks.on("broken")
    async def fail(ask: Watch, who: Caller) -> None:
        """A bug."""
        raise ZeroDivisionError(who.name)

    await lab.start()
    await add_conversation(db, "c1", queue="support")
    yield lab
    await lab.stop()


async def test_typing_is_shown_to_the_others_who_watch_on_every_hub(lab: Lab) -> None:
    other = Lab(lab.db)
    other.people.add(*lab.people.known.values())
    await other.start()
    try:
        ada, ben, near = await lab.connect("ada"), await other.connect("ben"), await lab.connect("ben")
        for hearing in (ada, ben):
            assert (await hearing.ask("watch", {"conversation": "c1"}))["ok"]
        assert await ada.ask("typing", {"conversation": "c1"}) == {"ok": True, "result": None}
        await ben.until(lambda: ben.of("typing"))
        (frame,) = ben.of("typing")
        assert frame["seq"] is None
        assert frame["data"] == {"conversation": "c1", "user": {"id": "ada", "name": "Ada"}, "on": True}
        assert ada.of("typing") == []
        assert near.of("typing") == []
    finally:
        await other.stop()


async def test_who_watches_learns_who_else_does(lab: Lab) -> None:
    ada, ben = await lab.connect("ada"), await lab.connect("ben")
    alone = await ada.ask("watch", {"conversation": "c1"})
    both = await ben.ask("watch", {"conversation": "c1"})
    assert [u["id"] for u in alone["result"]["users"]] == ["ada"]
    assert {u["id"] for u in both["result"]["users"]} == {"ada", "ben"}
    await ada.until(lambda: len(ada.of("watching")) >= 2)
    assert {u["id"] for u in ada.of("watching")[-1]["data"]["users"]} == {"ada", "ben"}
    await ben.ask("unwatch", {"conversation": "c1"})
    await ada.until(lambda: [u["id"] for u in ada.of("watching")[-1]["data"]["users"]] == ["ada"])


async def test_a_console_that_leaves_watches_no_longer(lab: Lab) -> None:
    ada, ben = await lab.connect("ada"), await lab.connect("ben")
    for hearing in (ada, ben):
        await hearing.ask("watch", {"conversation": "c1"})
    await lab.keeper.clear_watchers()
    await ben.leave()
    await ada.until(lambda: len(lab.consoles) == 1)
    await lab.keeper.clear_watchers()
    await ada.until(lambda: [u["id"] for u in ada.of("watching")[-1]["data"]["users"]] == ["ada"])
    assert await lab.db[WATCHING].count_documents({}) == 1


async def test_a_conversation_out_of_sight_can_neither_be_watched_nor_typed_into(lab: Lab) -> None:
    bob = await lab.connect("bob")
    for name in ("watch", "typing"):
        answer = await bob.ask(name, {"conversation": "c1"})
        assert answer["ok"] is False
        assert answer["problem"]["status"] == 404


async def test_who_loses_sight_of_a_conversation_no_longer_hears_its_hints(lab: Lab) -> None:
    ada, ben = await lab.connect("ada"), await lab.connect("ben")
    for hearing in (ada, ben):
        await hearing.ask("watch", {"conversation": "c1"})
    lab.consoles.rooms.exit(lab.console("ada"), [queue_room("support")])  # only ben is told that it is gone
    await say(lab.units, ConversationGone(id="c1", _rooms=frozenset({queue_room("support")})))
    await ben.until(lambda: ben.of("conversation.changed"))
    await ada.ask("typing", {"conversation": "c1"})
    await ada.ask("watch", {"conversation": "c1"})
    await ada.until(lambda: len(ada.of("watching")) >= 3)
    assert ben.of("typing") == []


@pytest.mark.parametrize(
    ("name", "payload", "code"),
    [
        ("watch", {}, "invalid"),
        ("watch", {"conversation": "c1", "more": 1}, "invalid"),
        ("watch", {"conversation": {"$ne": None}}, "invalid"),
        ("watch", [1], "invalid"),
        ("unknown", {}, "not-found"),
    ],
)
async def test_a_bad_ask_is_answered_with_a_problem(lab: Lab, name: str, payload: object, code: str) -> None:
    ada = await lab.connect("ada")
    answer = await ada.ask(name, payload)
    assert answer["ok"] is False
    assert answer["problem"]["code"] == code


async def test_a_bug_is_logged_and_says_nothing_inner(lab: Lab, expected_errors: list[str]) -> None:
    expected_errors.append("ask failed")
    ada = await lab.connect("ada")
    answer = await ada.ask("broken", {"conversation": "c1"})
    assert answer["problem"]["status"] == 500
    assert "Ada" not in str(answer)


async def test_asks_are_limited_per_console(lab: Lab) -> None:
    ada, ben = await lab.connect("ada"), await lab.connect("ben")
    answers = await asyncio.gather(*[ada.ask("unwatch", {"conversation": "c1"}) for _ in range(100)])
    refused = [a["problem"] for a in answers if not a["ok"]]
    assert refused
    assert all(p["status"] == 429 and p["retry_after"] > 0 for p in refused)
    assert (await ben.ask("unwatch", {"conversation": "c1"}))["ok"]


def test_an_ask_without_a_docstring_or_with_a_taken_name_is_refused_at_start() -> None:
    asks = Asks()

    async def silent(ask: Watch) -> None:
        pass

    async def said(ask: Watch) -> None:
        """Something."""

    with pytest.raises(TypeError, match="docstring"):
        asks.on("silent")(silent)
    asks.on("said")(said)
    with pytest.raises(TypeError, match="name of its own"):
        asks.on("said")(said)
