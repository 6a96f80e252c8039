"""The message centre and the business assistant: told once, counted alike everywhere, dealt with in place."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from hub.main import Hub
from hub.settings import Settings
from tests.conftest import SignedIn, SignIn
from tests.hub.test_notices import until
from tests.journeys.conftest import OpenConsole, SentMail
from tests.journeys.mails import deliver
from tests.journeys.pages import Pages
from tests.journeys.watch import Watched

PAGES = ("/", "/inbox", "/notices", "/records/contact", "/admin/queues", "/admin/accounts", "/me")
COUNT_TONES = """
  window.tones = 0
  const make = AudioContext.prototype.createOscillator
  AudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this) }
"""


async def given(hub: Hub, settings: Settings, sue: SignedIn, user: str, number: int = 1) -> str:
    """A customer's mail whose conversation Sue gives to somebody; returns the conversation."""
    message_id = await deliver(settings, number, subject=f"Pump leaks {number}")
    message = await until(lambda: hub.db["messages"].find_one({"external_id": message_id.strip("<>")}))
    place = f"/api/conversations/{message['conversation']}"
    assert (await sue.call("PATCH", place, {"assignee": user}))[0] == 200
    return str(message["conversation"])


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_message_centre_and_assistant_are_accessible_and_fit(
    hub: Hub, settings: Settings, console: OpenConsole, signed_in: SignIn, language: str, width: int
) -> None:
    """S2.9.1-04: each tab, the window, and the dialogs."""
    page = await console("agent", roles=("SA", "SU"), language=language, width=width)
    sue, agent = await signed_in("sue", roles=["SU"]), await signed_in("agent")
    await given(hub, settings, sue, agent.user)
    await sue.call("POST", "/api/internal-messages", {"users": [agent.user], "subject": "Lunch", "text": "At twelve?"})
    await sue.call(
        "POST", "/api/announcements", {"title": "Closed on Friday", "text": "Stock-taking.", "confirm": True}
    )
    await page.find(".assistant__panel [data-notice]").first.wait_for()
    await page.find(".assistant__head button").first.click()
    await page.find(".assistant-choices").wait_for()

    async def look(name: str) -> None:
        await page.shot(f"{name}-{language}-{width}")
        assert await page.fits(), name
        assert await page.violations() == [], name

    await look("assistant")
    await page.go("/notices")
    await expect(page.find(".notice-list__row")).to_have_count(3)
    await look("notices")
    await page.find(".page-head .el-button--primary").click()
    await page.find(".el-dialog .pick-many").first.wait_for()
    await look("internal-write")
    await page.go("/notices?tab=announcements")
    await page.find("[data-announcement]").wait_for()
    await look("announcements")
    await page.find(".announcement-list .el-button--primary").first.click()
    await page.find(".el-dialog input").first.wait_for()
    await look("announce")
    await page.go("/notices?tab=choices")
    await page.find(".notices-page__choices .assistant-choices").wait_for()
    await look("assistant-choices")


async def test_a_conversation_is_answered_in_the_assistant_without_leaving_the_page(
    hub: Hub, settings: Settings, console: OpenConsole, signed_in: SignIn, sent_mail: tuple[SentMail, int]
) -> None:
    """S2.1.2-03, -05: by keyboard, on another page."""
    page = await console("agent", roles=("SA",), path="/console/records/contact")
    sue, agent = await signed_in("sue", roles=["SU"]), await signed_in("agent")
    await given(hub, settings, sue, agent.user)
    item = page.find(".assistant__panel [data-notice]").first
    await item.get_by_text("Sue assigned a conversation to you").wait_for()
    await item.get_by_role("button", name="Reply").press("Enter")
    await item.get_by_label("Write to the customer").fill("We come on Friday.")
    await item.get_by_label("Write to the customer").press("Control+Enter")
    await until(lambda: _sent(sent_mail[0]))
    await expect(page.find(".assistant__count")).to_have_count(0)
    assert page.page.url.endswith("/records/contact")
    await page.find(".assistant__panel button").first.focus()
    await page.page.keyboard.press("Escape")
    await expect(page.find(".assistant__panel")).to_have_count(0)
    await expect(page.find(".assistant__button")).to_be_focused()


async def test_a_mail_and_a_message_to_a_colleague_are_written_from_the_assistant(
    console: OpenConsole, signed_in: SignIn, sent_mail: tuple[SentMail, int]
) -> None:
    """S2.1.2-04, -13: also away from the inbox; the colleague is reminded."""
    page = await console("agent", roles=("SA", "SU"), path="/console/records/contact")
    colleague = await console("sue", path="/console/notices")
    await page.find(".assistant__button").click()
    await page.find("[data-assistant-write]").press("Enter")
    await page.find("input[name=to]").fill("ada@example.com")
    await page.find("input[name=subject]").fill("The pump")
    text = page.find(".start-dialog__form textarea")
    await text.fill("We come on Friday.")
    await text.press("Control+Enter")
    await until(lambda: _sent(sent_mail[0]))

    await page.find("[data-assistant-internal]").click()
    dialog = page.find(".el-dialog").filter(has_text="Write to colleagues")
    await dialog.get_by_label("Colleagues").fill("sue")
    await page.find("[role=option]").get_by_text("Sue").first.click()
    await dialog.locator("textarea").fill("Lunch at twelve?")
    assert await page.violations() == []
    await page.shot("assistant-internal")
    await dialog.get_by_role("button", name="Send to colleagues").click()
    await colleague.find(".notice-list__row").get_by_text("Lunch at twelve?").wait_for()


async def _sent(mail: SentMail) -> bool:
    return any(b"We come on Friday." in each for each in mail.mails)


