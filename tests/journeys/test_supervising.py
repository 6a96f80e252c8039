"""A supervisor at the wallboard comes into a call of a real Asterisk by its buttons (S2.9.9, supervision)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from channels.telephony.ami import Ami
from hub.main import Hub
from hub.settings import Settings
from tests.channels.telephony.conftest import Floor, account_settings, ami, floor, pbx, until
from tests.channels.telephony.test_supervision import scene
from tests.journeys.conftest import OpenConsole
from tests.journeys.watch import Watched
from tests.lab.asterisk.plays import ADA, all_hung_up, channels, ended, members, spying
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BYED, RINGING, agent, call

__all__ = ["ami", "floor", "pbx"]  # fixtures

ANSWERS = (RINGING, ANSWER, ACKED, BYED)


@pytest.fixture
def settings(settings: Settings, pbx: Asterisk) -> Settings:
    """With the PBX as its account."""
    return settings.model_copy(update={"accounts": {"pbx": account_settings(pbx.ami)}})


async def presses(row: Locator, mode: str) -> None:
    """A button of the call on the board; it is pressed once the phone does so, by the PBX's word."""
    key = row.locator(f'[data-supervise="{mode}"]')
    await key.click(timeout=30_000)
    await expect(key).to_have_attribute("aria-pressed", "true", timeout=30_000)


async def own_call_is_told(page: Watched, row: Locator) -> None:
    """The call is the supervisor's: no button offers to come into it, whatever the language."""
    await expect(row.locator("[data-own-call]")).to_be_visible()
    await expect(row.locator("[data-supervise]")).to_have_count(0)
    for language in ("en", "zh-CN"):
        for width in (1440, 390):
            await page.page.set_viewport_size({"width": width, "height": 900})
            await row.scroll_into_view_if_needed()
            await page.shot(f"supervising-own-{language}-{width}")
            assert await page.fits()
            assert await page.violations() == []
        await page.find(".look-switches button").first.click()


async def test_a_supervisor_listens_whispers_joins_and_takes_over(
    hub: Hub, pbx: Asterisk, ami: Ami, floor: Floor, console: OpenConsole, tmp_path: Path
) -> None:
    """S2.9.9: from the board, without opening the conversation; who hears whom is measured, each act is audited."""
    page = await console("sue", path="/console/wallboard")
    await page.mark("live")
    row = page.find('[data-queue="support"] [data-call][data-state="talking"]')
    async with scene(pbx, ami, floor, tmp_path, caller_hums=False) as here:
        await expect(row).to_contain_text("Ann", timeout=30_000)
        await presses(row, "listen")
        await spying(ami, "1003")
        await here.hear(customer=False, agent=False, supervisor=False)
        await presses(row, "whisper")
        await here.hear(customer=False, agent=True, supervisor=False)
        await presses(row, "barge")
        await here.hear(customer=True, agent=True, supervisor=False)
        [own] = [each["Channel"] for each in await channels(ami) if each["Channel"].startswith("PJSIP/1003-")]
        await ami.ask({"Action": "Hangup", "Channel": own, "Cause": "16"})  # puts the phone down
        await expect(row.locator('[data-supervise][aria-pressed="true"]')).to_have_count(0, timeout=30_000)
        await presses(row, "listen")
        await row.locator('[data-supervise="take-over"]').click(timeout=30_000)

        async def taken() -> Any:
            doc = await floor.call()
            return doc["talking"] == ["1003"]

        await until(taken)
        await expect(row).to_contain_text("Sue", timeout=30_000)
        await own_call_is_told(page, row)
        await page.go(f"/inbox/{here.call['conversation']}")
        await expect(page.find("[data-own-call]")).to_be_visible(timeout=30_000)
        await expect(page.find("[data-supervise]")).to_have_count(0)
        await page.shot("supervising-own-thread")
        assert await page.violations() == []
        await page.go("/wallboard")
        await expect(row).to_be_visible(timeout=30_000)
        assert not [each for each in await channels(ami) if each["Channel"].startswith("PJSIP/1001-")]
    await expect(page.find("[data-call]")).to_have_count(0, timeout=30_000)
    await expect(page.find("[data-own-call]")).to_have_count(0)
    audited = await hub.db["audit"].find({"about": here.call["message"]}).sort("_id", 1).to_list()
    assert [each["what"] for each in audited] == [
        "call.listen",
        "call.whisper",
        "call.barge",
        "call.listen",
        "call.taken-over",
    ]
    assert {each["actor"] for each in audited} == {floor.supervisor.user}


async def test_agents_see_no_such_buttons(hub: Hub, pbx: Asterisk, ami: Ami, console: OpenConsole) -> None:
    """The board is theirs too; coming into a colleague's call is not."""
    page = await console("cy", roles=("SA",), path="/console/wallboard")
    await page.mark("live")
    with agent(pbx, "1001", *ANSWERS), call(pbx, "4000", ADA.dials, ADA.is_answered, BYED) as caller:
        async with members(ami, "1001"):
            await page.find('[data-call][data-state="talking"]').wait_for(timeout=30_000)
            await expect(page.find("[data-supervise]")).to_have_count(0)
            await all_hung_up(ami)
            await ended(caller)
