"""The watch over every page itself: what it must notice, in a first page, in another tab and in one that opens by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page
from playwright.async_api import Error as Refused

from hub.main import Hub
from tests.journeys.link import Link
from tests.journeys.pages import Pages
from tests.journeys.watch import Watched

BREAKS = "setTimeout(() => { throw new Error('the tap drips') })"
FOREIGN = "new Image().src = 'http://127.0.0.2:9/pixel.png'"
"""Another host than the console's; nobody listens there."""


@pytest.fixture
async def free(browser: Browser, link: Link) -> AsyncIterator[Pages]:
    """Pages that nobody asks at the end."""
    pages = Pages(browser, link)
    yield pages
    await pages.shut()


async def another(pages: Pages, page: Watched, which: str) -> Page:
    """The page that is to break."""
    if which == "first":
        return page.page
    if which == "beside":
        return (await pages.beside(page, "/console/")).page
    async with page.page.context.expect_page() as coming:
        await page.page.evaluate("window.open('/console/')")
    opened = await coming.value
    await opened.wait_for_selector("html[data-ready]")
    return opened


@pytest.mark.parametrize("which", ["first", "beside", "opened"])
async def test_what_breaks_in_any_page_of_a_browser_is_noticed(hub: Hub, free: Pages, link: Link, which: str) -> None:
    page = await free.fresh("/console/")
    page.noticed.assert_clean(link)
    one = await another(free, page, which)
    async with page.page.context.expect_event("weberror"):
        await one.evaluate(BREAKS)
    assert "the tap drips" in page.noticed.errors[0]
    with pytest.raises(AssertionError, match="the tap drips"):
        await free.close()


async def test_a_foreign_host_is_noticed_and_so_is_what_the_content_policy_forbids(
    hub: Hub, free: Pages, link: Link
) -> None:
    page = await free.fresh("/console/")
    async with page.page.context.expect_event("console", lambda said: "127.0.0.2:9" in said.text):
        await page.page.evaluate(FOREIGN)
    assert "Content Security Policy" in page.noticed.policy[0]
    with pytest.raises(AssertionError, match="Content Security Policy"):
        page.noticed.assert_clean(link)
    page.noticed.policy.clear()
    async with page.page.context.expect_event("request", lambda asked: "127.0.0.2:9" in asked.url):
        with pytest.raises(Refused):
            await page.page.goto("http://127.0.0.2:9/")
    with pytest.raises(AssertionError, match=r"127\.0\.0\.2:9"):
        await free.close()
