"""Home-page blocks of what stands outside the stream: schedule, report, and applications of others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web
from playwright.async_api import expect

from crm_core.ground.clock import now
from hub.main import Hub
from hub.settings import Settings
from tests.conftest import SignIn
from tests.journeys.conftest import OpenConsole
from tests.journeys.mails import deliver


@pytest.fixture
async def outside() -> AsyncIterator[str]:
    """Somebody else's application, on another origin; it tries to reach into whoever frames it."""
    page = "<!doctype html><title>Map</title><p id=said>?</p><script>try { said.textContent = top.document.title } catch { said.textContent = 'kept apart' }</script>"  # fmt: skip

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html")

    app = web.Application()
    app.router.add_get("/map", show)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert runner.addresses
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/map"
    await runner.cleanup()


async def test_an_outside_application_stands_in_a_frame_that_reaches_nothing(
    console: OpenConsole, outside: str
) -> None:
    """S2.1.1-13: added by an administrator, shown on a home page, kept apart from the console; off the list it is gone."""
    boss = await console("boss", roles=("admin",), path="/console/admin/apps")
    await boss.page.get_by_role("button", name="Add an application").click()
    await boss.find("input[name=app-name]").fill("City map")
    await boss.find("input[name=app-url]").fill("nonsense")
    await boss.page.get_by_text("in a frame").first.click()
    assert await boss.violations() == []
    await boss.page.get_by_role("button", name="Save").click()
    await boss.text("a whole address, beginning with https:// or http://").wait_for()
    await boss.find("input[name=app-url]").fill(outside)
    await boss.page.get_by_role("button", name="Save").click()
    await boss.find('[data-app="City map"]').wait_for()
    await boss.shot("admin-apps-en-1440")
    app = (await boss.call("GET", "/api/outside-apps"))[1]["items"][0]["id"]
    blocks = [{"id": "m", "kind": "outside", "app": app}, {"id": "l", "kind": "outside"}]
    assert (await boss.call("PUT", "/api/home", {"blocks": blocks}))[0] == 200
    await boss.go("/")
    frame = boss.find("iframe[data-outside]")
    await frame.wait_for()
    await frame.scroll_into_view_if_needed()
    await boss.page.frame_locator("iframe[data-outside]").get_by_text("kept apart").wait_for()
    assert await boss.find(f'[data-block="l"] [data-app="{app}"]').get_attribute("rel") == "noopener noreferrer"
    assert await boss.violations() == []
    await boss.shot("home-outside-en-1440")
    assert outside.split("/")[2] in boss.noticed.hosts
    boss.noticed.hosts.discard(outside.split("/")[2])
    assert (await boss.call("DELETE", f"/api/outside-apps/{app}"))[0] == 204
    await boss.find('[data-block="m"]').get_by_text("no longer on the list").wait_for()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_schedule_and_report_show_what_the_store_has(
    hub: Hub, settings: Settings, console: OpenConsole, signed_in: SignIn, language: str, width: int
) -> None:
    """S2.1.1-08, -11: a snoozed conversation and a planned answer appear by themselves; a chart and its numbers."""
    await deliver(settings, 1, text="The pump leaks again.")
    page = await console("agent", roles=("SA", "SU"), language=language, width=width, path="/console/")
    schedule = page.find('[data-block="schedule"]')
    await schedule.locator(".block-frame__note").wait_for()
    me = (await page.call("GET", "/api/me"))[1]["user"]["id"]
    one = (await page.call("GET", "/api/conversations"))[1]["items"][0]["id"]
    tomorrow = (now() + timedelta(days=1)).isoformat()
    planned = {"kind": "reply", "text": "On Friday.", "send_at": tomorrow}
    assert (await page.call("POST", f"/api/conversations/{one}/messages", planned))[0] == 201
    await schedule.locator('[data-kind="planned"]').wait_for()
    snoozed = {"assignee": me, "state": "snoozed", "snoozed_until": tomorrow}
    assert (await page.call("PATCH", f"/api/conversations/{one}", snoozed))[0] == 200
    await schedule.locator('[data-kind="snoozed"]').wait_for()
    await page.page.reload()
    report = page.find('[data-block="report"]')
    await expect(report.locator(".report-chart__part")).to_have_count(2, timeout=20_000)
    await report.scroll_into_view_if_needed()
    await page.shot(f"home-report-{language}-{width}")
    assert await page.fits()
    assert await page.violations() == []
    await report.locator("[data-numbers]").click()
    await expect(report.locator("tbody tr")).to_have_count(28)
    assert await page.fits()
    assert await page.violations() == []
