"""Beginning a conversation: from the inbox, the palette, a person beside a conversation, and a contact's record."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from hub.main import Hub
from hub.settings import Settings
from tests.journeys.conftest import OpenConsole, SentMail
from tests.journeys.mails import deliver
from tests.journeys.watch import Watched

ADA = {"name": "Ada Brandt", "mails": [{"kind": "work", "address": "ada.brandt@nordwind.example", "primary": True}]}


async def contact(page: Watched) -> str:
    """A contact with a mail address; its id."""
    status, made = await page.call("POST", "/api/records/contact", ADA)
    assert status == 201, made
    return str(made["id"])


def dialog_of(page: Watched) -> Locator:
    """The open dialog."""
    return page.page.get_by_role("dialog", name="New conversation")


async def kept_on_the_hub(hub: Hub, wanted: dict[str, Any]) -> None:
    """Wait until the hub has the draft."""
    async with asyncio.timeout(20):
        while await hub.db["drafts"].find_one({"conversation": "", **wanted}) is None:
            await asyncio.sleep(0.1)


async def test_a_conversation_is_begun_by_keyboard_alone(
    hub: Hub, console: OpenConsole, sent_mail: tuple[SentMail, int]
) -> None:
    """Palette, a contact found while typing, a copy, subject, text, Ctrl+Enter: one mail goes, and its conversation opens."""
    page = await console("agent", roles=("SA", "SU"))
    await contact(page)
    keys = page.page.keyboard
    await keys.press("Control+k")
    await page.find(".command-palette__field").fill("new conversation")
    await keys.press("Enter")
    to = page.find("input[name=to]")
    await to.focus()
    await keys.type("Ada")
    await page.page.get_by_role("option", name="Ada Brandt").wait_for()
    assert await page.violations() == []
    await keys.press("ArrowDown")
    await keys.press("Enter")
    await expect(to).to_have_value("Ada Brandt <ada.brandt@nordwind.example>, ")
    await keys.press("Escape")  # the list is shut already: the dialog shuts, and keeps what was written
    await dialog_of(page).wait_for(state="hidden")
    await keys.press("c")
    await expect(to).to_have_value("Ada Brandt <ada.brandt@nordwind.example>")
    await page.find("[data-cc]").press("Enter")
    await page.find("input[name=cc]").fill("bo@x.example")
    await page.find("input[name=subject]").fill("Your offer")
    text = dialog_of(page).locator("textarea")
    await text.fill("Please find it below.")
    await text.press("Control+Enter")
    await page.find(".conversation-head__subject").get_by_text("Your offer").wait_for()
    await page.find(".message-bubble--outbound").get_by_text("Please find it below.").wait_for()
    async with asyncio.timeout(20):
        while not sent_mail[0].mails:
            await asyncio.sleep(0.1)
    assert len(sent_mail[0].mails) == 1
    assert b"Subject: Your offer" in sent_mail[0].mails[0]
    assert b"bo@x.example" in sent_mail[0].mails[0]
    async with asyncio.timeout(20):
        while await hub.db["drafts"].count_documents({"conversation": "", "empty": False}):
            await asyncio.sleep(0.1)
    conversation = await hub.db["conversations"].find_one({})
    assert conversation is not None
    assert conversation["assignee"]["name"] == "Agent"


async def test_what_was_sent_too_soon_is_a_draft_again(
    hub: Hub, console: OpenConsole, sent_mail: tuple[SentMail, int]
) -> None:
    """Undo within the person's seconds; nothing leaves, and every word is back."""
    page = await console("agent", undo_s=60)
    await page.find("[data-write]").first.click()
    await page.find("input[name=to]").fill("Bo <bo@x.example>")
    await page.find("input[name=subject]").fill("Too soon")
    await dialog_of(page).locator("textarea").fill("Half a th")
    await page.find("[data-start]").click()
    await page.find(".offer__act").click()
    await expect(page.find("input[name=subject]")).to_have_value("Too soon", timeout=15_000)
    await expect(page.find("input[name=to]")).to_have_value("Bo <bo@x.example>")
    await expect(dialog_of(page).locator("textarea")).to_have_value("Half a th")
    message = await hub.db["messages"].find_one({"direction": "outbound"})
    assert message is not None
    assert message["delivery"]["state"] == "failed"
    assert sent_mail[0].mails == []


