"""The phone in the browser: a real Asterisk, SIPp callers, Chromium with a microphone that beeps (S2.9.9)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from channels.telephony.ami import Ami, open_ami
from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.errors import Permanent
from hub.main import Hub
from tests.channels.telephony.conftest import ami, pbx, until
from tests.conftest import SignIn
from tests.journeys.pages import Pages
from tests.journeys.phones import EXPECTED, loudness, sound, talking, tone, turn_on
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
    settings,
    takes_calls,
)
from tests.lab.asterisk.plays import ADA, ended
from tests.lab.asterisk.server import PHONES_SECRET, PHONES_USER, Asterisk
from tests.lab.asterisk.sipp import BYED, TALKS, Caller, agent, call, pause

__all__ = ["ami", "browser", "media", "pbx", "phone", "settings"]  # fixtures


async def contact(hub: Hub, name: str = "Ada Lovelace") -> str:
    """Somebody with Ada's number."""
    doc = {"_id": new_id(), "name": name, "state": "active", "addresses": ["phone:+8613800138000"], "changed_at": now()}
    await hub.db["record_contact"].insert_one(doc)
    return str(doc["_id"])


async def test_a_call_rings_in_the_console_and_is_talked_in_both_ways(
    hub: Hub, pbx: Asterisk, phone: OpenPhone, signed_in: SignIn, tmp_path: Path
) -> None:
    """S2.9.9-03, -08: the pop shows the customer; answered in the page; sound both ways; mute, hold, wrap-up."""
    ada = await contact(hub)
    boss = await signed_in("boss", roles=["admin"])
    status, _ = await boss.call("PUT", "/api/call-outcomes/sold", {"en": "Sold", "zh": "成交"})
    assert status == 200
    page = await on_duty(phone)
    with calls_in(pbx, tone(tmp_path / "tone.al"), BYED, service="4008") as sipp:
        await page.find("[data-answer]").wait_for(timeout=30_000)
        await page.find(f'[data-candidate="{ada}"]').get_by_text("Ada Lovelace").wait_for()
        await page.find("[data-stamps]").wait_for(state="attached")
        await page.shot("phone-ringing-en-1440")
        await page.find("[data-answer]").click()
        await talking(page)
        await call_doc(hub, "talking")
        await heard_both_ways(page)
        figures = await sound(page)
        assert figures["said"] > 0
        assert figures["lost"] <= 0.05 * figures["received"]

        await page.find("[data-mute]").click()
        await expect(page.find("[data-mute]")).to_have_attribute("aria-pressed", "true")
        await page.find("[data-mute]").click()
        await expect(page.find("[data-mute]")).to_have_attribute("aria-pressed", "false")
        await page.find("[data-hold]").click()
        await call_doc(hub, "held")
        await page.shot("phone-held-en-1440")
        await page.find("[data-hold]").click()
        await call_doc(hub, "talking")
        await hangs_up(page, sipp)
    done = await call_doc(hub, "ended")
    assert done["part"]["outcome"] == "answered"
    await page.find('.phone-dock__panel[data-stage="after"]').wait_for()
    await page.find("#wrap-up-outcome").select_option("sold")
    await page.find("#wrap-up-note").fill("Two pumps")
    await page.shot("phone-wrap-up-en-1440")
    await page.find("[data-wrap-up]").click()
    await page.find('.phone-dock__panel[data-stage=""]').wait_for()
    wrapped = (await call_doc(hub, "ended"))["notes"]["wrap_up"]
    assert (wrapped["outcome"], wrapped["note"]) == ("sold", "Two pumps")
    monitor = pbx.folder / "spool" / "monitor"
    from_caller = loudness(monitor / "from-caller.wav")
    assert 0.8 * EXPECTED < from_caller < 1.2 * EXPECTED, from_caller
    assert loudness(monitor / "to-caller.wav") > 100


async def test_the_caller_is_handed_to_a_colleague_at_once(
    hub: Hub, pbx: Asterisk, phone: OpenPhone, tmp_path: Path
) -> None:
    """S2.9.9-08: blind transfer from the console to a desk phone; the browser is free again."""
    page = await on_duty(phone)
    with agent(pbx, "1002", *TALKS), calls_in(pbx, tone(tmp_path / "tone.al"), pause(9), ADA.hangs_up) as sipp:
        await answers(page)
        await page.find("[data-hand-on]").click()
        await page.find("#hand-on-to").fill("1002")
        await page.find("[data-blind]").click()
        await page.find('.phone-dock__panel[data-call=""]').wait_for(timeout=20_000)
        await ended(sipp)
    done = await call_doc(hub, "ended")
    assert [(each["extension"], each["outcome"]) for each in done["part"]["agents"]] == [
        ("2001", "answered"),
        ("1002", "answered"),
    ]
    assert [(each["kind"], each["to"]) for each in done["part"]["transfers"]] == [("blind", "1002")]


