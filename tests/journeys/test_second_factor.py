"""The second factor in a browser: turned on with an app, asked for at the door, a recovery code when the app is lost."""

from __future__ import annotations

import pyotp
import pytest
from playwright.async_api import Page, expect

from tests.conftest import PASSWORD
from tests.journeys.conftest import OpenConsole
from tests.journeys.watch import Watched


async def _enrol(page: Watched) -> tuple[str, list[str]]:
    """Turn it on; the code that did it, and the recovery codes."""
    await page.go("/me")
    await page.find('[data-second-factor="false"]').wait_for()
    await page.find("input[name=present]").fill(PASSWORD)
    await page.find(".security-page button[type=submit]").click()
    secret = (await page.find("[data-secret]").inner_text()).replace(" ", "")
    await page.find(".qr-picture").wait_for()
    code = pyotp.TOTP(secret).now()
    await page.find("input[name=code]").fill(code)
    await page.page.get_by_role("button", name="Confirm").click()
    await page.find("[data-recovery]").wait_for()
    return code, await page.find("[data-recovery] code").all_inner_texts()


async def _leave_and_knock(page: Page) -> None:
    """Sign out, and give login and password again."""
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await page.fill("input[name=login]", "agent")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("button[type=submit]")


async def test_it_is_turned_on_asked_for_and_a_recovery_code_opens_once(console: OpenConsole) -> None:
    page = await console("agent")
    used, recovery = await _enrol(page)
    assert len(recovery) == 10
    await page.page.get_by_role("button", name="I have kept them").click()
    await page.find('[data-second-factor="true"]').wait_for()

    await _leave_and_knock(page.page)
    otp = page.find("input[name=otp]")
    await otp.wait_for()
    await page.text("Please enter your one-time code.").wait_for()
    await expect(otp).to_be_focused()
    assert await page.violations() == []
    await otp.fill("000000")
    await page.page.keyboard.press("Enter")
    await page.text("The one-time code is wrong or was used before.").wait_for()
    await otp.fill(used)  # the code that turned it on: each is worth one use
    await page.page.keyboard.press("Enter")
    await page.text("The one-time code is wrong or was used before.").wait_for()
    await otp.fill(recovery[0])
    await page.page.keyboard.press("Enter")
    await page.find(".app-shell").wait_for()

    await _leave_and_knock(page.page)
    await otp.fill(recovery[0])
    await page.page.keyboard.press("Enter")
    await page.text("The one-time code is wrong or was used before.").wait_for()
    await otp.fill(recovery[1])
    await page.page.keyboard.press("Enter")
    await page.find(".app-shell").wait_for()

    await page.go("/me")
    await page.find("input[name=present]").fill(PASSWORD)
    await page.page.get_by_role("button", name="Turn off").click()
    await page.find('[data-second-factor="false"]').wait_for()
    await _leave_and_knock(page.page)
    await page.find(".app-shell").wait_for()


async def test_a_wrong_password_or_code_is_said_and_nobody_is_thrown_out(console: OpenConsole) -> None:
    page = await console("agent")
    await page.go("/me")
    await page.find("input[name=present]").fill("not it")
    await page.find(".security-page button[type=submit]").click()
    await page.text("The password is wrong.").wait_for()
    await page.find("input[name=present]").fill(PASSWORD)
    await page.find(".security-page button[type=submit]").click()
    await page.find("input[name=code]").fill("123")
    assert await page.page.get_by_role("button", name="Confirm").is_disabled()
    await page.find("input[name=code]").fill("abcdef")
    await page.page.get_by_role("button", name="Confirm").click()
    await page.text("The code is wrong. Enter the one that is shown now.").wait_for()
    await page.page.get_by_role("button", name="Cancel").click()
    await page.find('[data-second-factor="false"]').wait_for()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("width", [1440, 390])
async def test_the_page_is_accessible_and_fits(console: OpenConsole, language: str, width: int) -> None:
    page = await console("agent", language=language, width=width)
    await page.find("a.top-bar__name").click()
    await page.find("input[name=present]").fill(PASSWORD)
    await page.find(".security-page button[type=submit]").click()
    await page.find(".qr-picture").wait_for()
    assert await page.violations() == []
    assert await page.fits()
    await page.shot(f"second-factor-{language}-{width}")
