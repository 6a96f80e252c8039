"""What an agent does with a mail: answers all, passes it on, plans it, takes it back, archives, removes."""

from __future__ import annotations

import asyncio
from email import message_from_bytes
from email.message import Message
from email.policy import default as modern

from playwright.async_api import expect

from hub.main import Hub
from hub.settings import Settings
from tests.conftest import SignIn
from tests.journeys.conftest import OpenConsole, SentMail
from tests.journeys.mails import deliver
from tests.journeys.watch import Watched


async def _open(page: Watched) -> None:
    await page.text("Pump leaks again").first.click()
    await page.find("[data-message]").first.wait_for()


async def _sent(sent_mail: tuple[SentMail, int], count: int) -> list[Message]:
    """The mails that left, once there are so many."""
    async with asyncio.timeout(20):
        while len(sent_mail[0].mails) < count:
            await asyncio.sleep(0.05)
    return [message_from_bytes(mail, policy=modern) for mail in sent_mail[0].mails]


async def _answer(page: Watched, text: str) -> None:
    await page.find(".composer textarea").fill(text)
    await page.find("[data-send]").click()


async def test_an_answer_to_all_has_copies_and_blind_copies(
    settings: Settings, console: OpenConsole, sent_mail: tuple[SentMail, int]
) -> None:
    await deliver(settings, 1, cc="Bo Lind <bo.lind@nordwind.example>")
    page = await console("agent")
    await _open(page)
    await page.find("input[name=reply_all]").check()
    await page.find("[data-cc]").click()
    await page.find("input[name=bcc]").fill("archive@demo.example")
    await _answer(page, "Friday is fine.")
    (mail,) = await _sent(sent_mail, 1)
    assert "ada.brandt@nordwind.example" in mail["To"]
    assert "bo.lind@nordwind.example" in mail["Cc"]
    assert mail["Bcc"] is None
    bubble = page.find(".message-bubble--outbound[data-message]")
    await bubble.get_by_text("archive@demo.example").wait_for()
    await bubble.locator('[data-delivery="sent"]').wait_for(timeout=20_000)


async def test_a_mail_is_passed_on_with_its_original(
    settings: Settings, console: OpenConsole, sent_mail: tuple[SentMail, int]
) -> None:
    await deliver(settings, 1, text="The serial number is LJ-2041.")
    page = await console("agent")
    await _open(page)
    await page.find("[data-acts]").first.click()
    await page.find('[data-act="forward"]').click()
    await page.find("[data-forward]").wait_for()
    assert await page.violations() == []
    assert await page.find("[data-send]").is_disabled()
    await page.find("input[name=to]").fill("workshop@partner.example")
    await _answer(page, "Can you look at this?")
    (mail,) = await _sent(sent_mail, 1)
    assert mail["To"] == "workshop@partner.example"
    assert b"LJ-2041" in sent_mail[0].mails[0]


async def test_a_message_is_taken_back_within_its_seconds(
    settings: Settings, console: OpenConsole, sent_mail: tuple[SentMail, int]
) -> None:
    """Taken back it stands in the composer again, and nothing leaves."""
    await deliver(settings, 1)
    page = await console("agent", undo_s=60)
    await _open(page)
    await _answer(page, "Dear Adda,")
    await page.find("[data-undo]").wait_for()
    assert await page.violations() == []
    await page.find("[data-undo] button").click()
    await expect(page.find(".composer textarea")).to_have_value("Dear Adda,")
    await page.find('[data-delivery="failed"]').wait_for()
    assert sent_mail[0].mails == []


async def test_a_planned_mail_waits_and_can_go_at_once(
    settings: Settings, console: OpenConsole, sent_mail: tuple[SentMail, int]
) -> None:
    await deliver(settings, 1)
    page = await console("agent")
    await _open(page)
    await page.find("[data-later]").click()
    await page.find("input[name=send_at]").fill("2037-01-02T09:00")
    await _answer(page, "Happy new year.")
    await page.find("[data-planned]").wait_for()
    assert sent_mail[0].mails == []
    assert await page.find("[data-undo]").count() == 0
    await page.find("[data-now]").click()
    await page.find('[data-delivery="sent"]').wait_for(timeout=20_000)
    assert len(await _sent(sent_mail, 1)) == 1


async def test_an_archived_conversation_leaves_the_inbox_and_is_found_in_the_archive(
    settings: Settings, console: OpenConsole
) -> None:
    await deliver(settings, 1)
    page = await console("agent")
    await _open(page)
    await page.find("[data-archive]").click()
    await page.find('.conversation-head [data-state="archived"]').wait_for()
    await page.go("/inbox")
    await page.text("No conversations here").wait_for()
    await page.go("/inbox?state=archived")
    await _open(page)
    await page.find("[data-archive]").click()
    await page.find('.conversation-head [data-state="open"]').wait_for()


async def test_a_removed_message_says_who_removed_it_and_comes_back(settings: Settings, console: OpenConsole) -> None:
    await deliver(settings, 1, text="My card number is 4111.")
    page = await console("agent", roles=("SU",))
    other = await console("carol", roles=("SA",))
    for each in (page, other):
        await _open(each)
    await other.find("[data-acts]").click()
    await other.find('[data-act="forward"]').wait_for()
    assert await other.find('[data-act="remove"]').count() == 0
    await page.find("[data-acts]").click()
    await page.find('[data-act="remove"]').click()
    await page.find("[data-confirm]").click()
    for each in (page, other):
        await each.find("[data-removed]").wait_for()
        assert await each.find('[role="log"]').get_by_text("4111").count() == 0
    await page.find("[data-acts]").click()
    await page.find('[data-act="restore"]').click()
    await page.find('[role="log"]').get_by_text("4111").wait_for()


async def test_a_page_on_the_losing_side_of_a_join_goes_on_to_the_winner(
    hub: Hub, settings: Settings, console: OpenConsole, signed_in: SignIn
) -> None:
    await deliver(settings, 1)
    await deliver(settings, 2, subject="Invoice 2041")
    page = await console("agent")
    await page.mark("live")
    await page.text("Invoice 2041").first.click()
    await page.find(".conversation-head__subject").get_by_text("Invoice 2041").wait_for()
    loser, winner = [
        (await hub.db["conversations"].find_one({"subject": subject}) or {})["_id"]
        for subject in ("Invoice 2041", "Pump leaks again")
    ]
    colleague = await signed_in("agent")
    status, _ = await colleague.call("POST", f"/api/conversations/{loser}/join", {"into": winner})
    assert status < 300
    await page.page.wait_for_url(f"**/inbox/{winner}**")
    await page.find("[data-message]").nth(1).wait_for()
    assert await page.text("no longer visible").count() == 0
