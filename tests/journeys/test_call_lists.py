"""Call lists in the browser: made and started by a supervisor, worked through by an agent (S2.9.9-06, -10, -11)."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.access.actor import system
from hub.main import Hub
from hub.store.unit import Units
from tests.journeys.conftest import OpenConsole
from tests.journeys.watch import Watched
from tests.lab.ami_far_side import AmiFarSide
from tests.lab.far_pbx import far_pbx, settings
from workers.task import Work
from workers.tasks.call_lists import fill_call_list

__all__ = ["far_pbx", "settings"]
NUMBERS = ["+8613900139000", "+8613900139001"]


async def fill(hub: Hub) -> str:
    """A worker's turn on the newest list; its id."""
    job = await hub.db["jobs"].find_one({"task": "call-list.fill"}, sort=[("made_at", -1)])
    assert job is not None

    async def nothing(*_: Any) -> None:
        return None

    units = Units(hub.ground.client, hub.db)
    work = Work(settings=hub.settings, db=hub.db, units=units, tell=nothing, send=nothing)
    await fill_call_list(work, **job["arguments"])
    return str(job["arguments"]["call_list"])


async def begin(lead: Watched, name: str, numbers: str) -> None:
    """A list in the dialog, not saved yet."""
    await lead.find("[data-new-list]").click()
    await lead.find("#list-name").fill(name)
    await lead.find("#list-queue").select_option("support")
    await lead.find("#list-numbers").fill(numbers)


async def save_and_start(hub: Hub, lead: Watched) -> str:
    """What stands in the dialog becomes a list that runs; its id."""
    await lead.find("[data-save-list]").click()
    await lead.find("[data-state=draft]").wait_for()
    await lead.find("[data-move=running]").click()
    await lead.find("[data-state=running]").wait_for()
    return await fill(hub)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_list_is_made_started_and_worked_through(
    hub: Hub, console: OpenConsole, far_pbx: AmiFarSide, language: str, width: int
) -> None:
    """S2.9.9-06: the draft in a dialog, the progress drawn, the script beside the entry, dialled, said, the next, done."""
    lead = await console("sue", language=language, width=width, path="/console/call-lists")
    owner = await hub.db["record_user"].find_one({"login": "sue"})
    assert owner is not None
    phones = [{"kind": "mobile", "number": NUMBERS[1]}]
    await hub.records.create(system(), "contact", {"name": "Ada Lin", "owner": owner["_id"], "phones": phones})
    await begin(lead, "Spring 春季", "139 0013 9000\n+86 139 0013 9001")
    await lead.find("#list-kind").select_option("contacts")
    await lead.find("#list-filters").fill("name__contains=Ada")
    await lead.find("#list-script").fill("Hello!\nMay I tell you about our spring offer?")
    await lead.shot(f"call-list-new-{language}-{width}")
    assert await lead.fits()
    assert await lead.violations() == []
    listed = await save_and_start(hub, lead)

    agent = await console("ann", roles=("SP",), language=language, width=width, path=f"/console/call-lists/{listed}")
    await hub.db["record_user"].update_one({"login": "ann"}, {"$set": {"extension": "1001"}})
    for number in NUMBERS:
        if number == NUMBERS[0]:
            await agent.find("[data-next]").click()
        await agent.page.locator("[data-entry]", has_text=number).wait_for()
        await agent.find("[data-dial]").click()
        await agent.find("[data-dial][disabled]").wait_for()
        if number == NUMBERS[0]:
            await agent.shot(f"call-work-{language}-{width}")
            assert await agent.fits()
            assert await agent.violations() == []
        await agent.find("#result-outcome").select_option("order")
        await agent.find("#result-note").fill("two boxes")
        await agent.find("[data-result]").click()
    await agent.find("[data-why=all_done]").wait_for()
    assert far_pbx.dialled == NUMBERS
    assert await agent.violations() == []
    await lead.go("/call-lists")
    await lead.find("[data-state=done]").wait_for()
    await lead.shot(f"call-lists-{language}-{width}")
    assert await lead.fits()
    assert await lead.violations() == []
    entries = await hub.db["call_entries"].find({"list": listed}).sort("n", 1).to_list()
    assert [(each["number"], each["result"], each["attempts"][0]["note"]) for each in entries] == [
        (number, "order", "two boxes") for number in NUMBERS
    ]


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("zh-CN", 390)])
async def test_a_progressive_list_dials_by_itself_for_who_is_ready(
    hub: Hub, console: OpenConsole, far_pbx: AmiFarSide, language: str, width: int
) -> None:
    """S2.9.9-06: ready, the countdown, skipped, the next dialled without a hand, the result, paused; nothing after that."""
    lead = await console("sue", language=language, width=width, path="/console/call-lists")
    await begin(lead, "Autumn", "\n".join(NUMBERS))
    await lead.find("#list-mode").select_option("progressive")
    await lead.find("#list-pace").fill("20")
    assert await lead.fits()
    assert await lead.violations() == []
    listed = await save_and_start(hub, lead)

    agent = await console("ann", roles=("SP",), language=language, width=width, path=f"/console/call-lists/{listed}")
    await hub.db["record_user"].update_one({"login": "ann"}, {"$set": {"extension": "1001"}})
    await agent.find("[data-seat=away]").wait_for()
    await agent.find("[data-sit]").click()
    await agent.find("[data-why=not_available]").wait_for()
    await agent.find(".presence-switch__choice").select_option("available")
    await agent.page.locator("[data-entry]", has_text=NUMBERS[0]).wait_for()
    await agent.find("[data-countdown]").wait_for()
    await agent.shot(f"call-work-progressive-{language}-{width}")
    assert await agent.fits()
    assert await agent.violations() == []
    await hub.db["call_lists"].update_one({"_id": listed}, {"$set": {"pace_s": 1}})
    await agent.find("[data-skip]").click()
    await agent.page.locator("[data-entry]", has_text=NUMBERS[1]).wait_for()
    await agent.find("#result-outcome").wait_for()
    assert far_pbx.dialled == NUMBERS[1:]
    await agent.find("[data-pause]").click()
    await agent.find("[data-seat=paused]").wait_for()
    await agent.find("#result-outcome").select_option("order")
    await agent.find("[data-result]").click()
    await agent.find("[data-entry]").wait_for(state="detached")
    await agent.shot(f"call-work-paused-{language}-{width}")
    assert await agent.violations() == []
    [entry] = await hub.db["call_entries"].find({"list": listed, "state": "done"}).to_list()
    assert (entry["number"], entry["result"], len(entry["attempts"])) == (NUMBERS[1], "order", 1)


async def test_what_is_refused_is_said(console: OpenConsole, far_pbx: AmiFarSide) -> None:
    """A number that is none keeps the dialog open, with the reason; agents make no lists."""
    lead = await console("sue", path="/console/call-lists")
    await begin(lead, "x", "abc")
    await lead.find("[data-save-list]").click()
    await lead.find(".new-list [role=alert]").wait_for()
    agent = await console("ann", roles=("SP",), path="/console/call-lists")
    await agent.find(".call-lists").wait_for()
    assert await agent.find("[data-new-list]").count() == 0
    assert far_pbx.dialled == []