async def test_a_colleague_in_another_browser_is_asked_first_and_takes_over(
    hub: Hub, pbx: Asterisk, phone: OpenPhone, tmp_path: Path
) -> None:
    """S2.9.9-08: consultation between two browsers, then the caller is handed over, with sound."""
    page = await on_duty(phone)
    other = await phone("bea", "2002")
    await turn_on(other)
    with calls_in(pbx, tone(tmp_path / "tone.al"), BYED) as sipp:
        await answers(page)
        await page.find("[data-hand-on]").click()
        await page.find("#hand-on-to").fill("2002")
        await page.find("[data-consult]").click()
        await answers(other)
        await page.find("[data-complete]").click()
        await page.find('.phone-dock__panel[data-call=""]').wait_for(timeout=20_000)

        async def heard() -> bool:
            return (await sound(other)).get("heard", 0) > 0.01

        await until(heard)
        await hangs_up(other, sipp)
    await call_doc(hub, "ended")


async def test_dialled_from_the_console_the_phone_answers_itself_and_keys_arrive(
    hub: Hub, pbx: Asterisk, phone: OpenPhone
) -> None:
    """S2.9.9-06: click to dial; DTMF."""
    page = await phone("ann", "2001")
    await turn_on(page)
    await page.find("#phone-number").fill("9990")
    await page.find("[data-dial]").click()
    await talking(page)

    async def is_heard() -> bool:
        return (await sound(page)).get("sent", 0) > 20

    await until(is_heard)  # the first moments of a call have no sound yet, and no keys
    await page.find("[data-keypad]").click()
    await page.find('[data-key="4"]').click()
    await page.find('[data-key="#"]').wait_for()
    await page.find('[data-key="2"]').click()

    async def read() -> bool:
        async with await open_ami("127.0.0.1", pbx.ami, PHONES_USER, PHONES_SECRET, timeout_s=10) as keeper:
            try:
                kept = await keeper.listing({"Action": "DBGet", "Family": "lab", "Key": "keys"}, "DBGetResponse")
            except Permanent:  # nothing there yet
                return False
            return [each["Val"] for each in kept] == ["42"]

    await until(read)
    await page.find("[data-hang-up]").click()
    await call_doc(hub, "ended")


async def test_a_caller_nobody_knows_becomes_a_contact(
    hub: Hub, pbx: Asterisk, phone: OpenPhone, tmp_path: Path
) -> None:
    """S2.9.9-03: the form is filled with what the call says; a call that is rejected goes to nobody."""
    page = await on_duty(phone)
    eve = Caller("13700137000", "Eve")
    with call(pbx, "4000", eve.dials, eve.is_answered, pause(30), eve.hangs_up):
        await page.find("[data-answer]").wait_for(timeout=30_000)
        assert await page.find("#new-caller-number").input_value() == "+8613700137000"
        await page.find("#new-caller-name").fill("Eve Jones")
        await page.find("[data-new-contact]").click()
        await page.find(".call-facts").get_by_text("Eve Jones").wait_for()
        await page.find("[data-reject]").click()
        await page.find('.phone-dock__panel[data-call=""]').wait_for()
    made = await hub.db["record_contact"].find_one({"name": "Eve Jones"})
    assert made is not None
    assert made["addresses"] == ["phone:+8613700137000"]


