"""The rules of a call list in the browser: when it calls again, and at which hours it may (S2.9.9-06)."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from hub.main import Hub
from tests.journeys.conftest import OpenConsole
from tests.journeys.watch import Watched


async def draft(page: Watched, **rules: Any) -> str:
    """A list that somebody made; its id."""
    status, made = await page.call(
        "POST", "/api/call-lists", {"name": "Spring", "queue": "support", "numbers": ["+8613900139000"], **rules}
    )
    assert status == 201, made
    return str(made["id"])


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_list_is_made_with_rules_of_its_own_and_they_are_changed_later(
    hub: Hub, console: OpenConsole, language: str, width: int
) -> None:
    """In the dialog of a new list, then on the list's own page, by keyboard; what makes no sense cannot be saved."""
    lead = await console("sue", language=language, width=width, path="/console/call-lists")
    await lead.find("[data-new-list]").click()
    await lead.find("#list-name").fill("Spring 春季")
    await lead.find("#list-queue").select_option("support")
    await lead.find("#list-numbers").fill("139 0013 9000")
    await lead.find("[data-usual]").click()
    await lead.find("[data-add-retry]").click()
    await lead.find("[data-add-retry]").click()
    busy = lead.find("[data-retry]").nth(1)
    await busy.locator("select").select_option("busy")
    await busy.locator("[data-after]").fill("5")
    await busy.locator("[data-most]").fill("4")
    await lead.find("[data-limited]").click()
    await lead.find("[data-zone]").select_option("Asia/Shanghai")
    await lead.find("[data-until]").fill("08:30")
    await lead.find("[data-rules-fault]").wait_for()
    await expect(lead.find("[data-save-list]")).to_be_disabled()
    await lead.find("[data-rules-fault]").scroll_into_view_if_needed()
    assert await lead.violations() == []  # waits until the dialog has faded in
    await lead.shot(f"call-list-rules-new-{language}-{width}")
    assert await lead.fits()
    await lead.find("[data-until]").fill("20:00")
    await lead.find("[data-save-list]").click()
    await lead.find("[data-state=draft] a").click()
    made = await hub.db["call_lists"].find_one({})
    assert made is not None
    assert made["retries"] == {"no_answer": {"after_min": 60, "most": 3}, "busy": {"after_min": 5, "most": 4}}
    assert made["hours"] == {"zone": "Asia/Shanghai", "days": [1, 2, 3, 4, 5], "from": "09:00", "until": "20:00"}

    await expect(lead.find("[data-list-rules]")).to_contain_text("09:00–20:00 (Asia/Shanghai)")
    await lead.find("[data-change-rules]").press("Enter")
    await lead.find('[data-retry="busy"]').wait_for()
    assert await lead.violations() == []  # waits until the dialog has faded in
    await lead.shot(f"call-list-rules-{language}-{width}")
    assert await lead.fits()
    await lead.find('[data-retry="no_answer"] [data-drop-retry]').press("Enter")
    await lead.find('[data-retry="busy"] [data-most]').fill("2")
    await lead.find(".list-rules__days input").last.press("Space")
    await lead.find("[data-until]").press("Enter")
    await lead.find("[data-rules]").wait_for(state="detached")
    await expect(lead.find("[data-list-rules]")).to_contain_text("09:00–20:00 (Asia/Shanghai)")
    await lead.shot(f"call-list-rules-page-{language}-{width}")
    assert await lead.fits()
    changed = await hub.db["call_lists"].find_one({"_id": made["_id"]})
    assert changed is not None
    assert (changed["retries"], changed["hours"]["days"]) == (
        {"busy": {"after_min": 5, "most": 2}}, [1, 2, 3, 4, 5, 7],
    )  # fmt: skip


async def test_rules_change_while_a_list_runs_and_a_refusal_is_said(hub: Hub, console: OpenConsole) -> None:
    """A running list takes them; one that was ended meanwhile does not, and the dialog says so. The usual rules are not
    copied into the console: a new list leaves them to the hub."""
    lead = await console("sue", path="/console/call-lists")
    listed = await draft(lead, hours={"zone": "Asia/Shanghai", "days": [6], "from": "09:00", "until": "12:00"})
    assert (await lead.call("PATCH", f"/api/call-lists/{listed}", {"state": "running"}))[0] == 200
    await lead.go(f"/call-lists/{listed}")
    await lead.find("[data-change-rules]").click()
    await expect(lead.find("[data-retry]")).to_have_count(3)
    await lead.find("[data-limited]").click()
    await lead.find("[data-save]").click()
    await expect(lead.find("[data-list-rules]")).to_contain_text("at any hour")
    assert (await lead.call("GET", f"/api/call-lists/{listed}"))[1]["hours"] is None
    await lead.find("[data-rules]").wait_for(state="detached")
    await lead.find("[data-change-rules]").click()
    await lead.find("[data-drop-retry]").first.click()
    await hub.db["call_lists"].update_one({"_id": listed}, {"$set": {"state": "done"}})
    await lead.find("[data-save]").click()
    await lead.find(".form-dialog [role=alert]").wait_for()


async def test_agents_read_the_rules_and_change_none(hub: Hub, console: OpenConsole) -> None:
    lead = await console("sue", path="/console/call-lists")
    listed = await draft(lead)
    assert (await lead.call("PATCH", f"/api/call-lists/{listed}", {"state": "running"}))[0] == 200
    agent = await console("ann", roles=("SP",), path=f"/console/call-lists/{listed}")
    await agent.find("[data-list-rules]").wait_for()
    await expect(agent.find("[data-change-rules]")).to_have_count(0)
