"""The phone in the browser behind a firewall: its sound goes through a real coturn, or the page says why not (S2.9.9-02)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Request, expect

from channels.telephony import ice
from hub.main import Hub
from hub.settings import Settings
from tests.channels.telephony.conftest import account_settings, ami, pbx, until
from tests.journeys.phones import EXPECTED, loudness, tone, turn_on
from tests.journeys.softphone import (
    OpenPhone,
    answers,
    browser,
    call_doc,
    calls_in,
    hangs_up,
    heard_both_ways,
    media,
    on_duty,
    phone,
    takes_calls,
)
from tests.journeys.watch import Watched
from tests.lab.asterisk.plays import ended
from tests.lab.asterisk.server import PHONES_SECRET, PHONES_USER, Asterisk
from tests.lab.asterisk.sipp import BYED, Sipp
from tests.lab.coturn import INSTALL, SECRET, Coturn, installed

__all__ = ["ami", "browser", "media", "pbx", "phone"]  # fixtures

BOTH_WAYS = "4008"
"""A queue whose calls are recorded, each direction by itself."""


@pytest.fixture
def turn() -> Iterator[Coturn]:
    """A coturn; on a build machine it must be there."""
    if not installed():
        assert os.environ.get("CI") != "true", INSTALL
        pytest.skip(INSTALL)
    with Coturn() as server:
        yield server


@pytest.fixture
def way() -> dict[str, Any]:
    """What the account says of the way of the sound, beside its servers."""
    return {"turn_secret": SECRET, "relay_only": True}


@pytest.fixture
def settings(settings: Settings, pbx: Asterisk, turn: Coturn, way: dict[str, Any]) -> Settings:
    """With the PBX as an account, and the relay."""
    account = account_settings(
        pbx.ami, sip_ws_url=pbx.sip_ws_url, phones_username=PHONES_USER, phones_secret=PHONES_SECRET,
        ice_servers=[turn.stun, turn.turn], **way,
    )  # fmt: skip
    return settings.model_copy(update={"accounts": {**settings.accounts, "pbx": account}})


async def kind_of_way(page: Watched) -> str:
    """What the browser's own figures say of the pair of candidates in use."""
    told = await page.find("[data-sound]").get_attribute("data-sound")
    return str((json.loads(told or "null") or {}).get("way"))


async def talks(page: Watched, caller: Sipp, way: str) -> None:
    """A call from its ringing to its end, heard both ways, with the sound going this way."""
    with caller:
        await answers(page)
        await heard_both_ways(page)
        assert await kind_of_way(page) == way
        await hangs_up(page, caller)


async def test_sound_goes_through_the_relay_both_ways_and_passwords_are_renewed(
    hub: Hub, pbx: Asterisk, phone: OpenPhone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The passwords of the sign-in have run out by the time of the call; no other way is open to it."""
    monkeypatch.setattr(ice, "LASTS_S", 20)
    page = await phone("ann", "2001")
    renewed: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith("/api/me/phone/way"):
            renewed.append(request.url)

    page.page.on("request", note)
    await turn_on(page)
    await takes_calls(page)

    async def twice() -> bool:
        return len(renewed) >= 2

    await until(twice, within_s=90)
    await talks(page, calls_in(pbx, tone(tmp_path / "tone.al"), BYED, service=BOTH_WAYS), "relay")
    done = await call_doc(hub, "ended")
    assert done["part"]["outcome"] == "answered"
    monitor = pbx.folder / "spool" / "monitor"
    from_caller = loudness(monitor / "from-caller.wav")
    assert 0.8 * EXPECTED < from_caller < 1.2 * EXPECTED, from_caller
    assert loudness(monitor / "to-caller.wav") > 100


@pytest.mark.parametrize("way", [{"turn_secret": "another", "relay_only": True}])
@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en", 1440)])
async def test_a_relay_that_refuses_is_named_and_no_call_comes_here(
    phone: OpenPhone, language: str, width: int
) -> None:
    """Nobody would be heard: the page says so, and the PBX knows no phone."""
    page = await phone("ann", "2001", language=language, width=width)
    await page.find("[data-phone]").click()
    await page.find("[data-phone-on]").click()
    await page.find('.phone-dock__panel[data-line="no-relay"]').wait_for(timeout=30_000)
    words = "its secret and the hub's differ" if language == "en" else "密钥与本系统的不一致"
    await expect(page.find('[data-relay="refused"]')).to_contain_text(words)
    assert await page.violations() == []
    assert await page.fits()
    await page.shot(f"phone-no-relay-{language}-{width}")
    status, listed = await page.call("GET", "/api/phones")
    assert status == 200
    assert not next(each for each in listed["items"] if each["extension"] == "2001")["registered"]


@pytest.mark.parametrize("way", [{"turn_secret": "another"}])
async def test_where_the_relay_is_one_way_of_several_the_phone_goes_on(
    hub: Hub, pbx: Asterisk, phone: OpenPhone, tmp_path: Path
) -> None:
    """It warns, and calls have sound straight from the PBX."""
    page = await phone("ann", "2001")
    await turn_on(page)
    await page.find('[data-relay="refused"]').wait_for(timeout=30_000)
    await takes_calls(page)
    await talks(page, calls_in(pbx, tone(tmp_path / "tone.al"), BYED), "direct")
    await call_doc(hub, "ended")


async def test_a_relay_that_dies_in_a_call_is_shown_and_the_call_ends(
    hub: Hub, pbx: Asterisk, phone: OpenPhone, turn: Coturn, tmp_path: Path
) -> None:
    """The page names the relay; what the hub says of the call stays true; no call comes until the relay is back."""
    page = await on_duty(phone)
    with calls_in(pbx, tone(tmp_path / "tone.al"), BYED) as sipp:
        await answers(page)
        await heard_both_ways(page)
        turn.stop(kill=True)
        await expect(page.find("[data-way-broken]")).to_contain_text("relay server", timeout=30_000)
        await page.shot("phone-relay-gone-en-1440")
        await ended(sipp)
    done = await call_doc(hub, "ended")
    assert done["part"]["outcome"] == "answered"
    await page.find('.phone-dock__panel[data-call=""][data-line="no-relay"]').wait_for(timeout=60_000)
    await expect(page.find('[data-relay="silent"]')).to_contain_text("does not answer")
    status, live = await page.call("GET", "/api/calls?state=live")
    assert (status, live["items"]) == (200, [])
    turn.start()
    await page.find('.phone-dock__panel[data-line="ready"]').wait_for(timeout=60_000)
    await page.find("[data-done]").click()
    await talks(page, calls_in(pbx, tone(tmp_path / "tone.al"), BYED), "relay")
