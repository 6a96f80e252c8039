"""The inbox: its views and their counts, saved views, many at once, long lists, and splitting and joining."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from crm_core.ground.clock import now
from hub.main import Hub
from hub.settings import Settings
from tests.conftest import SignIn
from tests.hub.desk_house import stored
from tests.journeys.conftest import OpenConsole
from tests.journeys.mails import deliver
from tests.journeys.painting import HEAR, LOAD_ALL, PAINTED
from tests.journeys.watch import Watched

MANY = 10_000
_PAINT_MS = 500
_SLOWER = 4
"""A shared test machine under load; on a quiet one the budget itself is met, and the number is printed."""
_ROW_MS = 50
_TURNS = 100


async def _until(reads: Callable[[], Awaitable[Any]], wanted: Any, limit_s: float = 20) -> None:
    """Wait until the screen says so."""
    seen: Any = None
    try:
        async with asyncio.timeout(limit_s):
            while (seen := await reads()) != wanted:
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{seen!r}, not {wanted!r}") from None


def _view(page: Watched, key: str) -> Any:
    return page.find(f'.view-list__view[data-view="{key}"]')


async def _fill(hub: Hub, count: int) -> None:
    """Conversations straight into the store, the newest with the highest number."""
    begun = now() - timedelta(days=30)
    docs = []
    for n in range(1, count + 1):
        at = begun + timedelta(minutes=4 * n)
        party = {"kind": "unknown", "id": None, "name": f"Customer {n}", "address": f"c{n}@example.com"}
        more = {"subject": f"Order {n}", "preview": "When will it arrive?", "queue": "support", "parties": [party]}
        docs.append(stored(f"c{n:05}", n, last_at=at, created_at=at, **more))
    await hub.db["conversations"].insert_many(docs)
    await hub.db["counters"].update_one({"_id": "seq"}, {"$set": {"value": count}})


async def test_each_view_shows_its_own_and_its_count_follows_the_events(
    hub: Hub, settings: Settings, console: OpenConsole
) -> None:
    """Assigning moves a conversation from one view to another, in the list and in the numbers, without a reload."""
    await deliver(settings, 1)
    await deliver(settings, 2, subject="Invoice 2041", sender="Bo <bo@x.example>")
    page = await console("agent", roles=("SA", "SU"))
    await page.mark("live")
    await expect(_view(page, "unassigned").locator(".view-list__count")).to_have_text("2", timeout=20_000)
    await page.text("Pump leaks again").first.click()
    await page.find(".conversation-head").get_by_text("Assign to me").click()
    await expect(_view(page, "mine").locator(".view-list__count")).to_have_text("1")
    await expect(_view(page, "unassigned").locator(".view-list__count")).to_have_text("1")
    await _view(page, "mine").click()
    await _until(page.find(".conversation-row__subject").all_inner_texts, ["Pump leaks again"])
    await _view(page, "unassigned").click()
    await _until(page.find(".conversation-row__subject").all_inner_texts, ["Invoice 2041"])
    await deliver(settings, 3, subject="New one", sender="Cy <cy@x.example>")
    await expect(_view(page, "unassigned").locator(".view-list__count")).to_have_text("2")
    await page.page.reload()
    await page.page.wait_for_selector("html[data-ready]")
    assert await _view(page, "unassigned").get_attribute("aria-pressed") == "true"


async def test_a_mention_leads_the_colleague_to_the_conversation(settings: Settings, console: OpenConsole) -> None:
    """`@` in a note finds the colleague; the conversation then stands in their mentions, also what they could not see."""
    await deliver(settings, 1)
    other = await console("carol")
    page = await console("agent")
    await page.text("Pump leaks again").first.click()
    await page.find(".composer__kind").nth(1).click()
    box = page.find(".composer textarea")
    await box.press_sequentially("Please look @car")
    await page.find(".word-picker__one").get_by_text("@carol").wait_for()
    assert await page.violations() == []
    await box.press("Enter")
    await expect(box).to_have_value("Please look @carol ")
    await box.press("Control+Enter")
    await page.find(".message-bubble--note").get_by_text("Please look").wait_for()
    await _view(other, "mentions").click()
    await other.text("Pump leaks again").first.wait_for()


async def test_a_view_is_saved_shared_changed_and_removed(settings: Settings, console: OpenConsole) -> None:
    """The filter on screen gets a name; whoever it is shared with has it, and it is in the address."""
    await deliver(settings, 1)
    page = await console("agent", roles=("SA", "SU"))
    await page.go("/inbox?view=unassigned&waiting=true")
    await page.find("[data-save-view]").click()
    dialog = page.page.get_by_role("dialog")
    await dialog.locator("input").first.fill("Nobody answers")
    assert await page.violations() == []
    await page.choose(dialog.locator(".el-select"), "Everyone")
    await dialog.get_by_role("button", name="Save").click()
    saved = page.find(".view-list__saved").get_by_text("Nobody answers")
    await saved.wait_for()
    assert "saved=" in page.page.url
    other = await console("carol")
    await other.find(".view-list__saved").get_by_text("Nobody answers").click()
    await other.text("Pump leaks again").first.wait_for()
    assert "waiting=true" in other.page.url
    await page.find(".view-list__edit").click()
    await page.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await saved.wait_for(state="detached")


async def test_many_are_changed_at_once_by_mouse_shift_and_keyboard(hub: Hub, console: OpenConsole) -> None:
    """`x` and Shift choose rows; one change goes to all of them; then to the whole view, in slices."""
    await _fill(hub, 130)
    page = await console("agent")
    rows = page.find("[data-conversation]")
    await rows.first.focus()
    await page.page.keyboard.press("x")
    await page.page.keyboard.press("ArrowDown")
    await page.page.keyboard.press("ArrowDown")
    await page.page.keyboard.press("Shift+X")
    await page.find(".bulk-bar").get_by_text("3 chosen").wait_for()
    assert await page.violations() == []
    await page.shot("inbox-bulk-en-1440")
    await page.find(".bulk-bar").get_by_text("Assign to me").click()
    await page.text("3 changed").wait_for()
    assert await hub.db["conversations"].count_documents({"assignee.name": "Agent"}) == 3

    boxes = page.find(".conversation-row__choose input")
    await boxes.nth(0).click()
    await page.find(".bulk-bar").get_by_text("All that are shown").click()
    await page.find("[data-whole-view]").click()
    await page.find("[data-bulk-close]").click()
    await page.text("130 changed").wait_for(timeout=60_000)
    assert await hub.db["conversations"].count_documents({"state": "closed"}) == 130
    await page.page.mouse.move(1000, 600)  # a hand on the list keeps its rows where they are
    await page.text("No conversations here").wait_for()


async def test_splitting_and_joining_can_be_taken_back(hub: Hub, settings: Settings, console: OpenConsole) -> None:
    """The toast undoes what was just done; every message says why it is where it is."""
    await deliver(settings, 1, text="The pump leaks.")
    await deliver(settings, 2, text="And the invoice is wrong.", answers=1)
    page = await console("agent")
    await page.text("Pump leaks again").first.click()
    await page.find("[data-message]").nth(1).wait_for()

    async def more(words: str) -> None:
        await page.find("[data-more]").click()
        await page.page.get_by_role("menuitem", name=words).click()

    await more("Split off messages")
    dialog = page.page.get_by_role("dialog")
    await dialog.locator("[data-split] input").nth(1).check()
    await dialog.get_by_label("Subject of the new conversation").fill("Wrong invoice")
    assert await page.violations() == []
    await dialog.locator("[data-do-split]").click()
    await page.text("1 split off").wait_for()
    await expect(page.find("[data-message]")).to_have_count(1)
    await page.text("Wrong invoice").first.wait_for()
    await page.find(".offer__act").click()
    await expect(page.find("[data-message]")).to_have_count(2)

    await deliver(settings, 3, subject="Pump, second mail", text="Hello?", sender="Ada <ada.second@nordwind.example>")
    await page.text("Pump, second mail").first.click()
    await page.find(".conversation-head__subject").get_by_text("Pump, second mail").wait_for()
    await more("Join into another conversation")
    dialog = page.page.get_by_role("dialog")
    async with asyncio.timeout(20):  # the index follows the store
        while await dialog.locator("[data-join]").count() == 0:
            await dialog.locator("input").fill("")
            await dialog.locator("input").fill("pump")
            await asyncio.sleep(0.6)
    await dialog.locator("[data-join]").first.click()
    await page.find(".conversation-head__subject").get_by_text("Pump leaks again").wait_for()
    await expect(page.find("[data-message]")).to_have_count(3)
    await page.find(".offer__act").last.click()
    await page.find(".conversation-head__subject").get_by_text("Pump, second mail").wait_for()
    await expect(page.find("[data-message]")).to_have_count(1)


async def test_tags_and_records_are_kept_in_the_panel(hub: Hub, settings: Settings, console: OpenConsole) -> None:
    """Tags come and go; a record is made of the conversation and hangs on it."""
    await deliver(settings, 1)
    page = await console("agent", roles=("SA", "SU"))
    await page.text("Pump leaks again").first.click()
    panel = page.find(".conversation-page__panel")
    await panel.get_by_label("Add a tag").fill("warranty")
    await panel.get_by_label("Add a tag").press("Enter")
    await panel.locator('[data-tag="warranty"]').wait_for()
    await page.go(page.page.url.split("/console")[1].split("?")[0] + "?tag=warranty")
    await page.text("Pump leaks again").first.wait_for()
    await panel.get_by_label("Remove the tag warranty").click()
    await panel.locator('[data-tag="warranty"]').wait_for(state="detached")
    await panel.locator("[data-create-record]").click()
    dialog = page.page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Nordwind AG")
    assert await page.violations() == []
    await dialog.get_by_role("button", name="Create and attach").click()
    await panel.get_by_role("link", name="Nordwind AG").wait_for()
    await panel.get_by_label("Detach Nordwind AG").click()
    await panel.get_by_text("Nothing attached").wait_for()


async def test_ten_thousand_conversations_scroll_with_few_rows_in_the_page(hub: Hub, console: OpenConsole) -> None:
    """Page after page, in order and without a hole; the page never holds more than the rows around the window."""
    await _fill(hub, MANY)
    page = await console("agent")
    await page.text("Order 10000").first.wait_for()
    started = time.monotonic()
    await page.page.reload()
    await page.text("Order 10000").first.wait_for()
    print(f"inbox with {MANY} conversations: {(time.monotonic() - started) * 1000:.0f} ms to the first row")
    most = 0
    seen: set[str] = set()
    for _ in range(12):
        await page.find(".virtual-rows").evaluate("box => box.scrollTop = box.scrollHeight")
        await page.page.wait_for_timeout(150)
        ids = await page.find("[data-conversation]").evaluate_all("all => all.map(one => one.dataset.conversation)")
        assert ids == sorted(ids, reverse=True)
        seen.update(ids)
        most = max(most, len(ids))
    assert most < 60
    assert min(seen) <= f"c{MANY - 400:05}"
    await expect(_view(page, "all").locator(".view-list__count")).to_have_text("999+")


async def test_with_ten_thousand_conversations_loaded_an_event_is_on_screen_at_once(
    hub: Hub, console: OpenConsole, signed_in: SignIn
) -> None:
    """From the moment the browser has an event until its row shows it: the 95th of 100, measured in the page."""
    await _fill(hub, MANY)
    page = await console("agent")
    sue = await signed_in("sue", roles=["SU"])
    await page.page.add_init_script(HEAR)
    await page.page.reload()
    await page.mark("live")
    await page.text("Order 10000").first.wait_for()
    await page.find(".virtual-rows").evaluate(LOAD_ALL, MANY)
    await page.find(".virtual-rows").evaluate("box => box.scrollTop = 0")
    await page.text("Order 10000").first.wait_for()
    for turn in range(_TURNS):
        place = f"/api/conversations/c{MANY - turn % 5:05}"
        assert (await sue.call("PATCH", place, {"subject": f"Turn {turn}."}))[0] == 200
        await page.text(f"Turn {turn}.").first.wait_for()
    took = sorted(await page.page.evaluate("Object.values(window.took)"))
    assert len(took) == _TURNS
    half, most = took[_TURNS // 2], took[int(_TURNS * 0.95) - 1]
    print(f"event to row with {MANY} conversations: median {half:.0f} ms, p95 {most:.0f} ms (budget {_ROW_MS} ms)")
    assert most < _ROW_MS * _SLOWER


async def test_a_conversation_of_ten_thousand_messages_paints_at_once(
    hub: Hub, settings: Settings, console: OpenConsole
) -> None:
    """First paint of its newest page, measured in the page from the click on."""
    await deliver(settings, 1)
    page = await console("agent")
    await page.text("Pump leaks again").first.wait_for()
    message = await hub.db["messages"].find_one({})
    assert message is not None
    seq = message["seq"]
    copies = [
        {
            **{k: v for k, v in message.items() if k not in ("raw", "client_id")},
            "_id": f"m{n:05}",
            "seq": seq + n,
            "external_id": f"<copy{n}@x>",
            "text": f"Line {n}: the pump leaks again, can somebody come on Friday?",
        }
        for n in range(1, MANY)
    ]
    await hub.db["messages"].insert_many(copies)
    await hub.db["counters"].update_one({"_id": "seq"}, {"$set": {"value": seq + MANY}})
    await page.page.evaluate(PAINTED)
    await page.page.wait_for_load_state("networkidle")  # the part of the console that shows a conversation is here
    await page.text("Pump leaks again").first.click()
    painted = await page.page.evaluate("window.painted")
    print(f"conversation with {MANY} messages: first paint {painted:.0f} ms after the click (budget {_PAINT_MS} ms)")
    assert painted < _PAINT_MS * _SLOWER
    assert await page.find("[data-message]").count() <= 100


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_inbox_with_its_dialogs_is_accessible_and_fits(
    settings: Settings, console: OpenConsole, language: str, width: int
) -> None:
    """axe finds nothing, nothing sticks out; screenshots are kept for looking at."""
    await deliver(settings, 1, text="Guten Tag, the pump leaks again.")
    await deliver(
        settings, 2, subject="安装时间确认", text="您好，请问本周五可以上门安装吗？", sender="李娜 <li.na@example.cn>"
    )
    page = await console("agent", roles=("SA", "SU"), language=language, width=width)
    found: dict[str, list[str]] = {}

    async def look(name: str) -> None:
        await page.shot(f"{name}-{language}-{width}")
        found[name] = await page.violations()
        assert await page.fits(), f"{name} sticks out at {width}"

    await page.find("[data-conversation]").first.wait_for()
    await page.find(".inbox-filters button").first.click()
    await page.find(".conversation-row__choose input").first.click()
    await page.find(".bulk-bar").wait_for()
    await look("inbox-many")
    await page.find(".conversation-row__choose input").first.click()
    await page.find("[data-save-view]").click()
    await page.page.get_by_role("dialog").wait_for()
    await look("inbox-save-view")
    await page.page.keyboard.press("Escape")
    await page.page.get_by_role("dialog").wait_for(state="hidden")
    await page.text("Pump leaks again").first.click()
    await page.find("[data-message]").first.wait_for()
    await page.find(".composer textarea").fill("Guten Tag,")
    await page.find("[data-more]").click()
    await page.page.get_by_role("menuitem").nth(1).click()
    await page.page.get_by_role("dialog").wait_for()
    await look("conversation-join")
    assert {name: lines for name, lines in found.items() if lines} == {}
