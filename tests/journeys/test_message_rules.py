"""Message rules on screen: made by an administrator, felt by colleagues, asked of the one who saves."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from crm_core.access.actor import system
from hub.main import Hub
from tests.conftest import SignIn
from tests.hub.rule_house import customer, read_to_the_end, start_rule
from tests.hub.test_notices import notices_of
from tests.journeys.conftest import OpenConsole
from tests.journeys.test_records import field, save


async def test_a_rule_made_on_screen_tells_a_colleague_live_and_one_click_opens_the_record(
    hub: Hub, console: OpenConsole
) -> None:
    """S2.9.1-01, -03, -07, S2.1.2-02: the unknown field is named at its place before the rule is kept."""
    boss = await console("boss", roles=("admin",), path="/console/admin/users")
    await boss.find(".admin-frame").get_by_role("link", name="Message rules").click()
    await boss.page.get_by_role("button", name="New Message rule").click()
    await field(boss, "name").locator("input").fill("Short names")
    await field(boss, "type").locator("input").fill("customer")
    await boss.choose(field(boss, "on").locator(".el-select"), "Changed")
    await field(boss, "field").locator("input").fill("short_name")
    await field(boss, "condition").locator("textarea").fill("customer.kind == 'direct' &&\ncustomer.shortname != null")
    await field(boss, "subject").locator("input").fill("Now called {{ customer.short_nam }}")
    await field(boss, "recipients").get_by_role("button", name="Add a row").click()
    await boss.page.get_by_role("button", name="Save").click()
    told = "line 2, column 1: there is no field customer.shortname; did you mean customer.short_name?"
    await field(boss, "condition").get_by_text(told).wait_for()
    await field(boss, "subject").get_by_text("there is no field customer.short_nam; did you mean").wait_for()
    assert await boss.violations() == []
    await boss.shot("message-rule-faults")
    await field(boss, "condition").locator("textarea").fill("customer.kind == 'direct'")
    await field(boss, "subject").locator("input").fill("Now called {{ customer.short_name }}")
    await save(boss)
    await boss.page.get_by_role("button", name="Move to: Active").click()
    await boss.page.get_by_role("button", name="Move to: Paused").wait_for()

    owner = await console("olga", roles=("SM",), path="/console/inbox")
    carol = await console("carol", roles=("SM",))
    olga = await hub.db["record_user"].find_one({"login": "olga"})
    assert olga is not None
    acme = await customer(hub, "Acme", owner=olga["_id"])
    await owner.mark("live")
    await carol.go(f"/records/customer/{acme}")
    await field(carol, "short_name").locator("input").fill("ACM")
    await save(carol)
    item = owner.find(".assistant__panel [data-notice]").filter(has_text="Now called ACM")
    await item.wait_for()
    await owner.shot("message-rule-told")
    await item.get_by_role("link").first.click()
    await owner.page.wait_for_url(f"**/records/customer/{acme}")
    await expect(field(owner, "short_name").locator("input")).to_have_value("ACM")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_who_saves_chooses_whom_to_tell_and_closing_tells_nobody(
    hub: Hub, console: OpenConsole, signed_in: SignIn, language: str, width: int
) -> None:
    """S2.9.1-02: by keyboard; the dialog is accessible and fits."""
    sue, kim = await signed_in("sue", roles=["SM"]), await signed_in("kim", roles=["SM"])
    rule = await start_rule(hub, name="Freeze", on="state", to_state="frozen", ask=True)
    page = await console("carol", roles=("SM",), language=language, width=width)
    carol = await hub.db["record_user"].find_one({"login": "carol"})
    assert carol is not None
    acme = await customer(hub, "Acme", owner=carol["_id"])
    await page.go(f"/records/customer/{acme}")
    freeze, thaw = page.find("[data-move=frozen]"), page.find("[data-move=active]")
    dialog = page.find(".tell-dialog")

    await freeze.press("Enter")
    await dialog.wait_for()
    assert await page.violations() == []
    assert await page.fits()
    await page.shot(f"tell-dialog-{language}-{width}")
    await page.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await thaw.press("Enter")
    await freeze.press("Enter")
    choice = dialog.get_by_role("checkbox", name="Kim")
    await choice.focus()
    await page.page.keyboard.press("Space")
    await expect(dialog.locator("button[type=submit]")).to_be_enabled()
    await page.page.keyboard.press("Enter")
    await page.find(".el-message--success").first.wait_for()
    await expect(dialog).to_have_count(0)
    await read_to_the_end(hub)
    assert [n["title"] for n in await notices_of(kim)] == ["Acme"]
    assert await notices_of(sue) == []
    assert (await hub.records.show(system(), "message_rule", rule))["fired"] == 1


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_rules_are_listed_and_edited_in_both_languages_and_widths(
    hub: Hub, console: OpenConsole, language: str, width: int
) -> None:
    """S2.9.1-01: a broken rule says what keeps it from telling."""
    rule = await start_rule(hub, name="Won", condition="customer.name > 5", kind="warning")
    page = await console("boss", roles=("admin",), language=language, width=width, path="/console/admin/message-rules")
    await page.find("[data-record]").first.wait_for()
    assert await page.fits()
    assert await page.violations() == []
    await page.shot(f"message-rules-{language}-{width}")
    boss = await hub.db["record_user"].find_one({"login": "boss"})
    assert boss is not None
    acme = await customer(hub, "Acme", owner=boss["_id"])
    await hub.records.change(system(), "customer", acme, {"short_name": "A"}, 1)
    await read_to_the_end(hub)
    await page.go(f"/records/message_rule/{rule}")
    await (
        field(page, "last_fault")
        .get_by_text("条件比较了不同类的值" if language == "zh-CN" else "Condition compares unlike values")
        .first.wait_for()
    )
    assert await page.fits()
    assert await page.violations() == []
    await page.shot(f"message-rule-{language}-{width}")
