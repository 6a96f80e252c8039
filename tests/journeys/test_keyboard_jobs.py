"""The main jobs of pages, from beginning to end, by keyboard alone: what was done is there afterwards, for the hub too."""

from __future__ import annotations

import pyotp
import pytest
from playwright.async_api import expect

from hub.main import Hub
from tests.channels.telephony.conftest import ami, pbx
from tests.conftest import PASSWORD, SignIn
from tests.journeys.conftest import OpenConsole
from tests.journeys.keyboard import closes, opens, tab_to
from tests.journeys.softphone import OpenPhone, browser, media, phone, settings
from tests.journeys.watch import Watched

__all__ = ["ami", "browser", "media", "pbx", "phone", "settings"]  # fixtures
LOOKS = pytest.mark.parametrize(("language", "width"), [("en", 1440), ("zh-CN", 390)])
GIVE = 'tr[data-extension="2002"] [data-give]'
DIALOG = ".phones-page__form"


async def types(page: Watched, selector: str, words: str) -> None:
    """Walk to a box and write."""
    await tab_to(page, selector)
    await page.page.keyboard.press("ControlOrMeta+a")
    await page.page.keyboard.type(words)


async def presses(page: Watched, selector: str, key: str = "Enter") -> None:
    """Walk to a thing and press it."""
    await tab_to(page, selector)
    await page.page.keyboard.press(key)


async def is_sound(page: Watched, name: str) -> None:
    """Nothing against the rules, nothing sticking out; a picture is kept."""
    await expect(page.find(".el-message")).to_have_count(0, timeout=20_000)
    assert await page.violations() == []
    assert await page.fits()
    await page.shot(name)


@LOOKS
async def test_a_record_is_made_changed_and_its_history_read(
    hub: Hub, console: OpenConsole, language: str, width: int
) -> None:
    page = await console("agent", roles=("SA", "SU"), language=language, width=width, path="/console/records/contact")
    await page.find(".page-head .el-button--primary").wait_for()
    await presses(page, ".page-head .el-button--primary")
    await page.find("[data-field=name] input").wait_for()
    await types(page, "[data-field=name] input", "Ada Brandt")
    await types(page, "[data-field=title] input", "Buyer")
    await presses(page, ".record-page__foot button")
    await page.find(".history-list li").first.wait_for()
    await expect(page.find(".el-message")).to_have_count(0, timeout=20_000)
    await types(page, "[data-field=title] input", "Director")
    await presses(page, ".record-page__foot button")
    await page.find(".history-list del").get_by_text("Buyer").wait_for()
    await is_sound(page, f"keyboard-record-{language}-{width}")
    stored = await hub.db["record_contact"].find_one({"name": "Ada Brandt"})
    assert stored is not None
    assert stored["title"] == "Director"


@LOOKS
async def test_a_preference_is_changed_and_kept(console: OpenConsole, language: str, width: int) -> None:
    """The assistant's window, with the space bar; it is so after a reload, and for the hub."""
    box = "input[name=assistant-window]"
    page = await console("agent", language=language, width=width, path="/console/notices?tab=choices")
    await expect(page.find(box)).to_be_checked()
    await presses(page, box, "Space")
    await expect(page.find(".assistant")).to_have_count(0)
    await page.page.reload()
    await expect(page.find(box)).not_to_be_checked()
    await is_sound(page, f"keyboard-preference-{language}-{width}")


@LOOKS
async def test_the_second_factor_is_turned_on_and_off(console: OpenConsole, language: str, width: int) -> None:
    """Password, the app's code, the recovery codes; axe on each step."""
    page = await console("agent", language=language, width=width, path="/console/me")
    await page.find('[data-second-factor="false"]').wait_for()
    await types(page, "input[name=present]", PASSWORD)
    await page.page.keyboard.press("Enter")
    await page.find("[data-secret]").wait_for()
    await is_sound(page, f"keyboard-me-secret-{language}-{width}")
    secret = (await page.find("[data-secret]").inner_text()).replace(" ", "")
    await types(page, "input[name=code]", pyotp.TOTP(secret).now())
    await page.page.keyboard.press("Enter")
    await page.find("[data-recovery]").wait_for()
    await is_sound(page, f"keyboard-me-recovery-{language}-{width}")
    await presses(page, "[data-recovery] button")
    await page.find('[data-second-factor="true"]').wait_for()
    await types(page, "input[name=present]", PASSWORD)
    await page.page.keyboard.press("Enter")
    await page.find('[data-second-factor="false"]').wait_for()


@LOOKS
async def test_a_phone_is_given_to_a_person(
    hub: Hub, phone: OpenPhone, signed_in: SignIn, language: str, width: int
) -> None:
    """S2.9.9-02: the dialog opens, is left by Escape with the keyboard back where it was, opens, is filled and saved."""
    bob = await signed_in("bob", roles=["SP"])
    page = await phone("ann", "2001", roles=("admin", "SU"), language=language, width=width)
    await page.go("/admin/phones")
    await page.find(GIVE).wait_for()
    await is_sound(page, f"keyboard-phones-{language}-{width}")
    await tab_to(page, GIVE)
    await opens(page, DIALOG)
    await is_sound(page, f"keyboard-phones-dialog-{language}-{width}")
    await closes(page, GIVE, DIALOG)
    await opens(page, DIALOG)
    await tab_to(page, f"{DIALOG} input")
    await page.page.keyboard.type("Bob")
    await expect(page.find("li[role=option]:visible")).to_have_text(["Bob"])
    await page.page.keyboard.press("ArrowDown")
    await page.page.keyboard.press("Enter")
    await presses(page, f"{DIALOG} button[type=submit]")
    await page.find('tr[data-extension="2002"]').get_by_text("Bob").wait_for()
    person = await hub.db["record_user"].find_one({"_id": bob.user})
    assert person is not None
    assert person["extension"] == "2002"
