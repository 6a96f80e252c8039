"""The panel of a call whose recording is in doubt, or that has none (S2.9.9-08)."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from channels.telephony.ami import Ami
from hub.main import Hub
from hub.settings import Settings
from tests.channels.telephony.conftest import account_settings, ami, cable, pbx, until
from tests.journeys.phones import tone
from tests.journeys.softphone import OpenPhone, browser, call_doc, calls_in, hangs_up, media, on_duty, phone
from tests.journeys.test_call_panel import RECORDED, answered, turned
from tests.lab.asterisk.cable import Cable
from tests.lab.asterisk.server import PHONES_SECRET, PHONES_USER, Asterisk
from tests.lab.asterisk.sipp import BYED

__all__ = ["ami", "browser", "cable", "media", "pbx", "phone"]  # fixtures


@pytest.fixture
def settings(settings: Settings, pbx: Asterisk, cable: Cable) -> Settings:
    """With the PBX as an account, through a cable."""
    account = account_settings(
        cable.port, sip_ws_url=pbx.sip_ws_url, phones_username=PHONES_USER, phones_secret=PHONES_SECRET
    )
    return settings.model_copy(update={"accounts": {**settings.accounts, "pbx": account}})


async def noted(hub: Hub, gaps: int) -> bool:
    """Whether the gaps are on record."""
    return await hub.db["call_gaps"].count_documents({}) == gaps


async def unheard(hub: Hub, cable: Cable, gaps: int) -> None:
    """The line is cut and mended; the hub has noted so many gaps."""
    await cable.cut()
    await cable.mend()
    await until(lambda: noted(hub, gaps))


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en", 1440)])
async def test_after_a_time_unheard_the_panel_says_that_it_does_not_know(
    hub: Hub, pbx: Asterisk, ami: Ami, cable: Cable, phone: OpenPhone, tmp_path: Path, language: str, width: int
) -> None:
    """The line to the PBX was cut. A pause that was wanted is asked for again, and stays; what runs may have been changed by
    others meanwhile: no claim either way, and pressed, it stands still for certain."""
    page = await on_duty(phone, language=language, width=width)
    with calls_in(pbx, tone(tmp_path / "tone.al"), BYED, service=RECORDED) as sipp:
        await answered(page)
        await turned(page, still=True)
        await unheard(hub, cable, gaps=1)
        key = page.find("[data-pause-recording]")
        await expect(key).to_have_attribute("aria-pressed", "true", timeout=30_000)
        await turned(page, still=False)
        await unheard(hub, cable, gaps=2)
        words = "whether this call is recorded now is not known" if language == "en" else "无法确定当前是否正在录音"
        await expect(page.find(".recording-key__state")).to_contain_text(words, timeout=30_000)
        await expect(key).to_have_attribute("aria-pressed", "false")
        await key.scroll_into_view_if_needed()
        await page.shot(f"phone-panel-unsure-{language}-{width}")
        assert await page.violations() == []
        assert await page.fits()
        await turned(page, still=True)
        await turned(page, still=False)
        await hangs_up(page, sipp)
    await call_doc(hub, "ended")


async def test_a_call_that_is_not_recorded_says_so(
    hub: Hub, pbx: Asterisk, ami: Ami, phone: OpenPhone, tmp_path: Path
) -> None:
    """The queue's calls are not recorded: the key is not pressed, and says why."""
    page = await on_duty(phone)
    await ami.ask({"Action": "Setvar", "Variable": "RECORD_support", "Value": "no"})
    try:
        with calls_in(pbx, tone(tmp_path / "tone.al"), BYED) as sipp:
            await answered(page)
            await page.find("[data-pause-recording]").click()
            await expect(page.find(".recording-key__problem")).to_contain_text("not recorded", timeout=30_000)
            await expect(page.find("[data-pause-recording]")).to_have_attribute("aria-pressed", "false")
            await hangs_up(page, sipp)
    finally:
        await ami.ask({"Action": "Setvar", "Variable": "RECORD_support", "Value": ""})
    done = await call_doc(hub, "ended")
    assert done.get("notes", {}).get("pauses", []) == []