async def test_on_every_page_a_reminder_shows(
    hub: Hub, settings: Settings, console: OpenConsole, signed_in: SignIn
) -> None:
    """S2.1.2-06."""
    page = await console("agent", roles=("SA", "SU"))
    sue, agent = await signed_in("sue", roles=["SU"]), await signed_in("agent")
    for number, place in enumerate(PAGES):
        await page.go(place)
        await page.mark("live")
        await page.find(".assistant__button").wait_for()
        await sue.call("POST", "/api/internal-messages", {"users": [agent.user], "text": f"Reminder {number}"})
        await page.find(".assistant__panel").get_by_text(f"Reminder {number}").wait_for()


async def test_two_browsers_agree_on_what_is_unread_and_one_click_opens_the_thing(
    hub: Hub, settings: Settings, console: OpenConsole, signed_in: SignIn
) -> None:
    """S2.9.1-03, -04, -05: read marks reach the sender; without right a plain refusal."""
    first = await console("agent", roles=("SA", "SU"), path="/console/notices")
    second = await console("agent", path="/console/notices")
    writer = await console("sue", path="/console/notices?tab=sent")
    sue, agent = await signed_in("sue"), await signed_in("agent")
    conversation = await given(hub, settings, sue, agent.user)
    await sue.call("POST", "/api/internal-messages", {"users": [agent.user], "subject": "Lunch", "text": "At twelve?"})
    for page in (first, second):
        await expect(page.find('[data-tab="any"] .tab-row__count')).to_have_text("2")
    await writer.find("[data-sent]").get_by_text("Read by 0 of 1").click()
    await writer.find(".sent-list__marks").get_by_text("not read yet").wait_for()
    row = first.find(".notice-list__row").filter(has_text="Lunch")
    await row.get_by_role("button", name="Read", exact=True).click()
    await expect(second.find('[data-tab="any"] .tab-row__count')).to_have_text("1")
    await writer.find("[data-sent]").get_by_text("Read by 1 of 1").wait_for()
    await first.find(".notice-list__tools").get_by_placeholder("Search messages").fill("lunch")
    await first.find(".notice-list__tools").get_by_placeholder("Search messages").press("Enter")
    await expect(first.find(".notice-list__row")).to_have_count(1)
    await first.find(".notice-list__row").get_by_role("button", name="Archive").click()
    await expect(second.find(".notice-list__row")).to_have_count(1)
    await hub.db["record_user"].update_one({"_id": agent.user}, {"$set": {"roles": []}})
    await hub.db["conversations"].update_one({"_id": conversation}, {"$set": {"queue": "general", "assignee": None}})
    hub.identity.people.forget()
    await second.find(".notice-list__row").get_by_role("link").click()
    await second.page.get_by_text("It does not exist, or you may not see it.").first.wait_for()


async def test_sound_comes_once_in_one_tab_and_flash_is_still_where_motion_is_reduced(
    hub: Hub, console: OpenConsole, pages: Pages, signed_in: SignIn
) -> None:
    """S2.1.2-07, -08; and the choices are the person's, in every browser."""
    page = await console("agent", roles=("SA",))
    await page.page.context.add_init_script(COUNT_TONES)
    await page.page.emulate_media(reduced_motion="reduce")
    await page.page.reload()
    tabs = [page, *[await pages.beside(page, "/console/notices") for _ in range(2)]]
    for tab in tabs:
        await tab.mark("live")
        await tab.find(".assistant__button").wait_for()
    sue, agent = await signed_in("sue", roles=["SU"]), await signed_in("agent")
    await sue.call("POST", "/api/internal-messages", {"users": [agent.user], "text": "Listen"})
    for tab in tabs:
        await tab.find(".assistant__panel.is-marked").wait_for()
    tones = [int(await tab.page.evaluate("window.tones")) for tab in tabs]
    assert sorted(tones) == [0, 0, 2]
    style = await page.page.evaluate(
        "(() => { const s = getComputedStyle(document.querySelector('.assistant__panel')); return [s.animationName, s.outlineStyle] })()"
    )
    assert style == ["none", "solid"]
    await page.go("/notices?tab=choices")
    await page.find(".notices-page__choices input[name=assistant-window]").uncheck()
    await expect(tabs[1].find(".assistant")).to_have_count(0)
    await page.go("/notices?tab=choices")
    await expect(page.find("input[name=assistant-window]")).not_to_be_checked()


async def test_the_house_switches_the_assistant_off_without_a_reload_and_messages_are_still_kept(
    console: OpenConsole, signed_in: SignIn
) -> None:
    """S2.1.2-01, S2.1.3-26."""
    page = await console("agent", roles=("SA",), path="/console/notices")
    boss = await console("boss", roles=("admin",), path="/console/admin/parameters")
    await page.find(".assistant__button").wait_for()
    await boss.find('[data-parameter="assistant"] .el-switch').click()
    await expect(page.find(".assistant")).to_have_count(0)
    sue, agent = await signed_in("sue", roles=["SU"]), await signed_in("agent")
    await sue.call("POST", "/api/internal-messages", {"users": [agent.user], "text": "Quietly"})
    await page.find(".notice-list__row").get_by_text("Quietly").wait_for()
    assert await page.find(".assistant").count() == 0
    await boss.find('[data-parameter="assistant"] .el-switch').click()
    await page.find(".assistant__button").wait_for()
    await _quiet(page)


async def _quiet(page: Watched) -> None:
    """What came while it was off is no reminder now; it is counted."""
    await expect(page.find(".assistant__panel")).to_have_count(0)
    await expect(page.find(".assistant__count")).to_have_text("1")
