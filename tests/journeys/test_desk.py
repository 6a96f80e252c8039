"""At the desk: availability, attachments, filters, and the whole way by keyboard."""

from __future__ import annotations

import asyncio

from playwright.async_api import Page

from hub.main import Hub
from hub.settings import Settings
from tests.journeys.conftest import OpenConsole, SentMail
from tests.journeys.mails import deliver
from tests.journeys.pages import Pages


async def test_availability_is_held_by_the_hub_and_the_same_in_every_tab(
    hub: Hub, console: OpenConsole, pages: Pages
) -> None:
    """Opening a console changes nothing; choosing a state shows in the person's other tab at once."""
    page = await console("agent")
    await page.mark("live")
    other = await pages.beside(page, "/console/inbox")
    await other.mark("live")
    await page.find(".presence-switch__choice").select_option("busy")
    await other.find(".presence-switch--busy").wait_for()
    await other.page.reload()
    await other.find(".presence-switch--busy").wait_for()


async def test_an_attachment_goes_out_with_the_answer(
    hub: Hub, settings: Settings, console: OpenConsole, sent_mail: tuple[SentMail, int]
) -> None:
    """Picked, uploaded, shown in the thread as a link, and in the mail that leaves."""
    await deliver(settings, 1)
    page = await console("agent")
    await page.text("Pump leaks again").first.click()
    await page.find(".composer input[type=file]").set_input_files(
        {"name": "报价.txt", "mimeType": "text/plain", "buffer": "单价 12.50".encode()}
    )
    await page.find(".composer__files").get_by_text("报价.txt").wait_for()
    await page.find(".composer textarea").fill("The offer is attached.")
    await page.find("[data-send]").click()
    sent = page.find(".message-bubble--outbound[data-message]")
    await sent.locator('[data-delivery="sent"]').wait_for(timeout=20_000)
    async with page.page.expect_download() as download:
        await sent.get_by_text("报价.txt").click()
    assert (await download.value).suggested_filename == "报价.txt"
    assert b"The offer is attached." in sent_mail[0].mails[0]


async def test_a_pushed_conversation_that_does_not_fit_the_view_stays_out(
    settings: Settings, console: OpenConsole
) -> None:
    """The view stands in the address; what arrives meanwhile obeys it, also after a reload."""
    page = await console("agent", path="/console/inbox?view=mine")
    await page.mark("live")
    await deliver(settings, 1)
    watcher = await console("carol")
    await watcher.text("Pump leaks again").first.wait_for()
    assert await page.text("Pump leaks again").count() == 0
    await watcher.text("Pump leaks again").first.click()
    await page.page.reload()
    await page.page.wait_for_selector("html[data-ready]")
    assert await page.find('.view-list__view[aria-pressed="true"] .view-list__name').inner_text() == "Mine"
    assert await page.text("Pump leaks again").count() == 0
    await page.find(".view-list__view").nth(1).click()
    await page.text("Pump leaks again").first.wait_for()


async def test_a_search_finds_words_of_both_languages(settings: Settings, console: OpenConsole) -> None:
    """The hub searches whole messages; the words stand in the address."""
    await deliver(settings, 1, text="The valve housing is cracked.")
    await deliver(
        settings, 2, subject="安装时间确认", text="请问本周五可以上门安装吗？", sender="李娜 <li.na@example.cn>"
    )
    page = await console("agent")
    words = page.find(".inbox-filters__words input")
    for query, found in (("housing", "Pump leaks again"), ("上门安装", "安装时间确认")):
        await words.fill(query)
        async with asyncio.timeout(20):  # the index follows the store; until then a person would ask again
            while await page.find(".conversation-row__subject").all_inner_texts() != [found]:
                await words.press("Enter")
                await asyncio.sleep(0.2)


async def test_the_main_job_needs_no_mouse(settings: Settings, console: OpenConsole) -> None:
    """From the list to the sent answer with Tab, Enter and Ctrl+Enter."""
    await deliver(settings, 1)
    page = await console("agent")
    await page.text("Pump leaks again").first.wait_for()
    await _tab_to(page.page, "[data-conversation]")
    await page.page.keyboard.press("Enter")
    await page.find("[data-message]").first.wait_for()
    await _tab_to(page.page, ".composer textarea")
    await page.page.keyboard.type("By keyboard alone.")
    await page.page.keyboard.press("Control+Enter")
    await page.find(".message-bubble--outbound[data-message]").get_by_text("By keyboard alone.").wait_for()


async def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there; fifty steps must do."""
    for _ in range(50):
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the focus does not reach {selector}")
