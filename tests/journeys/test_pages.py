"""Every page, in both languages, on a desk and on a phone: reachable for everybody, nothing sticking out."""

from __future__ import annotations

import pytest

from hub.main import Hub
from hub.settings import Settings
from tests.journeys.conftest import OpenConsole
from tests.journeys.mails import deliver


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_page_is_accessible_and_fits(
    hub: Hub, settings: Settings, console: OpenConsole, language: str, width: int
) -> None:
    """axe finds nothing on any page; screenshots are kept for looking at."""
    await deliver(settings, 1, text="Guten Tag,\nthe pump leaks again. Can somebody come on Friday?", html=True)
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
    await look("inbox")
    await page.text("Pump leaks again").first.click()
    await page.find("[data-message]").first.wait_for()
    await look("conversation")
    if width < 1200:
        await page.find(".conversation-head__panel").click()
        await page.find(".el-drawer .people-panel").wait_for()
        await page.find(".el-drawer__close-btn").click()
        await page.find(".el-drawer").wait_for(state="hidden")
    await page.find(".composer__kind").nth(1).click()
    await page.find("[data-message] button[aria-pressed]").first.click()
    await page.find("iframe.mail-frame").wait_for()
    await look("conversation-note-mail")
    await page.go("/records/contact")
    await look("records")
    await page.go("/records/contact/new")
    await look("record-new")
    await page.go("/admin/accounts")
    await page.find("[data-account]").first.wait_for()
    await look("accounts")
    assert {name: lines for name, lines in found.items() if lines} == {}
