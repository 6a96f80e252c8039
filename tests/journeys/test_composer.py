"""Writing: drafts that follow the person, canned answers, colleagues who were faster, and keys that must not send."""

from __future__ import annotations

import asyncio

from playwright.async_api import Route, expect

from hub.main import Hub
from hub.settings import Settings
from tests.conftest import SignIn
from tests.journeys.conftest import OpenConsole, SentMail
from tests.journeys.mails import deliver


async def test_a_draft_is_there_in_another_browser_and_marked_in_the_list(
    settings: Settings, console: OpenConsole
) -> None:
    """Written here, continued there; what is sent leaves no draft anywhere."""
    await deliver(settings, 1)
    here = await console("agent")
    await here.text("Pump leaks again").first.click()
    await here.find(".composer textarea").fill("We will come on")
    await here.find('[data-draft="saved"]').wait_for()
    there = await console("agent")
    await there.find(".conversation-row__draft").wait_for()
    await there.text("Pump leaks again").first.click()
    box = there.find(".composer textarea")
    await expect(box).to_have_value("We will come on")
    await box.fill("We will come on Friday.")
    await expect(here.find(".composer textarea")).to_have_value("We will come on Friday.")
    await box.press("Control+Enter")
    await there.find(".message-bubble--outbound[data-message]").wait_for()
    await expect(here.find(".composer textarea")).to_have_value("")
    await expect(here.find(".conversation-row__draft")).to_have_count(0)


async def test_copies_subject_and_planned_time_are_part_of_the_draft(
    hub: Hub, settings: Settings, console: OpenConsole
) -> None:
    """Chosen here, there in another browser; what is sent leaves none of them behind."""
    await deliver(settings, 1)
    here = await console("agent")
    await here.text("Pump leaks again").first.click()
    await here.find("[data-cc]").click()
    await here.find(".composer input[name=cc]").fill("bo@x.example")
    await here.find(".composer input[name=subject]").fill("Pump, Friday")
    await here.find("[data-later]").click()
    await here.find(".composer input[name=send_at]").fill("2035-01-08T09:30")
    await here.find('[data-draft="saved"]').wait_for()
    there = await console("agent")
    await there.text("Pump leaks again").first.click()
    await expect(there.find(".composer input[name=cc]")).to_have_value("bo@x.example")
    await expect(there.find(".composer input[name=subject]")).to_have_value("Pump, Friday")
    await expect(there.find(".composer input[name=send_at]")).to_have_value("2035-01-08T09:30")
    await there.find(".composer textarea").fill("On Friday.")
    await there.find("[data-send]").click()
    await there.find(".message-bubble--outbound[data-message]").wait_for()
    stored = await hub.db["messages"].find_one({"direction": "outbound"})
    assert stored is not None
    assert stored["subject"] == "Pump, Friday"
    assert [one["address"] for one in stored["cc"]] == ["bo@x.example"]
    for name in ("cc", "subject", "send_at"):
        await expect(here.find(f".composer input[name={name}]")).to_have_value("")


async def test_a_draft_that_the_hub_did_not_get_is_kept_here_and_sent_later(
    hub: Hub, settings: Settings, console: OpenConsole
) -> None:
    """Without a network the browser keeps it, says so, and brings it to the hub when it can."""
    await deliver(settings, 1)
    page = await console("agent")
    await page.text("Pump leaks again").first.click()
    await page.find("[data-message]").first.wait_for()

    async def refuse(route: Route) -> None:
        await route.abort()

    await page.page.route("**/draft", refuse)
    await page.find(".composer textarea").fill("Written in a tunnel")
    await page.find('[data-draft="here"]').wait_for()
    await page.page.unroute("**/draft")
    await page.page.reload()
    await page.page.wait_for_selector("html[data-ready]")
    await expect(page.find(".composer textarea")).to_have_value("Written in a tunnel")
    async with asyncio.timeout(20):
        while await hub.db["drafts"].find_one({"reply": "Written in a tunnel"}) is None:
            await asyncio.sleep(0.1)


