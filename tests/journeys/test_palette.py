"""The palette, the keys and the search page: everything within reach without a mouse."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from hub.settings import Settings
from tests.journeys.conftest import OpenConsole
from tests.journeys.mails import deliver


async def test_the_palette_goes_to_pages_finds_conversations_and_acts(settings: Settings, console: OpenConsole) -> None:
    """Ctrl+K from anywhere, also while writing."""
    await deliver(settings, 1, text="The valve housing is cracked.")
    page = await console("agent", roles=("SA", "SU"))
    await page.text("Pump leaks again").first.click()
    await page.find("[data-palette]").wait_for()
    await page.find(".composer textarea").focus()
    await page.page.keyboard.press("Control+k")
    field = page.find(".command-palette__field")
    await field.fill("assign")
    await field.press("Enter")
    await page.find(".conversation-head").get_by_text("Give back").wait_for()

    await page.page.keyboard.press("Control+k")
    await field.fill("records")
    await field.press("Enter")
    await page.page.wait_for_url("**/console/records**")

    await page.page.keyboard.press("Control+k")
    async with asyncio.timeout(20):  # the index follows the store
        while await page.find(".command-palette__line mark").count() == 0:
            await field.fill("")
            await field.fill("housing")
            await asyncio.sleep(0.6)
    assert await page.violations() == []
    await page.shot("palette-en-1440")
    await page.find(".command-palette__line").filter(has=page.page.locator("mark")).first.click()
    await page.find("[data-message]").get_by_text("The valve housing is cracked.").wait_for()


async def test_single_keys_act_outside_of_text_and_can_be_turned_off(settings: Settings, console: OpenConsole) -> None:
    """`?` lists them, `a` takes the conversation, `g 1` goes to the first page; in a text they are letters."""
    await deliver(settings, 1)
    page = await console("agent")
    await page.text("Pump leaks again").first.click()
    await page.find("[data-message]").first.wait_for()
    await page.find('[role="log"]').focus()
    await page.page.keyboard.press("a")
    await page.find(".conversation-head").get_by_text("Give back").wait_for()
    await page.page.keyboard.press("n")
    await expect(page.find(".composer textarea")).to_be_focused()
    await page.page.keyboard.type("aen?")
    await expect(page.find(".composer textarea")).to_have_value("aen?")
    await page.find('[role="log"]').focus()
    await page.page.keyboard.press("?")
    dialog = page.page.get_by_role("dialog")
    await dialog.get_by_text("Single keys act").click()
    assert await page.violations() == []
    await page.shot("shortcuts-en-1440")
    await page.page.keyboard.press("Escape")
    await dialog.wait_for(state="hidden")
    await page.find('[role="log"]').focus()
    await page.page.keyboard.press("a")
    await page.page.wait_for_timeout(300)
    assert await page.find(".conversation-head").get_by_text("Give back").count() == 1


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_search_page_marks_the_words_and_jumps_to_the_message(
    settings: Settings, console: OpenConsole, language: str, width: int
) -> None:
    """Both languages; the question stands in the address."""
    await deliver(settings, 1, text="The valve housing is cracked.")
    await deliver(
        settings, 2, subject="安装时间确认", text="请问本周五可以上门安装吗？", sender="李娜 <li.na@example.cn>"
    )
    page = await console("agent", roles=("SA", "SU"), language=language, width=width)
    query, marked = ("上门安装", "上门安装") if language == "zh-CN" else ("housing", "housing")
    async with asyncio.timeout(20):  # the index follows the store
        while True:
            await page.go(f"/search?q={query}")
            if await page.find(".search-page__hit mark").count():
                break
    assert marked in await page.find(".search-page__hit mark").all_inner_texts()
    await page.shot(f"search-{language}-{width}")
    assert await page.violations() == []
    assert await page.fits()
    await page.find(".search-page__kind").nth(1).click()
    await page.page.wait_for_url("**kind=message**")
    await page.find("[data-hit]").first.click()
    await page.find("[data-message].is-jumped-to").wait_for()
    await page.find("[data-palette]").click()
    await page.find(".command-palette__field").wait_for()
    await page.shot(f"palette-{language}-{width}")
    assert await page.violations() == []
    assert await page.fits()
