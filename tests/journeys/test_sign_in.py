"""The door: clear words for each refusal, usable by keyboard alone, light and dark."""

from __future__ import annotations

from tests.conftest import PASSWORD, SignIn
from tests.journeys.conftest import OpenConsole
from tests.journeys.pages import Pages


async def test_the_door_says_what_is_wrong_and_opens_by_keyboard(pages: Pages, signed_in: SignIn) -> None:
    """A wrong password, then the right one, without touching the mouse; the address asked for opens."""
    await signed_in("agent", roles=("SU",), queues=["support"])
    small = {"width": 390, "height": 844}
    page = await pages.fresh("/console/records", locale="en-GB", color_scheme="dark", viewport=small)
    await page.page.wait_for_selector("html[data-ready]")
    assert await page.violations() == []
    await page.page.keyboard.type("agent")
    await page.page.keyboard.press("Tab")
    await page.page.keyboard.type("wrong")
    await page.page.keyboard.press("Enter")
    await page.text("Login or password is wrong.").wait_for()
    assert await page.violations() == []
    await page.shot("sign-in-dark-390")
    await page.find("input[name=password]").fill(PASSWORD)
    await page.page.keyboard.press("Enter")
    await page.page.wait_for_url("**/console/records/**")


async def test_the_dark_console_is_readable_too(console: OpenConsole) -> None:
    """The theme changes at once, stays after a reload, and keeps the contrast rules."""
    page = await console("agent", roles=("SA", "SU"))
    await page.find(".look-switches button").nth(1).click()
    await page.page.wait_for_selector("html.dark")
    assert await page.violations() == []
    await page.go("/records/contact/new")
    assert await page.violations() == []
    assert await page.find("html.dark").count() == 1
    await page.shot("record-new-dark-1440")


async def test_a_session_ended_elsewhere_leads_to_the_door(console: OpenConsole, signed_in: SignIn) -> None:
    """Signed out by another browser, the console says so and comes back to the same place afterwards."""
    page = await console("agent")
    await page.mark("live")
    other = await signed_in("agent")
    status, _ = await other.call("POST", "/api/me/sessions/end-others", {})
    assert status == 200
    await page.text("Your sign-in has ended. Please sign in again.").wait_for()
    await page.find("input[name=login]").fill("agent")
    await page.find("input[name=password]").fill(PASSWORD)
    await page.find("button[type=submit]").click()
    await page.find(".conversation-list").wait_for()
