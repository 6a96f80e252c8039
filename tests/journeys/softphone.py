"""An agent whose phone is the browser, and callers of a real Asterisk; import the fixtures."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, async_playwright, expect

from channels.telephony.ami import Ami
from hub.main import Hub
from hub.settings import Settings
from tests.channels.telephony.conftest import account_settings, until
from tests.conftest import SignIn
from tests.journeys.conftest import FLAGS, OpenConsole
from tests.journeys.phones import MEDIA, sound, talking, turn_on
from tests.journeys.watch import Watched
from tests.lab.asterisk.plays import ADA, all_hung_up, ended
from tests.lab.asterisk.server import PHONES_SECRET, PHONES_USER, Asterisk
from tests.lab.asterisk.sipp import Sipp, call
from tests.lab.asterisk.sipp import sound as sound_of


@pytest.fixture
def media() -> list[str]:
    """How the browser treats microphones."""
    return MEDIA


@pytest.fixture
async def browser(media: list[str]) -> AsyncIterator[Browser]:
    """Chromium with a microphone."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), headless=True, args=FLAGS + media
        )
        yield browser
        await browser.close()


@pytest.fixture
def settings(settings: Settings, pbx: Asterisk) -> Settings:
    """With the PBX as an account."""
    account = account_settings(
        pbx.ami, sip_ws_url=pbx.sip_ws_url, phones_username=PHONES_USER, phones_secret=PHONES_SECRET
    )
    return settings.model_copy(update={"accounts": {**settings.accounts, "pbx": account}})


OpenPhone = Callable[..., Awaitable[Watched]]


@pytest.fixture
async def phone(hub: Hub, console: OpenConsole, signed_in: SignIn, ami: Ami) -> AsyncIterator[OpenPhone]:
    """`await phone("ann", "2001")`: a person's console whose phone has that extension."""

    boss = await signed_in("boss", roles=["admin"])

    async def connected() -> bool:
        _, answer = await boss.call("GET", "/api/accounts")
        return any(each["id"] == "pbx" and each["state"] == "connected" for each in answer["items"])

    await until(connected)

    async def open_phone(login: str, extension: str, **more: Any) -> Watched:
        more.setdefault("roles", ("SA", "SU"))
        locale: Literal["zh", "en"] = "zh" if more.get("language") == "zh-CN" else "en"
        person = await signed_in(login, roles=more["roles"], queues=["support"], locale=locale)
        await hub.db["record_user"].update_one({"_id": person.user}, {"$set": {"extension": extension}})
        return await console(login, **more)

    yield open_phone
    for extension in ("2001", "2002"):
        await ami.tell({"Action": "QueueRemove", "Queue": "support", "Interface": f"PJSIP/{extension}"})
    await all_hung_up(ami)


async def takes_calls(page: Watched) -> None:
    """The phone is rung by the queue."""
    choice = page.find('select[data-queue="support"]')
    await choice.select_option("in")
    await expect(choice).to_be_enabled()
    await expect(choice).to_have_value("in")


async def on_duty(phone: OpenPhone, **more: Any) -> Watched:
    """Ann's console, whose phone is on and rung by the queue."""
    page = await phone("ann", "2001", **more)
    await turn_on(page)
    await takes_calls(page)
    return page


async def answers(page: Watched) -> None:
    """The call that rings is taken."""
    await page.find("[data-answer]").click(timeout=30_000)
    await talking(page)


async def heard_both_ways(page: Watched) -> None:
    """Sound arrives, and goes."""

    async def both() -> bool:
        figures = await sound(page)
        return figures.get("received", 0) > 100 and figures.get("sent", 0) > 100 and figures.get("heard", 0) > 0.01

    await until(both)


async def hangs_up(page: Watched, caller: Sipp) -> None:
    """The call ends from here; the caller has seen all that was to come."""
    await page.find("[data-hang-up]").click()
    await ended(caller)


async def call_doc(hub: Hub, state: str) -> Any:
    """The newest call, once it is in a state."""

    async def found() -> Any:
        doc = await hub.db["calls"].find_one({}, sort=[("began_at", -1)])
        return doc if doc and doc["state"] == state else None

    return await until(found)


def calls_in(pbx: Asterisk, sounding: Path, *then: str, service: str = "4000") -> Sipp:
    """Ada calls, with a tone for a voice."""
    return call(pbx, service, ADA.dials, ADA.is_answered, sound_of(sounding), *then)
