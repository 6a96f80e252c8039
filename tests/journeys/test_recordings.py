"""A recorded call in the browser: heard in its thread, sought by mouse and keys, listed, kept, exported (S2.9.9-09)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hub.main import Hub
from hub.store.client import Doc
from tests.hub.test_recordings_http import Shelf
from tests.journeys.conftest import OpenConsole
from tests.journeys.watch import Watched
from tests.workers.recording_house import settings_for


@pytest.fixture
def shelf(hub: Hub, mongo_url: str, prepared_database: str, tmp_path: Path) -> Shelf:
    """Puts recordings into the hub's store."""
    folder = tmp_path / "monitor"
    folder.mkdir()
    return Shelf(hub, settings_for(mongo_url, prepared_database, folder), folder)


async def _place(page: Watched) -> float:
    return float(await page.find(".recording-player").get_attribute("data-at") or 0)


async def _until(page: Watched, above: float) -> float:
    """Wait until the sound is beyond a place."""
    async with asyncio.timeout(30):
        while (at := await _place(page)) <= above:
            await asyncio.sleep(0.05)
    return at


async def test_a_recording_is_heard_in_its_thread(shelf: Shelf, console: OpenConsole) -> None:
    """It plays, the time goes on, a click and keys seek, it pauses, and the bytes come in ranges."""
    page = await console()
    call: Doc = await shelf.put("c.1", seconds=20)
    asked: list[str] = []
    page.page.on("request", lambda r: asked.append(r.headers.get("range", "")) if "/recording?" in r.url else None)
    await page.go(f"/inbox/{call['conversation']}")
    await page.find("[data-recording=stored]").wait_for()
    assert asked == [], "nothing is fetched before somebody plays"
    await page.find("[data-play]").click()
    await _until(page, 0.3)
    assert await page.find(".recording-player").get_attribute("data-playing") == "true"
    lane = page.find(".recording-player [role=slider]")
    box = await lane.bounding_box()
    assert box is not None
    await page.page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2)
    assert 9.5 < await _until(page, 9.5) < 15
    await lane.press("ArrowRight")
    assert await _until(page, 14.5) < 20
    await lane.press("Home")
    await page.page.wait_for_function("+document.querySelector('.recording-player').dataset.at < 5")
    await page.find(".recording-player__speed").select_option("2")
    await lane.press("Space")
    await page.find(".recording-player[data-playing=false]").wait_for()
    assert asked
    assert all(each.startswith("bytes=") for each in asked)
    assert await shelf.hub.db["audit"].count_documents({"what": "recording.played"}) == 1
    async with page.page.expect_download() as saving:
        await page.find(".recording-player__save").click()
    assert (await saving.value).suggested_filename == "c.1.wav"
    assert await page.violations() == []


async def test_how_a_recording_stands_is_said(shelf: Shelf, hub: Hub, console: OpenConsole) -> None:
    """Being fetched, then there, without a reload; missing and removed ones say so; without right there is no player."""
    page = await console()
    call = await shelf.put("c.1")
    await page.go(f"/inbox/{call['conversation']}")
    await page.find("[data-recording=stored]").wait_for()
    for state in ("awaited", "missing", "deleted"):
        one: dict[str, Any] = {"n": 1, "state": state, "ended_at": "2026-11-01T08:00:00Z", "seconds": 0, "type": ""}
        await hub.stream.amend(call["message"], {"call.recordings": [one]})
        await page.find(f"[data-recording={state}]").wait_for()
    agent = await console("agent-ann", roles=("SA",))
    other = await shelf.put("c.2")
    await agent.go(f"/inbox/{other['conversation']}")
    await agent.find("[data-recording=refused]").wait_for()


