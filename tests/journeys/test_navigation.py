"""The navigation: everything within reach, on a desk and under a thumb."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import OpenConsole


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_on_a_phone_five_entries_and_more_lead_to_every_page(console: OpenConsole, language: str) -> None:
    """Nothing scrolls sideways; the rest is behind one entry, by finger and by keyboard."""
    page = await console("boss", roles=("admin",), language=language, width=390)
    bar = page.find(".nav-list")
    await expect(bar.locator(".nav-list__link")).to_have_count(6)
    assert await bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")
    assert await page.fits()
    more = page.find("[data-nav-more]")
    rest = page.find(".nav-more__link")
    await expect(rest.first).to_be_hidden()
    await more.press("Enter")
    await expect(rest.first).to_be_focused()
    await page.shot(f"navigation-{language}-390")
    assert await page.fits()
    assert await page.violations() == []
    await page.page.keyboard.press("Escape")
    await expect(rest.first).to_be_hidden()
    await expect(more).to_be_focused()
    await more.click()
    await page.find('.nav-more__link[href="/console/admin"]').click()
    await page.page.wait_for_url("**/console/admin/users")
    await expect(rest.first).to_be_hidden()
    await expect(more).to_have_class("nav-list__link nav-more__button is-here")
    await more.click()
    await page.find("h1").first.click(position={"x": 2, "y": 2})
    await expect(rest.first).to_be_hidden()


async def test_on_a_desk_all_entries_stand_in_the_bar_each_with_its_icon(console: OpenConsole) -> None:
    """Also at a height at which they do not all fit: then the bar scrolls, not the page."""
    page = await console("boss", roles=("admin",))
    links = page.find(".nav-list__link")
    count = await links.count()
    assert count >= 8
    assert await page.find(".nav-list__link svg").count() == count
    assert await page.find("[data-nav-more]").count() == 0
    await page.page.set_viewport_size({"width": 1440, "height": 400})
    await links.last.focus()
    assert await links.last.evaluate("link => link.getBoundingClientRect().bottom <= innerHeight")
    assert await page.fits()
