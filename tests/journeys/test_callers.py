"""The callers page: callbacks and lost callers for agents; blocked and not-to-call numbers for supervisors (S2.9.9)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm_core.ground.clock import now
from hub.desk.lost_callers import LostCallers
from hub.main import Hub
from tests.hub.test_callbacks import lost_call, told
from tests.journeys.conftest import OpenConsole
from tests.journeys.keyboard import tab_to
from tests.journeys.watch import Watched
from tests.lab.ami_far_side import AmiFarSide
from tests.lab.far_pbx import far_pbx, settings

__all__ = ["far_pbx", "settings"]
NUMBER, OTHER = "+8613900139000", "+8613900139001"
SCREENS = pytest.mark.parametrize(("language", "width"), [("en", 1440), ("zh-CN", 1440), ("zh-CN", 390)])


async def is_sound(page: Watched, name: str, language: str, width: int) -> None:
    """Nothing sticks out, nothing is against the rules; a picture is kept."""
    while await page.find(".el-message").count():  # a word in passing has no contrast while it fades away
        await page.find(".el-message").first.wait_for(state="detached")
    assert await page.violations() == []  # waits until a dialog has faded in: then the picture shows it
    await page.shot(f"callers-{name}-{language}-{width}")
    assert await page.fits()


@SCREENS
async def test_a_caller_is_blocked_and_let_in_again(hub: Hub, console: OpenConsole, language: str, width: int) -> None:
    """With a reason and an end; a number that is none keeps the dialog open and says why."""
    page = await console("sue", language=language, width=width, path="/console/callers?tab=blocked")
    await page.find(".state-note").wait_for()
    await page.find("[data-add]").click()
    await page.find("#kept-number").fill("abc")
    await page.find("[data-save]").click()
    await page.find(".form-dialog [role=alert]").wait_for()
    await page.find("#kept-number").fill("139 0013 9000")
    await page.find("#kept-reason").fill("Threatens colleagues 威胁同事")
    await page.find("#kept-until").fill("2090-01-01T09:00")
    await is_sound(page, "block", language, width)
    await page.find("[data-save]").click()
    row = page.find(f"[data-number='{NUMBER}']")
    await row.filter(has_text="威胁同事").wait_for()
    await row.filter(has_text="2090").wait_for()
    await page.find("#kept-number").wait_for(state="detached")
    await is_sound(page, "blocked", language, width)
    _, kept = await page.call("GET", "/api/blocked-callers")
    assert [each["number"] for each in kept["items"]] == [NUMBER]
    await row.locator("[data-drop]").click()
    await row.wait_for(state="detached")
    _, kept = await page.call("GET", "/api/blocked-callers")
    assert kept["items"] == []
    assert await hub.db["audit"].count_documents({"what": "caller.unblocked", "about": NUMBER}) == 1


@SCREENS
async def test_a_number_is_put_on_the_do_not_call_list_and_found_by_keyboard(
    console: OpenConsole, language: str, width: int
) -> None:
    """S2.9.9-11: without a mouse: added, found in another spelling, not found, removed; the keyboard keeps its place."""
    page = await console("sue", language=language, width=width, path="/console/callers")
    keys = page.page.keyboard
    await page.call("POST", "/api/do-not-call", {"number": OTHER})
    await tab_to(page, "[data-tab=never]")
    await keys.press("Enter")
    await page.find(f"[data-number='{OTHER}']").wait_for()
    await tab_to(page, "[data-add]")
    await keys.press("Enter")
    await page.find("#kept-number").wait_for()
    await tab_to(page, "#kept-number")
    await keys.type("139-0013-9000")
    await keys.press("Tab")
    await keys.type("asked us")
    await keys.press("Enter")
    row = page.find(f"[data-number='{NUMBER}']")
    await row.filter(has_text="asked us").wait_for()
    await page.find("#kept-number").wait_for(state="detached")
    await is_sound(page, "never", language, width)
    await page.find("input[name=number]").focus()
    await keys.type("+86 139 0013 9000")
    await keys.press("Enter")
    await page.find(f"[data-number='{OTHER}']").wait_for(state="detached")
    await row.wait_for()
    await tab_to(page, "[data-drop]")
    await keys.press("Enter")
    await row.wait_for(state="detached")
    await page.find(".callers-list:focus").wait_for()
    await page.find(".state-note").filter(has_text="139 0013 9000").wait_for()
    _, left = await page.call("GET", "/api/do-not-call")
    assert [each["number"] for each in left["items"]] == [OTHER]


@SCREENS
async def test_an_agent_sees_a_callback_dials_it_and_marks_it_done(
    hub: Hub, console: OpenConsole, far_pbx: AmiFarSide, language: str, width: int
) -> None:
    """It comes without a reload, is marked as due, and stands under what is done afterwards; agents keep no numbers."""
    agent = await console("ann", roles=("SP",), language=language, width=width, path="/console/callers")
    ann = await hub.db["record_user"].find_one({"login": "ann"})
    assert ann is not None
    await hub.db["record_user"].update_one({"_id": ann["_id"]}, {"$set": {"extension": "1001"}})
    await agent.find(".state-note").wait_for()
    await agent.mark("live")
    lead = await console("sue", language=language)
    wanted = {"number": NUMBER, "at": (now() - timedelta(minutes=1)).isoformat(), "note": "price list 价目表"}
    status, planned = await lead.call("POST", "/api/callbacks", wanted | {"assignee": ann["_id"]})
    assert status == 201
    row = agent.find(f"[data-callback='{planned['id']}']")
    await agent.find("[data-due=true]").wait_for()
    await row.filter(has_text="价目表").wait_for()
    await is_sound(agent, "callbacks", language, width)
    await row.locator("[data-call]").click()
    await agent.find(".el-message--success").wait_for()
    assert far_pbx.dialled == [NUMBER]
    await row.locator("[data-done]:not([disabled])").press("Enter")
    await row.wait_for(state="detached")
    await agent.find(".callers-list:focus").wait_for()
    await agent.find("[data-tab=done]").click()
    await row.wait_for()
    assert await row.locator("[data-done]").count() == 0
    await agent.go("/callers?tab=blocked")
    await agent.find("[data-plan]").wait_for()
    assert await agent.find("[data-tab=blocked]").count() == 0


@SCREENS
async def test_a_callback_is_planned_and_a_lost_caller_comes_by_itself(
    hub: Hub, console: OpenConsole, language: str, width: int
) -> None:
    """Planned for a queue in the dialog; a caller whom nobody answered stands under the lost ones until talked to."""
    page = await console("sue", language=language, width=width, path="/console/callers")
    await page.find("[data-plan]").click()
    await page.find("#callback-number").fill("139 0013 9001")
    await page.find("#callback-at").fill("2090-01-01T09:00")
    await page.find("#callback-queue").select_option("support")
    await is_sound(page, "plan", language, width)
    await page.find("[data-save]").click()
    await page.find("[data-callback][data-due=false]").filter(has_text=OTHER).wait_for()
    await page.find("[data-tab=lost]").click()
    await page.find(".state-note").wait_for()
    await page.find("[data-callback]").wait_for(state="detached")
    await page.mark("live")
    lost = LostCallers(hub.units)
    await lost.follow([told(1, await lost_call(hub, 1))])
    row = page.find("[data-callback]")
    await row.filter(has_text=NUMBER).wait_for()
    await is_sound(page, "lost", language, width)
    await lost.follow([told(2, await lost_call(hub, 2, "answered"))])
    await row.wait_for(state="detached")