async def test_what_is_unsent_is_there_in_another_browser_and_never_goes_to_somebody_else(
    hub: Hub, settings: Settings, console: OpenConsole
) -> None:
    """The draft is the person's; opened for another customer it says whose it is."""
    await deliver(settings, 1)
    page = await console("agent", roles=("SA", "SU"))
    await page.find("[data-write]").first.click()
    await page.find("input[name=to]").fill("bo@x.example")
    await dialog_of(page).locator("textarea").fill("Only for Bo")
    await kept_on_the_hub(hub, {"reply": "Only for Bo", "to": ["bo@x.example"]})
    other = await console("agent", roles=("SA", "SU"))
    await other.text("Pump leaks again").first.click()
    await other.find(".conversation-page__panel [data-write]").first.click()
    await other.find("[data-kept]").get_by_text("bo@x.example").wait_for()
    await expect(other.find("input[name=to]")).to_have_value("bo@x.example")
    assert await other.violations() == []
    await other.find("[data-anew]").click()
    await expect(other.find("input[name=to]")).to_have_value("Ada Brandt <ada.brandt@nordwind.example>")
    await expect(dialog_of(other).locator("textarea")).to_have_value("")


async def test_from_a_contacts_record_the_conversation_hangs_on_the_record(hub: Hub, console: OpenConsole) -> None:
    """Who it goes to is filled in; a wrong address is named where it stands and nothing leaves."""
    page = await console("agent", roles=("SA", "SU"))
    ada = await contact(page)
    await page.go(f"/records/contact/{ada}")
    await page.find("[data-write]").click()
    await expect(page.find("input[name=to]")).to_have_value("Ada Brandt <ada.brandt@nordwind.example>")
    await dialog_of(page).locator("textarea").fill("Good morning")
    await page.find("input[name=to]").fill("Ada Brandt <ada.brandt@nordwind.example>, nobody")
    await page.find("input[name=subject]").fill("Hello")
    await page.text("No address: nobody").wait_for()
    await expect(page.find("[data-start]")).to_be_disabled()
    await page.find("input[name=to]").fill("Ada Brandt <ada.brandt@nordwind.example>")
    await page.find("[data-start]").click()
    await page.find(".conversation-page__panel").get_by_role("link", name="Ada Brandt").first.wait_for()
    conversation = await hub.db["conversations"].find_one({})
    assert conversation is not None
    assert [(one["type"], one["id"]) for one in conversation["records"]] == [("contact", ada)]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_dialog_with_a_template_is_accessible_and_fits(
    hub: Hub, console: OpenConsole, language: str, width: int
) -> None:
    """A template and a canned answer are filled in for the contact; everything open at once; looked at on two widths."""
    page = await console("agent", roles=("SA", "SU"), language=language, width=width)
    ada = await contact(page)
    template = {"name": "Offer", "channel": "email", "subject": "Offer for {{ contact.name }}", "text_body": "Dear {{ contact.name }},"}  # fmt: skip
    assert (await page.call("POST", "/api/records/message_template", template))[0] == 201
    canned = {"shortcut": "hours", "title": "Opening hours", "text": "Dear {{ recipient.name }}, from nine to five."}
    assert (await page.call("POST", "/api/canned", canned))[0] == 201
    await page.go(f"/records/contact/{ada}")
    await page.find("[data-write]").click()
    await page.find("select[name=template]").select_option(label="Offer")
    await expect(page.find("input[name=subject]")).to_have_value("Offer for Ada Brandt")
    text = page.page.get_by_role("dialog").locator("textarea")
    await expect(text).to_have_value("Dear Ada Brandt,")
    await text.fill("")
    await text.press_sequentially("/hou")
    await page.find(".word-picker__one").first.wait_for()
    await text.press("Tab")
    await expect(text).to_have_value("Dear Ada Brandt, from nine to five.")
    await page.find("[data-cc]").click()
    await page.find("[data-later]").click()
    await page.find("input[name=bcc]").fill("nobody")
    await page.find("input[name=subject]").focus()
    await page.shot(f"start-{language}-{width}")
    assert await page.fits()
    assert await page.violations() == []