async def test_a_canned_answer_comes_with_the_customers_name(
    settings: Settings, console: OpenConsole, signed_in: SignIn
) -> None:
    """`/word` is replaced by the answer; an answer is made, found and removed on its page."""
    await deliver(settings, 1)
    page = await console("agent", roles=("SA", "SU"))
    await page.go("/canned")
    await page.page.get_by_role("button", name="New canned answer").click()
    dialog = page.page.get_by_role("dialog")
    await dialog.locator("input").nth(0).fill("hours")
    await dialog.locator("input").nth(1).fill("Opening hours")
    await dialog.locator("textarea").fill("Dear {{ recipient.nme }}, we are there from nine to five.")
    assert await page.violations() == []
    await dialog.get_by_role("button", name="Save").click()
    await dialog.get_by_text("recipient.name").first.wait_for()
    await dialog.locator("textarea").fill("Dear {{ recipient.name }}, we are there from nine to five.")
    await dialog.get_by_role("button", name="Save").click()
    await page.find('[data-canned="hours"]').wait_for()
    assert await page.violations() == []
    await page.shot("canned-en-1440")
    await page.go("/inbox")
    await page.text("Pump leaks again").first.click()
    box = page.find(".composer textarea")
    await box.press_sequentially("/hou")
    await page.find(".word-picker__one").get_by_text("Opening hours").wait_for()
    await page.shot("composer-canned-en-1440")
    await box.press("Tab")
    await expect(box).to_have_value("Dear Ada Brandt, we are there from nine to five.")


async def test_whoever_was_slower_is_asked_before_sending(
    settings: Settings, console: OpenConsole, sent_mail: tuple[SentMail, int]
) -> None:
    """A colleague answered since one began: nothing leaves until the person has decided."""
    await deliver(settings, 1)
    slow = await console("agent")
    await slow.text("Pump leaks again").first.click()
    await slow.find(".composer textarea").fill("On Friday.")
    fast = await console("carol")
    await fast.text("Pump leaks again").first.click()
    await fast.find(".composer textarea").fill("On Thursday.")
    await fast.find("[data-send]").click()
    await slow.find(".message-bubble--outbound[data-message]").get_by_text("On Thursday.").wait_for()
    await slow.find("[data-send]").click()
    await slow.find(".answered-warning").get_by_text("Carol answered").wait_for()
    assert await slow.violations() == []
    await slow.shot("composer-answered-en-1440")
    assert await slow.find(".message-bubble--outbound[data-message]").count() == 1
    await slow.find("[data-send-anyway]").click()
    await expect(slow.find(".message-bubble--outbound[data-message]")).to_have_count(2)


async def test_enter_that_chooses_a_character_sends_nothing(settings: Settings, console: OpenConsole) -> None:
    """An input method composes: its Enter is not ours, neither in the composer nor in its lists nor in the palette."""
    await deliver(settings, 1)
    page = await console("agent")
    await page.text("Pump leaks again").first.click()
    box = page.find(".composer textarea")
    await box.fill("你好")
    compose = """(field, more) => field.dispatchEvent(new KeyboardEvent('keydown',
        {key: 'Enter', isComposing: true, bubbles: true, cancelable: true, ...more}))"""
    await box.evaluate(compose, {"ctrlKey": True})
    await box.evaluate(compose, {})
    await page.page.wait_for_timeout(300)
    assert await page.find(".message-bubble--outbound, .outgoing-bubble").count() == 0
    await expect(box).to_have_value("你好")
    await page.page.keyboard.press("Control+k")
    field = page.find(".command-palette__field")
    await field.fill("inbox")
    before = page.page.url
    await field.evaluate(compose, {})
    await page.page.wait_for_timeout(200)
    assert page.page.url == before


async def test_a_slow_upload_stays_with_its_conversation(hub: Hub, settings: Settings, console: OpenConsole) -> None:
    """While the file is on its way another conversation is opened and answered: the file is not in that answer."""
    await deliver(settings, 1)
    await deliver(settings, 2, subject="Invoice 2041", sender="Bo <bo@x.example>")
    page = await console("agent")
    gate = asyncio.Event()

    async def slow(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await page.page.route("**/api/files", slow)
    await page.text("Pump leaks again").first.click()
    await page.find(".composer input[type=file]").set_input_files(
        {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"secret"}
    )
    await expect(page.find("[data-send]")).to_be_disabled()
    await page.text("Invoice 2041").first.click()
    await page.find(".conversation-head__subject").get_by_text("Invoice 2041").wait_for()
    await page.find(".composer textarea").fill("Paid.")
    gate.set()
    await page.find("[data-send]").click()
    await page.find(".message-bubble--outbound[data-message]").get_by_text("Paid.").wait_for()
    sent = await hub.db["messages"].find_one({"direction": "outbound"})
    assert sent is not None
    assert sent["attachments"] == []