async def test_recordings_are_found_kept_and_exported(shelf: Shelf, console: OpenConsole) -> None:
    """The supervisor's list: filtered, heard in place, put under a hold and let go, written into a zip."""
    page = await console(path="/console/recordings")
    await page.text("No recordings here").wait_for()
    await shelf.put("c.1", queue="support", number="+8613800138000")
    await shelf.put("c.2", queue="general", number="+8613900139000")
    await page.go("/recordings")
    assert await page.find("[data-listed]").count() == 2
    await page.find("select[name=queue]").select_option("support")
    await page.page.get_by_role("button", name="Find", exact=True).click()
    await page.find("[data-listed='pbx|c.2']").wait_for(state="detached")
    await page.find("[data-listen]").click()
    await page.find(".recording-rows__open [data-play]").click()
    await _until(page, 0.1)
    await page.find("[data-hold]").click()
    await page.find("#hold-reason").fill("a lawsuit")
    await page.page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    await page.find("[data-release]").click()
    await page.find("[data-hold]").wait_for()
    await page.find("input[name=from]").fill("2020-01-01")
    await page.find("input[name=to]").fill("2030-01-01")
    await page.find("[data-export]").click()
    await page.find("[data-exporting]").wait_for()
    job = await shelf.hub.db["jobs"].find_one({"task": "recording.export"})
    assert job is not None
    await shelf.export(job["_id"])


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_screens_of_recordings_are_accessible_and_fit(
    shelf: Shelf, console: OpenConsole, language: str, width: int
) -> None:
    page = await console(language=language, width=width)
    call = await shelf.put("c.1", seconds=20)
    await page.go(f"/inbox/{call['conversation']}")
    await page.find("[data-recording=stored]").wait_for()
    await page.page.wait_for_function(
        "document.querySelector('.recording-player__rest').getAttribute('d').length > 2000"
    )
    await page.shot(f"recording-thread-{language}-{width}")
    assert await page.fits()
    assert await page.violations() == []
    await page.go("/recordings")
    await page.find("[data-listen]").click()
    await page.find(".recording-rows__open [data-recording=stored]").wait_for()
    await page.shot(f"recordings-{language}-{width}")
    assert await page.fits()
    assert await page.violations() == []


async def test_a_call_is_scored_and_the_agent_answers(shelf: Shelf, hub: Hub, console: OpenConsole) -> None:
    """A sheet is made, a call scored on it, its average shown; the agent reads the score and says something to it."""
    agent = await console("agent-ann", roles=("SA",), path="/console/scores")
    ann = await hub.db["record_user"].find_one({"login": "agent-ann"})
    assert ann is not None
    await hub.db["record_user"].update_one({"_id": ann["_id"]}, {"$set": {"extension": "1001"}})
    await shelf.put("c.1", seconds=3)
    page = await console("sue", path="/console/scores")
    await page.find("[data-new-sheet]").click()
    for name, words in (("sheet-en", "Service"), ("sheet-zh", "服务"), ("en-0", "Greeting"), ("zh-0", "问候")):
        await page.find(f"input[name={name}]").fill(words)
    assert await page.violations() == []
    await page.find("[data-make-sheet]").click()
    await page.find("[data-sheet]").wait_for()
    await page.go("/recordings")
    await page.find("[data-listen]").click()
    await page.find("[data-criterion=Greeting]").select_option("4")
    await page.find(".score-panel textarea").fill("Friendly.")
    await page.find("[data-save-score]").click()
    await page.page.locator("[data-listed] td", has_text="80").first.wait_for()
    await page.shot("recordings-scored-en-1440")
    assert await page.violations() == []
    await page.go("/scores")
    await page.find(f"[data-average='{ann['_id']}']").wait_for()
    await agent.go("/scores")
    await agent.find("[data-score]").wait_for()
    assert "Friendly." in await agent.find("[data-score]").inner_text()
    await agent.find(".score-card__answer input").fill("Thank you.")
    await agent.page.get_by_role("button", name="Send", exact=True).click()
    await agent.page.locator(".score-card__comment", has_text="Thank you.").wait_for()
    await agent.shot("scores-agent-en-1440")
    assert await agent.violations() == []
    assert await agent.fits()
