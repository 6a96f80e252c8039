"""The home page: the scheme, what a person makes of it, and blocks that change by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from hub.main import Hub
from hub.settings import Settings
from tests.conftest import SignIn
from tests.journeys.conftest import OpenConsole
from tests.journeys.mails import deliver
from tests.journeys.watch import Watched


async def order(page: Watched) -> list[Any]:
    """The ids of the blocks as they stand."""
    found: list[Any] = await page.find("[data-block]").evaluate_all("all => all.map(one => one.dataset.block)")
    return found


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_home_page_is_accessible_and_fits(
    hub: Hub, settings: Settings, console: OpenConsole, language: str, width: int
) -> None:
    """S2.1.1-01, -02: the built-in page, also while it is arranged."""
    await deliver(settings, 1, text="The pump leaks again.")
    page = await console("agent", roles=("SA", "SU"), language=language, width=width, path="/console/")
    await page.find('[data-queue="support"]').wait_for()
    await page.shot(f"home-{language}-{width}")
    assert await page.fits()
    assert await page.violations() == []
    await page.page.get_by_role("button", name="Arrange" if language == "en" else "布置").click()
    await page.find('[data-act="hide"]').first.wait_for()
    await page.shot(f"home-arranged-{language}-{width}")
    assert await page.fits()
    assert await page.violations() == []


async def test_what_a_person_changes_by_keyboard_stays_in_another_browser(console: OpenConsole) -> None:
    """S2.1.1-03: moved, hidden, added; and back to the scheme."""
    page = await console("agent", path="/console/")
    assert (await order(page))[:2] == ["pending", "notices"]
    await page.page.get_by_role("button", name="Arrange").press("Enter")
    await page.find('[data-block="pending"] [data-act="down"]').press("Enter")
    await expect(page.find('[data-block="pending"] [data-act="down"]')).to_be_focused()
    await page.find('[data-block="queues"] [data-act="hide"]').press("Enter")
    await page.find('[data-block="announcements"]').drag_to(page.find('[data-block="notices"]'))
    await expect(page.find("[data-block]").first).to_have_attribute("data-block", "announcements")
    await page.page.get_by_role("button", name="Add a block").click()
    await page.page.get_by_label("Title").last.fill("My work")
    await page.page.get_by_role("button", name="Add", exact=True).click()
    await page.find('[data-block="pending-1"]').wait_for()
    other = await console("agent", path="/console/")
    await other.find('[data-block="pending-1"]').wait_for()
    assert (await order(other))[:3] == ["announcements", "notices", "pending"]
    assert await other.find('[data-block="queues"]').count() == 0
    await page.page.get_by_role("button", name="Back to the scheme").click()
    await expect(other.find("[data-block]").first).to_have_attribute("data-block", "pending")


async def test_blocks_change_by_themselves_and_lead_to_the_thing(
    hub: Hub, settings: Settings, console: OpenConsole, signed_in: SignIn
) -> None:
    """S2.1.1-05..07, -10, -12."""
    page = await console("agent", roles=("SA", "SU"), path="/console/")
    await page.find('[data-block="pending"]').get_by_text("Nobody is waiting for you").wait_for()
    await deliver(settings, 1, text="The pump leaks again.")
    async with page.page.expect_response("**/api/queues"):
        pass
    conversation = await hub.db["conversations"].find_one({})
    assert conversation is not None
    sue = await signed_in("sue", roles=["SU"])
    agent = await signed_in("agent")
    place = f"/api/conversations/{conversation['_id']}"
    assert (await sue.call("PATCH", place, {"assignee": agent.user}))[0] == 200
    await page.find(f'[data-pending="{conversation["_id"]}"]').wait_for()
    notice = page.find('[data-block="notices"] [data-notice]').filter(has_text="Sue assigned a conversation to you")
    await notice.wait_for()
    await sue.call("POST", "/api/announcements", {"title": "Closed on Friday", "confirm": True})
    block = page.find('[data-block="announcements"]')
    await block.get_by_role("button", name="Confirm").click()
    await block.get_by_text("Confirmed").wait_for()
    await notice.get_by_role("link").click()
    await page.find("[data-message]").first.wait_for()
    assert page.page.url.endswith(f"/inbox/{conversation['_id']}")


async def test_a_scheme_of_the_administrator_reaches_its_people(console: OpenConsole, signed_in: SignIn) -> None:
    """S2.1.1-15."""
    boss = await console("boss", roles=("admin",), path="/console/admin/schemes")
    page = await console("agent", roles=("SA",), path="/console/")
    await boss.page.get_by_role("button", name="New scheme").click()
    await boss.find("input[name=scheme-name]").fill("Agents")
    await boss.page.get_by_role("button", name="Remove: Waiting for me").click()
    await boss.page.get_by_text("For everybody without another scheme").click()
    assert await boss.violations() == []
    await boss.page.get_by_role("button", name="Save").click()
    await boss.find('[data-scheme="Agents"]').wait_for()
    await expect(page.find("[data-block]")).to_have_count(2)
