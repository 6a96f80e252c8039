"""The plan of a PBX in the browser: written, wrong at its fields, looked at, brought to a real Asterisk. (S2.9.9)"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from pydantic import SecretStr

from channels.telephony.account import TelephonyAccount
from channels.telephony.ami import Ami
from channels.telephony.plan import Plans
from hub.main import Hub
from hub.settings import Settings
from tests.channels.telephony.conftest import account_settings, ami, pbx
from tests.journeys.conftest import OpenConsole
from tests.lab.asterisk.server import PHONES_SECRET, PHONES_USER, SECRET, USER, Asterisk

__all__ = ["ami", "pbx"]  # fixtures

HOURS = {
    "zone": "Asia/Shanghai",
    "week": {"mon": [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:30", "closes": "18:00"}]},
    "days": [{"date": "2027-01-01", "note": "New Year 元旦"}],
}
MENU = {
    "prompt": "custom/main",
    "keys": {"1": {"to": "extension", "name": "1001"}, "2": {"to": "queue", "name": "sales"}},
}
PLAN: dict[str, Any] = {
    "queues": {"sales": {"greeting": "custom/welcome", "announce_position": True}},
    "hours": {"office": HOURS},
    "menus": {"main": MENU},
    "numbers": {
        "4100": {"open": {"to": "menu", "name": "main"}, "hours": "office", "closed": {"prompt": "custom/closed"}},
    },
}


@pytest.fixture
def folder(pbx: Asterisk) -> Path:
    """Where the PBX reads what a site adds."""
    return pbx.folder / "etc" / "local"


@pytest.fixture
def settings(settings: Settings, pbx: Asterisk, folder: Path) -> Settings:
    """With the PBX, beside which the hub stands, and one where only an operator can write."""
    keeper = {"phones_username": PHONES_USER, "phones_secret": PHONES_SECRET}
    near = account_settings(pbx.ami, plan_folder=str(folder), **keeper)
    far = account_settings(pbx.ami, enabled=False)
    return settings.model_copy(update={"accounts": {"pbx": near, "branch": far}})


@pytest.fixture
async def cleared(pbx: Asterisk, folder: Path) -> AsyncIterator[None]:
    """The PBX as it was, afterwards."""
    yield
    for file in folder.glob("plan-*.conf"):
        file.unlink()
    phones = {"phones_username": PHONES_USER, "phones_secret": SecretStr(PHONES_SECRET)}
    account = TelephonyAccount(
        id="pbx", host="127.0.0.1", port=pbx.ami, username=USER, secret=SecretStr(SECRET), **phones
    )
    await Plans().reload(account)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_part_of_a_plan_is_accessible_and_fits(
    hub: Hub, console: OpenConsole, language: str, width: int
) -> None:
    """The list, each part with an entry open, the announcements, the configuration, and faults at their fields."""
    page = await console("boss", roles=("admin",), language=language, width=width, path="/console/admin/plans")
    await page.find('[data-account="branch"]').wait_for()

    async def look(name: str) -> None:
        await page.shot(f"plan-{name}-{language}-{width}")
        assert await page.fits(), name
        assert await page.violations() == [], name

    await look("list")
    await page.go("/admin/plans/branch")
    await page.find('[data-part="numbers"]').wait_for()
    await look("empty")
    kept = {"_id": "pbx", "plan": Plans().checked(PLAN), "revision": 1, "by": None, "at": None}
    await hub.db["pbx_plans"].insert_one(kept)
    await page.go("/admin/plans/pbx")
    for part in ("numbers", "hours", "menus", "queues"):
        await page.find(f'[data-tab="{part}"]').click()
        await page.find(f'[data-part="{part}"] .plan-form').wait_for()
        await look(part)
    await page.find('[data-tab="sounds"]').click()
    await expect(page.find("[data-sound]")).to_have_count(3)
    await look("sounds")
    await page.find('[data-tab="preview"]').click()
    await expect(page.find('[data-file="plan-extensions.conf"]')).to_contain_text("exten => 4100,1")
    await look("preview")
    await page.find('[data-tab="queues"]').click()
    await page.find('[data-path="queues.sales.ring_s"] input').fill("1")
    await page.find("[data-keep]").click()
    fault = page.find('[data-path="queues.sales.ring_s"] [data-fault]')
    await expect(fault).to_have_text({"zh-CN": "不能小于 3", "en": "3 or more"}[language])
    await look("wrong")


async def test_a_plan_is_written_by_keyboard_mended_and_brought_to_the_pbx(
    hub: Hub, pbx: Asterisk, ami: Ami, folder: Path, cleared: None, console: OpenConsole
) -> None:
    """S2.9.9: names by Enter; faults lead to their field; the configuration; what the PBX said, and what it does now."""
    page = await console("boss", roles=("admin",), path="/console/admin/plans")
    await page.page.get_by_role("link", name="pbx", exact=True).press("Enter")
    keys = page.page.keyboard

    async def begin(part: str, name: str) -> None:
        await page.find(f'[data-tab="{part}"]').press("Enter")
        await page.find(f'[data-part="{part}"] [data-new-name]').focus()
        await keys.type(name)
        await keys.press("Enter")
        await page.find(f'[data-path="{part}.{name}"]').wait_for()

    await begin("queues", "hot-line")
    await page.find('[data-path="queues.hot-line.ring_s"] input').fill("2")
    await begin("hours", "office")
    await page.find('[data-path="hours.office.zone"] input').fill("Asia/Shanghai")
    await page.find('[data-day="sat"] [data-add-span]').press("Enter")
    await page.page.get_by_label("Saturday: opens").fill("12:00")
    await page.page.get_by_label("Saturday: closes").fill("10:00")
    await page.find("[data-add-day]").press("Enter")
    await page.find('[data-path="hours.office.days.0.date"] input').fill("2027-01-01")
    await begin("menus", "main")
    await page.find('[data-path="menus.main.prompt"] input').fill("vm-intro")
    await page.find("[data-add-key]").select_option("2")
    await page.page.get_by_label("Key 2: kind of place").select_option("queue")
    await page.page.get_by_label("Key 2: which one").select_option("hot-line")
    await begin("numbers", "4100")
    await page.page.get_by_label("Leads to: kind of place").select_option("menu")
    await page.page.get_by_label("Leads to: which one").select_option("main")
    await page.find('[data-path="numbers.4100.hours"] select').select_option("office")

    await page.find("[data-keep]").press("Enter")
    await expect(page.find("[data-leads]")).to_have_count(2)
    await page.find('[data-leads="queues.hot-line.ring_s"]').press("Enter")
    await expect(page.find('[data-path="queues.hot-line.ring_s"] [data-fault]')).to_contain_text("3")
    await expect(page.find('[data-path="queues.hot-line.ring_s"] input')).to_be_focused()
    await keys.press("ControlOrMeta+a")
    await keys.type("25")
    await page.find('[data-leads^="hours.office.week.sat.0"]').press("Enter")
    await expect(page.find('[data-day="sat"] [data-fault]')).to_contain_text("closes before it opens")
    await page.page.get_by_label("Saturday: closes").fill("16:00")
    assert (await hub.db["pbx_plans"].count_documents({})) == 0

    await page.find('[data-tab="preview"]').press("Enter")
    await expect(page.find('[data-file="plan-queues.conf"]')).to_contain_text("[hot-line](mainstem-queue-basics)")
    assert not list(folder.glob("plan-*.conf"))
    await expect(page.find("[data-apply]")).to_be_disabled()
    await page.find("[data-keep]").press("Enter")
    await expect(page.find("[data-apply]")).to_be_enabled()
    await page.find("[data-apply]").press("Enter")
    await expect(page.find('[data-applied="true"]')).to_contain_text("+timeout = 25", timeout=30_000)
    await expect(page.find('[data-said="app_queue.so"]')).to_contain_text("Reloaded")
    await page.shot("plan-applied")
    assert await page.violations() == []

    [queue] = await ami.listing({"Action": "QueueStatus", "Queue": "hot-line"}, "QueueParams")
    assert queue["Queue"] == "hot-line"
    dialplan = await ami.listing({"Action": "ShowDialPlan", "Context": "mainstem-plan-numbers"}, "ListDialplan")
    assert "4100" in {each.get("Extension") for each in dialplan}
    stored = await hub.db["pbx_plans"].find_one({"_id": "pbx"})
    assert stored is not None
    assert stored["plan"]["hours"]["office"]["week"]["sat"] == [{"opens": "12:00", "closes": "16:00"}]
    said = await hub.db["audit"].find({"about": "pbx"}).sort("_id", 1).to_list()
    assert [each["what"] for each in said] == ["pbx-plan.set", "pbx-plan.applied"]


async def test_what_somebody_else_wrote_meanwhile_is_told_and_read_again(hub: Hub, console: OpenConsole) -> None:
    """Nothing is overwritten; the page shows theirs when asked to. Where no hub can write, the command is told."""
    kept = {"_id": "branch", "plan": Plans().checked(PLAN), "revision": 1, "by": None, "at": None}
    await hub.db["pbx_plans"].insert_one(kept)
    page = await console("boss", roles=("admin",), path="/console/admin/plans/branch?tab=queues")
    await expect(page.find(".plan-page code")).to_contain_text("mainstem pbx render branch")
    await expect(page.find("[data-apply]")).to_have_count(0)
    await page.find('[data-path="queues.sales.wait_s"] input').fill("90")
    theirs = {"$set": {"revision": 2, "plan.queues.sales.wait_s": 300}}
    await hub.db["pbx_plans"].update_one({"_id": "branch"}, theirs)
    await page.find("[data-keep]").click()
    await page.find("[data-read-anew]").click()
    await expect(page.find('[data-path="queues.sales.wait_s"] input')).to_have_value("300")
    await expect(page.find("[data-keep]")).to_be_disabled()


async def test_it_is_the_business_of_administrators(console: OpenConsole) -> None:
    page = await console("sue", path="/console/admin/queues")
    await page.find(".admin-frame").wait_for()
    assert await page.find('.admin-frame a[href$="/admin/plans"]').count() == 0
    await page.go("/admin/plans")
    assert not page.page.url.endswith("/admin/plans")
