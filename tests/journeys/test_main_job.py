"""The main job: a customer writes, an agent sees it at once, answers, and every step shows."""

from __future__ import annotations

import re

from hub.main import Hub
from hub.settings import Settings
from tests.journeys.conftest import OpenConsole, SentMail
from tests.journeys.mails import deliver


async def test_a_mail_shows_live_and_its_answer_goes_out(
    hub: Hub, settings: Settings, console: OpenConsole, sent_mail: tuple[SentMail, int]
) -> None:
    """From the mail door to the list, from the composer to the customer's mail server, without a reload."""
    page = await console("agent")
    await page.mark("live")
    assert await page.find("[data-conversation]").count() == 0

    await deliver(settings, 1, text="Can somebody come on Friday?")
    await page.text("Pump leaks again").first.click()
    await page.find('[role="log"]').get_by_text("Can somebody come on Friday?").wait_for()
    await page.find(".conversation-head").get_by_text("Assign to me").click()
    await page.find(".conversation-head").get_by_text("Give back").wait_for()

    await page.find(".composer textarea").fill("Friday at nine is fine.\n好的。")
    assert await page.find("[data-send]").inner_text() == "Send to customer by mail"
    await page.find(".composer textarea").press("Control+Enter")
    answer = page.find(".message-bubble--outbound[data-message]")
    await answer.get_by_text("Friday at nine is fine.").wait_for()
    await answer.locator('[data-delivery="sent"]').wait_for(timeout=20_000)
    assert await page.find(".outgoing-bubble").count() == 0
    assert await answer.count() == 1

    kept = sent_mail[0].mails
    assert len(kept) == 1
    assert b"<1@nordwind.example>" in kept[0]

    await deliver(settings, 2, text="Thank you!", answers=1)
    await page.find('[role="log"]').get_by_text("Thank you!").wait_for()
    seqs = await page.find("[data-message]").evaluate_all("all => all.map(one => Number(one.dataset.seq))")
    assert seqs == sorted(seqs)
    assert len(seqs) == 3


async def test_a_note_stays_inside(settings: Settings, console: OpenConsole, sent_mail: tuple[SentMail, int]) -> None:
    """A note shows as one and goes to no mail server."""
    await deliver(settings, 1)
    page = await console("agent")
    await page.text("Pump leaks again").first.click()
    await page.find(".composer__kind").nth(1).click()
    await page.find(".composer textarea").fill("Is under warranty.")
    await page.find("[data-send]").click()
    await page.find(".message-bubble--note[data-message]").get_by_text("Is under warranty.").wait_for()
    assert sent_mail[0].mails == []


async def test_a_draft_stays_with_its_conversation(settings: Settings, console: OpenConsole) -> None:
    """Written in one, it is not in the other, and survives a reload."""
    await deliver(settings, 1)
    await deliver(settings, 2, subject="Invoice 2041")
    page = await console("agent")
    box = page.find(".composer textarea")
    await page.text("Pump leaks again").first.click()
    await box.fill("We will come on")
    await page.text("Invoice 2041").first.click()
    await page.find(".conversation-head__subject").get_by_text("Invoice 2041").wait_for()
    assert await box.input_value() == ""
    await page.text("Pump leaks again").first.click()
    await page.find(".conversation-head__subject").get_by_text("Pump leaks again").wait_for()
    await page.page.reload()
    await page.page.wait_for_selector("html[data-ready]")
    assert await box.input_value() == "We will come on"


async def test_a_stranger_becomes_a_contact_in_place(settings: Settings, console: OpenConsole) -> None:
    """The form is filled with what the mail says; afterwards the conversation knows the person."""
    await deliver(settings, 1)
    page = await console("agent", roles=("SA", "SU"))
    await page.text("Pump leaks again").first.click()
    await page.find(".people-panel").first.get_by_text("Create contact").click()
    dialog = page.page.get_by_role("dialog")
    assert await dialog.locator("input").nth(0).input_value() == "Ada Brandt"
    assert await dialog.locator("input").nth(2).input_value() == "ada.brandt@nordwind.example"
    assert await page.violations() == []
    await dialog.get_by_role("button", name="Save").click()
    await (
        page.find(
            ".people-panel a",
        )
        .get_by_text("Ada Brandt")
        .first.wait_for()
    )


async def test_two_agents_see_each_other_write_and_the_second_change_is_told(
    settings: Settings, console: OpenConsole
) -> None:
    """A typing hint goes to the colleague; what one closes is closed at the other's."""
    await deliver(settings, 1)
    first = await console("agent")
    second = await console("carol")
    for page in (first, second):
        await page.text("Pump leaks again").first.click()
        await page.find("[data-message]").first.wait_for()
        await page.mark("live")
    await second.find(".conversation-head__others").get_by_text("Agent").wait_for()
    await first.find(".composer textarea").press_sequentially("Hello")
    await second.find(".composer__typing").get_by_text(re.compile("Agent")).wait_for()
    await first.find(".conversation-head").get_by_text("Close", exact=True).click()
    await second.find('.conversation-head [data-state="closed"]').wait_for()


async def test_the_language_changes_at_once_and_stays(console: OpenConsole) -> None:
    """One click, no reload; the choice survives one."""
    page = await console("agent")
    await page.find(".look-switches button").first.click()
    await page.find(".nav-list").get_by_text("收件箱").wait_for()
    await page.page.reload()
    await page.find(".nav-list").get_by_text("收件箱").wait_for()
    assert await page.page.evaluate("document.documentElement.lang") == "zh-CN"


async def test_signing_out_leads_to_the_door_and_keeps_out(console: OpenConsole) -> None:
    """After signing out no page opens; the address asked for is kept for the next sign-in."""
    page = await console("agent")
    await page.find(".top-bar").get_by_role("button", name="Sign out").click()
    await page.find("input[name=login]").wait_for()
    await page.page.goto(f"{page.link.url}/console/records")
    await page.find("input[name=login]").wait_for()
    assert "next=/records" in page.page.url
