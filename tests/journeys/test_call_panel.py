"""The panel of a call: the recording stands still for card data, and a colleague comes into the call (S2.9.9-08)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from channels.telephony.ami import Ami, open_ami
from hub.main import Hub
from tests.channels.telephony.conftest import ami, pbx, until
from tests.journeys.phones import sound, tone
from tests.journeys.softphone import (
    OpenPhone,
    answers,
    browser,
    call_doc,
    calls_in,
    hangs_up,
    media,
    on_duty,
    phone,
    settings,
)
from tests.journeys.watch import Watched
from tests.lab.asterisk.plays import all_hung_up, ended
from tests.lab.asterisk.server import SECRET, USER, Asterisk
from tests.lab.asterisk.sipp import ACKED, ANSWER, BYED, RINGING, agent

__all__ = ["ami", "browser", "media", "pbx", "phone", "settings"]  # fixtures

RECORDED = "4007"
ANSWERS = (RINGING, ANSWER, ACKED, BYED)


async def answered(page: Watched) -> None:
    """The call that rings is taken."""
    await answers(page)
    await page.find("[data-pause-recording]").wait_for(timeout=30_000)


async def turned(page: Watched, still: bool) -> None:
    """The key is pressed, and says how the recording stands by the hub's word."""
    await page.find("[data-pause-recording]").click()
    pressed = "true" if still else "false"
    await expect(page.find("[data-pause-recording]")).to_have_attribute("aria-pressed", pressed, timeout=30_000)


async def invites(page: Watched, who: str) -> None:
    """One more is called into the call."""
    await page.find("[data-hand-on]").click()
    await page.find("#hand-on-to").fill(who)
    await page.find("[data-invite]").click()
    await expect(page.find(".hand-on__invited")).to_contain_text(who, timeout=30_000)


async def talk(hub: Hub, *extensions: str) -> Any:
    """Wait until exactly these of the house are in the call."""

    async def found() -> Any:
        doc = await hub.db["calls"].find_one({}, sort=[("began_at", -1)])
        return doc if doc and sorted(doc["talking"]) == sorted(extensions) else None

    return await until(found)


async def test_the_recording_is_paused_and_goes_on(
    hub: Hub, pbx: Asterisk, ami: Ami, phone: OpenPhone, tmp_path: Path
) -> None:
    """S2.9.9: the key says how it stands, in words too; the PBX does it; who and when stands on the call."""
    page = await on_duty(phone)
    async with await open_ami("127.0.0.1", pbx.ami, USER, SECRET, timeout_s=10) as watcher:
        with calls_in(pbx, tone(tmp_path / "tone.al"), BYED, service=RECORDED) as sipp:
            await answered(page)
            watcher.waiting()
            await turned(page, still=True)
            await expect(page.find(".recording-key__state")).to_contain_text("Nothing is recorded now")
            [pause] = (await call_doc(hub, "talking"))["notes"]["pauses"]
            assert (pause["name"], pause["until"]) == ("Ann", None)
            await turned(page, still=False)
            await expect(page.find(".recording-key__state")).to_have_text("")
            told = [each["State"] for each in await watcher.events(5) if each["Event"] == "MixMonitorMute"]
            assert told == ["1", "0"]
            await hangs_up(page, sipp)
    done = await call_doc(hub, "ended")
    assert [bool(each["until"]) for each in done["notes"]["pauses"]] == [True]


async def test_a_colleague_is_added_to_the_call(
    hub: Hub, pbx: Asterisk, ami: Ami, phone: OpenPhone, tmp_path: Path
) -> None:
    """S2.9.9: three in one call, and the caller is still heard; who leaves leaves the others talking."""
    page = await on_duty(phone)
    with agent(pbx, "1002", *ANSWERS), calls_in(pbx, tone(tmp_path / "tone.al"), BYED) as sipp:
        await answered(page)
        await invites(page, "1002")
        await expect(page.find("#hand-on-to")).to_have_value("")
        await talk(hub, "1002", "2001")
        before: float = (await until(lambda: sound(page))).get("heard", 0)

        async def heard() -> bool:
            return (await sound(page)).get("heard", 0) > before + 0.01

        await until(heard)
        await page.find("[data-hang-up]").click()
        await page.find('.phone-dock__panel[data-call=""]').wait_for(timeout=30_000)
        await talk(hub, "1002")
        await all_hung_up(ami)
        await ended(sipp)
    done = await call_doc(hub, "ended")
    assert [each["to"] for each in done["notes"]["invited"]] == ["1002"]
    assert [each["extension"] for each in done["part"]["agents"]] == ["2001", "1002"]


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("zh-CN", 390)])
async def test_the_panel_is_accessible_and_fits(
    hub: Hub, pbx: Asterisk, ami: Ami, phone: OpenPhone, tmp_path: Path, language: str, width: int
) -> None:
    """With the recording standing still, and a colleague in the call."""
    page = await on_duty(phone, language=language, width=width)
    with (
        agent(pbx, "1002", *ANSWERS),
        calls_in(pbx, tone(tmp_path / "tone.al"), BYED, service=RECORDED) as sipp,
    ):
        await answered(page)
        await turned(page, still=True)
        await invites(page, "1002")
        await talk(hub, "1002", "2001")
        await page.find("[data-pause-recording]").scroll_into_view_if_needed()
        await page.shot(f"phone-panel-{language}-{width}")
        assert await page.violations() == []
        assert await page.fits()
        await all_hung_up(ami)
        await ended(sipp)
    await call_doc(hub, "ended")
