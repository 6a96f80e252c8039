"""A person's own safety: the password changed, a lost laptop signed out."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.conftest import PASSWORD
from tests.journeys.conftest import OpenConsole, sign_in
from tests.journeys.watch import Watched

NEW = "quite another word 7"


async def _password(page: Watched, present: str, new: str, again: str) -> None:
    for name, words in (("old", present), ("new", new), ("again", again)):
        await page.find(f"[data-own-password] input[name={name}]").fill(words)


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("zh-CN", 390)])
async def test_the_page_is_usable_by_everybody_at_both_widths(console: OpenConsole, language: str, width: int) -> None:
    page = await console("agent", language=language, width=width)
    await page.go("/me")
    await page.find("[data-session=here]").first.wait_for()
    assert await page.fits()
    assert await page.violations() == []
    await page.shot(f"me-{language}-{width}")


async def test_a_new_password_signs_everybody_else_out(console: OpenConsole) -> None:
    """What is wrong is said in words; afterwards only the new password opens the console."""
    page = await console("agent")
    lost = await console("agent")
    await page.go("/me")
    change = page.find("[data-own-password] button[type=submit]")
    await _password(page, "not my password", NEW, "something else 9")
    await expect(change).to_be_disabled()
    await page.text("The two are not the same.").wait_for()
    await _password(page, "not my password", NEW, NEW)
    await change.click()
    await page.text("The password is wrong.").wait_for()
    await _password(page, PASSWORD, "agentagent1", "agentagent1")
    await change.click()
    await page.text("leave your login out of it").wait_for()
    await _password(page, PASSWORD, NEW, NEW)
    await change.click()
    await page.text("Changed. Your other sign-ins have ended.").wait_for()
    await lost.find("input[name=login]").wait_for()
    await expect(page.find("[data-session=other]")).to_have_count(0)

    await page.page.get_by_role("button", name="Sign out", exact=True).click()
    await page.page.fill("input[name=login]", "agent")
    await page.page.fill("input[name=password]", PASSWORD)
    await page.page.click("button[type=submit]")
    await page.text("Login or password is wrong.").wait_for()
    await page.page.fill("input[name=password]", NEW)
    await page.page.click("button[type=submit]")
    await page.find(".app-shell").wait_for()


async def test_a_lost_laptop_is_signed_out_from_here(console: OpenConsole) -> None:
    """Alone, or all at once; the other console is at the door at once, and this one stays."""
    page = await console("agent")
    lost = await console("agent")
    await page.go("/me")
    other = page.find("[data-session=other]").filter(has_text="Chrome, Linux")
    await expect(other).to_have_count(1)
    await other.get_by_role("button").click()
    await lost.find("input[name=login]").wait_for()
    await expect(other).to_have_count(0)

    await sign_in(lost.page, "agent")
    await page.go("/me")
    await page.find("[data-end-others]").click()
    await lost.find("input[name=login]").wait_for()
    await expect(page.find("[data-session=other]")).to_have_count(0)
    await page.find("[data-session=here]").wait_for()