async def test_of_several_who_it_may_be_one_is_picked(hub: Hub, pbx: Asterisk, phone: OpenPhone) -> None:
    """S2.9.9-03."""
    await contact(hub, "Ada at home")
    other = await contact(hub, "Ada at work")
    page = await on_duty(phone)
    with call(pbx, "4000", ADA.dials, ADA.is_answered, pause(30), ADA.hangs_up):
        await page.find(f'[data-candidate="{other}"] [data-pick]').click(timeout=30_000)
        live = await call_doc(hub, "ringing")

        async def joined() -> bool:
            doc = await hub.db["conversations"].find_one({"_id": live["conversation"]})
            return any(each["id"] == other for each in doc["records"]) if doc else False

        await until(joined)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_pop_is_accessible_and_fits(
    hub: Hub, pbx: Asterisk, phone: OpenPhone, language: str, width: int
) -> None:
    await contact(hub)
    page = await phone("ann", "2001", language=language, width=width)
    await turn_on(page)
    await page.shot(f"phone-ready-{language}-{width}")
    assert await page.violations() == []
    await takes_calls(page)
    with call(pbx, "4000", ADA.dials, ADA.is_answered, pause(60), ADA.hangs_up):
        await page.find("[data-answer]").wait_for(timeout=30_000)
        assert await page.violations() == []
        assert await page.fits()
        await page.shot(f"phone-pop-{language}-{width}")
        await page.find("[data-answer]").click()
        await talking(page)
        await page.find("[data-keypad]").click()
        assert await page.violations() == []
        assert await page.fits()
        await page.shot(f"phone-talking-{language}-{width}")


async def test_after_a_cut_the_phone_registers_again(hub: Hub, phone: OpenPhone) -> None:
    """The socket to the PBX is lost; the browser comes back by itself."""
    page = await phone("ann", "2001")
    await turn_on(page)
    await hub.telephony.sip_lines.close()
    await page.find('.phone-dock__panel[data-line="lost"]').wait_for(timeout=20_000)
    await page.find('.phone-dock__panel[data-line="ready"]').wait_for(timeout=30_000)


@pytest.mark.parametrize("media", [[]])
async def test_without_a_microphone_no_call_comes_here(phone: OpenPhone, signed_in: SignIn) -> None:
    """The page says why, in words, and the PBX knows no phone."""
    page = await phone("ann", "2001")
    await page.find("[data-phone]").click()
    await page.find("[data-phone-on]").click()
    await page.find('.phone-dock__panel[data-line="no-microphone"]').wait_for(timeout=20_000)
    assert "microphone" in await page.find(".phone-dock__trouble").inner_text()
    assert await page.violations() == []
    status, listed = await page.call("GET", "/api/phones")
    assert status == 200
    assert not next(each for each in listed["items"] if each["extension"] == "2001")["registered"]


async def test_one_tab_is_the_phone_and_the_other_shows_it(
    hub: Hub, pbx: Asterisk, phone: OpenPhone, pages: Pages
) -> None:
    """A second tab does not register: it shows the call and its keys act on the first; closing the first hands over."""
    page = await on_duty(phone)
    other = await pages.beside(page, "/console/inbox")
    await other.find("[data-phone].is-ready").wait_for(timeout=20_000)
    with call(pbx, "4000", ADA.dials, ADA.is_answered, BYED) as sipp:
        await other.find("[data-answer]").click(timeout=30_000)
        await talking(page)
        await hangs_up(other, sipp)
    await page.page.close()
    await other.find('.phone-dock__panel[data-line="ready"]').wait_for(timeout=30_000)


async def test_a_call_ends_with_its_page(hub: Hub, pbx: Asterisk, ami: Ami, phone: OpenPhone) -> None:
    """A page that is left lets go of the caller at once, and not when the PBX finds out."""
    page = await on_duty(phone)
    with call(pbx, "4000", ADA.dials, ADA.is_answered, BYED) as sipp:
        await answers(page)
        asked: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def agree(dialog: Any) -> None:
            asked.set_result(dialog.type)
            await dialog.accept()

        page.page.on("dialog", agree)
        await page.page.reload()
        assert await asked == "beforeunload"
        await ended(sipp)


async def test_phones_are_given_to_people(hub: Hub, phone: OpenPhone, signed_in: SignIn) -> None:
    """S2.9.9-02: desk and browser phones with their places; an administrator gives an extension."""
    bob = await signed_in("bob", roles=["SP"])
    page = await phone("ann", "2001", roles=("admin", "SU"))
    await turn_on(page)
    await page.go("/admin/phones")
    row = page.find('tr[data-extension="2001"]')
    await expect(row).to_have_attribute("data-registered", "true", timeout=30_000)
    await row.get_by_text("Ann").wait_for()
    assert await page.violations() == []
    await page.shot("phones-en-1440")
    await page.find('tr[data-extension="2002"] [data-give]').click()
    await page.find(".phones-page__form input").fill("Bob")
    await page.page.get_by_role("option", name="Bob").click()
    await page.find(".phones-page__form button[type=submit]").click()
    await page.find('tr[data-extension="2002"]').get_by_text("Bob").wait_for()
    person = await hub.db["record_user"].find_one({"_id": bob.user})
    assert person is not None
    assert person["extension"] == "2002"
