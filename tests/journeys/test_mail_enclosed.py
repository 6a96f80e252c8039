"""What comes along with a mail is shown for what it is: invitations with their facts, address cards that become contacts."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from hub.main import Hub
from hub.settings import Settings
from tests.channels.email.imap_house import until
from tests.journeys.conftest import OpenConsole
from tests.journeys.mails import hand_in

INVITATION = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Calendar//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:visit-1@nordwind.example
SUMMARY:Site visit: pump 3
LOCATION:Hall 3, Hafenstrasse 12, Hamburg
DTSTART:20261127T080000Z
DTEND:20261127T093000Z
ORGANIZER;CN=Ada Brandt:mailto:ada.brandt@nordwind.example
ATTENDEE;CN=Li Na;PARTSTAT=ACCEPTED:mailto:li.na@nordwind.example
ATTENDEE;CN=Otto Weiss;PARTSTAT=DECLINED:mailto:otto@nordwind.example
ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:support@demo.local
END:VEVENT
END:VCALENDAR
"""
CARD = """BEGIN:VCARD
VERSION:3.0
N:Weiss;Otto;;;
FN:Otto Weiss
ORG:Nordwind GmbH;Service
TITLE:Head of maintenance
EMAIL;TYPE=WORK:otto.weiss@nordwind.example
EMAIL;TYPE=HOME:otto@weiss.example
TEL;TYPE=WORK:+49 40 555 0199
END:VCARD
"""


def _mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Ada Brandt <ada.brandt@nordwind.example>", "support@demo.local"
    mail["Subject"], mail["Message-ID"] = "Site visit on Friday", "<visit@nordwind.example>"
    mail.set_content("Please come to hall 3. Otto's card is attached.")
    mail.add_alternative(INVITATION.replace("\n", "\r\n"), subtype="calendar", params={"method": "REQUEST"})
    mail.add_attachment(CARD.replace("\n", "\r\n").encode(), maintype="text", subtype="vcard", filename="otto.vcf")
    return mail


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_an_invitation_and_a_card_are_shown_and_a_contact_is_made_of_the_card(
    hub: Hub, settings: Settings, console: OpenConsole, language: str, width: int
) -> None:
    """S2.1.3-18: what the calendar says, who answered what; a new contact begins with all that the card knows."""
    await hand_in(_mail(), settings.accounts["support-mail"].model_dump()["door_port"])
    page = await console("agent", roles=("SA", "SU"), language=language, width=width)
    await page.find("[data-conversation]").first.click()
    shown = page.find("[data-invitation=invited]")
    await shown.get_by_text("Site visit: pump 3").wait_for()
    for words in ("Hall 3, Hafenstrasse 12, Hamburg", "Ada Brandt", "2026"):
        assert words in await shown.inner_text()
    assert await shown.locator("[data-answer]").evaluate_all("all => all.map(one => one.dataset.answer)") == [
        "accepted", "declined", "needs-action",
    ]  # fmt: skip
    card = page.find("[data-card]")
    await card.scroll_into_view_if_needed()
    await page.shot(f"mail-enclosed-{language}-{width}")
    assert await page.violations() == []
    assert await page.fits()
    await card.get_by_role("button").click()
    dialog = page.find(".el-dialog:visible")
    await dialog.locator("input[type=email]").wait_for()
    assert await dialog.locator("input[type=email]").input_value() == "otto.weiss@nordwind.example"
    assert await dialog.locator("input[type=tel]").input_value() == "+49 40 555 0199"
    await page.shot(f"mail-enclosed-contact-{language}-{width}")
    assert await page.violations() == []
    await dialog.locator("button[type=submit]").click()
    await until(lambda: _contact(hub))
    await dialog.wait_for(state="detached")


async def _contact(hub: Hub) -> bool:
    doc = await hub.db["record_contact"].find_one({"name": "Otto Weiss"})
    return doc is not None and [row["address"] for row in doc["mails"]] == [
        "otto.weiss@nordwind.example", "otto@weiss.example",
    ]  # fmt: skip


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en", 1440)])
async def test_an_administrator_edits_the_signature_of_an_account(
    hub: Hub, console: OpenConsole, language: str, width: int
) -> None:
    """A fault is said beside the language it is in; what was saved is there after a reload."""
    page = await console("admin", roles=("admin",), language=language, width=width)
    await page.go("/admin/accounts/support-mail")
    part = page.find("[data-account-signature]")
    await part.locator("#account-signature-en").fill("{{ sender.nam }}")
    await part.locator("button[type=submit]").click()
    await part.locator("[data-fault=en]").wait_for()
    await part.scroll_into_view_if_needed()
    await page.shot(f"account-signature-fault-{language}-{width}")
    assert await page.violations() == []
    await part.locator("#account-signature-en").fill("{{ sender.name }}\nLanjing Instruments")
    await part.locator("#account-signature-zh").fill("{{ sender.name }}\n蓝鲸仪器")
    await part.locator("button[type=submit]").click()
    await page.find(".el-message--success").wait_for()
    await page.shot(f"account-signature-{language}-{width}")
    assert await page.violations() == []
    assert await page.fits()
    status, stored = await page.call("GET", "/api/accounts/support-mail/signature")
    assert (status, stored["zh"]) == (200, "{{ sender.name }}\n蓝鲸仪器")
    await page.go("/admin/accounts/support-mail")
    assert await part.locator("#account-signature-en").input_value() == "{{ sender.name }}\nLanjing Instruments"
