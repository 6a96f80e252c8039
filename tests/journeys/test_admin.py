"""Administration in the browser: users, departments, roles, queues, jobs, the audit log, and a second factor by role."""

from __future__ import annotations

import pyotp
import pytest
from playwright.async_api import expect

from crm_core.ground.clock import now
from crm_core.ground.ids import new_id
from hub.main import Hub
from hub.settings import Settings
from hub.store.jobs import new_job
from tests.conftest import PASSWORD
from tests.hub.test_notices import until
from tests.journeys.conftest import OpenConsole, sign_in
from tests.journeys.mails import deliver
from tests.journeys.pages import Pages
from workers.jobs import Jobs
from workers.task import JobCancelled


async def test_a_user_is_made_signs_in_and_is_signed_out_by_the_administrator(
    hub: Hub, console: OpenConsole, pages: Pages
) -> None:
    """Create with password and roles, change, end sign-ins; all of it in the audit log."""
    boss = await console("boss", roles=("admin",), path="/console/admin/users")
    await boss.page.get_by_role("button", name="New user").click()
    for field, text in (("new-name", "Nina Roth"), ("new-login", "nina"), ("new-password", PASSWORD)):
        await boss.find(f"input[name={field}]").fill(text)
    await boss.page.get_by_role("combobox", name="Roles").press("ArrowDown")
    await boss.page.get_by_role("option").filter(has_text="(SA)").click()
    await boss.page.keyboard.press("Escape")
    await boss.page.get_by_role("button", name="Save").click()
    await boss.find(".user-page form").first.wait_for()
    nina = await pages.fresh("/console/inbox", locale="en-GB")
    await sign_in(nina.page, "nina")
    await boss.page.reload()
    await boss.find(".user-page__list li").first.wait_for()
    boss.page.on("dialog", lambda dialog: dialog.accept())
    await boss.page.get_by_role("button", name="End all sign-ins").click()
    await nina.find("input[name=login]").wait_for()
    await boss.go("/admin/audit")
    await boss.find("input[name=what]").fill("user.created")
    await boss.page.get_by_role("button", name="Filter").click()
    await expect(boss.find('[data-act="user.created"]').first).to_contain_text("Boss")


async def test_rights_are_ticked_and_a_department_is_added_below_another(hub: Hub, console: OpenConsole) -> None:
    boss = await console("boss", roles=("admin",), path="/console/admin/roles")
    await boss.page.get_by_role("button", name="New role").click()
    form = boss.find(".el-dialog form")
    await form.locator("input").nth(0).fill("TRAINEE")
    await form.locator("input").nth(1).fill("Trainee")
    await form.get_by_role("button", name="Save").click()
    await boss.page.get_by_label("Add a record type").select_option("contact")
    await boss.page.get_by_role("button", name="Add", exact=True).click()
    await boss.page.get_by_label("Rows: Contact").select_option("department")
    await boss.page.get_by_label("Change: Contact (Department)").check()
    await boss.page.get_by_role("button", name="Save").click()
    await boss.find(".el-message--success").first.wait_for()
    role = await hub.db["record_role"].find_one({"code": "TRAINEE"})
    assert role is not None
    [right] = role["rights"]
    assert (right["type"], right["actions"], right["scope"]) == ("contact", ["read", "update"], "department")
    await boss.go("/admin/departments")
    await boss.page.get_by_role("button", name="New department:").first.click()
    form = boss.find(".el-dialog form")
    await form.locator("input").nth(0).fill("SALES")
    await form.locator("input").nth(1).fill("Sales")
    await form.get_by_role("button", name="Save").click()
    await boss.find('[data-department="SALES"]').wait_for()
    made = await hub.db["record_department"].find_one({"code": "SALES"})
    assert made is not None
    assert len(made["path"]) == 2


@pytest.mark.parametrize(
    ("language", "width", "said", "above"),
    [
        ("zh-CN", 390, "格式不符合要求", "部分输入有误。"),
        ("en", 1440, "the form that is asked for", "Some input is not right."),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_in_the_readers_language(
    console: OpenConsole, language: str, width: int, said: str, above: str
) -> None:
    """The words of faults come with the first one: not before, and then in either language."""
    boss = await console("boss", roles=("admin",), language=language, width=width, path="/console/admin/queues")
    await boss.find(".page-head .el-button--primary").click()
    field = boss.find(".el-dialog form .el-form-item").first
    await field.locator("input").fill("VIP 1")
    await boss.find(".el-dialog form .el-form-item input").nth(1).fill("VIP")
    await boss.find(".el-dialog form button[type=submit]").click()
    await expect(field.locator(".el-form-item__error")).to_contain_text(said)
    await expect(boss.find(".el-dialog [role=alert]").first).to_have_text(above)
    assert await boss.violations() == []
    assert await boss.fits()
    await boss.shot(f"fault-at-its-field-{language}-{width}")


async def test_a_queue_is_made_and_removed_and_its_conversations_go_on(
    hub: Hub, settings: Settings, console: OpenConsole
) -> None:
    boss = await console("boss", roles=("admin",), path="/console/admin/queues")
    await boss.page.get_by_role("button", name="New queue").click()
    form = boss.find(".el-dialog form").first
    await form.locator("input").nth(0).fill("vip")
    await form.locator("input").nth(1).fill("VIP")
    await form.get_by_role("button", name="Save").click()
    await boss.find('[data-queue="vip"]').wait_for()
    await deliver(settings, 1)
    await until(lambda: hub.db["conversations"].find_one({}))
    await hub.db["conversations"].update_many({}, {"$set": {"queue": "vip"}})
    await boss.page.get_by_role("button", name="Remove queue: Support").click()
    dialog = boss.find(".el-dialog").filter(has_text="All conversations of Support")
    await dialog.locator("select").select_option("vip")
    await dialog.get_by_role("button", name="Remove queue").click()
    await dialog.get_by_role("alert").get_by_text("the settings make this queue").wait_for()
    await boss.page.keyboard.press("Escape")
    await boss.page.get_by_role("button", name="Remove queue: VIP").click()
    dialog = boss.find(".el-dialog").filter(has_text="All conversations of VIP")
    await dialog.locator("select").select_option("support")
    await dialog.get_by_role("button", name="Remove queue").click()
    await expect(boss.find('[data-queue="vip"]')).to_have_count(0)
    assert await hub.db["conversations"].count_documents({"queue": "support"}) == 1


async def test_a_failed_job_is_tried_again(hub: Hub, console: OpenConsole) -> None:
    job = new_id()
    await hub.db["jobs"].insert_one(
        new_job(job, "export.write", {}, user=None) | {"state": "failed", "error": "disk full", "ended_at": now()}
    )
    boss = await console("boss", roles=("admin",), path="/console/admin/jobs")
    await boss.find(f'[data-job="{job}"]').get_by_text("disk full").wait_for()
    await boss.page.get_by_role("button", name="Try again: export.write").click()
    await boss.find(f'[data-job="{job}"][data-state="queued"]').wait_for()
    await boss.page.get_by_role("button", name="Take back: export.write").click()
    await boss.find(f'[data-job="{job}"][data-state="cancelled"]').wait_for()


async def test_a_role_that_asks_for_a_second_factor_leads_to_the_enrolment_and_nowhere_else(
    hub: Hub, console: OpenConsole
) -> None:
    agent = await console("agent", roles=("SA",))
    boss = await console("boss", roles=("admin",), path="/console/admin/roles")
    await boss.find('[data-role="SA"] a').click()
    await boss.page.get_by_text("Holders must use a second factor").click()
    await boss.page.get_by_role("button", name="Save").click()
    await agent.page.wait_for_url("**/console/me")
    await agent.find(".app-shell__enrol").wait_for()
    await agent.find('.nav-list__link[href="/console/inbox"]').click()
    await agent.find(".app-shell__enrol").wait_for()
    assert agent.page.url.endswith("/me")
    assert await agent.violations() == []
    await agent.find("input[type=password]").fill(PASSWORD)
    async with agent.page.expect_response("**/api/me/otp") as answer:
        await agent.find("input[type=password]").press("Enter")
    secret = (await (await answer.value).json())["secret"]
    await agent.find("input[inputmode=numeric], input[autocomplete=one-time-code]").first.fill(pyotp.TOTP(secret).now())
    async with agent.page.expect_response("**/api/me/otp/confirm"):
        await agent.page.keyboard.press("Enter")
    await agent.find('.nav-list__link[href="/console/inbox"]').click()
    await agent.page.wait_for_url("**/console/inbox*")
    await agent.mark("live")
    assert await agent.find(".app-shell__enrol").count() == 0


async def test_a_running_job_is_taken_back_on_its_page(hub: Hub, console: OpenConsole) -> None:
    """Asked for once, shown at once, and ended by its worker at the next report."""
    job = new_id()
    running = {"state": "running", "owner": "a:1", "started_at": now(), "done": 3, "total": 9}
    await hub.db["jobs"].insert_one(new_job(job, "mail.backfill", {}, user=None) | running)
    page = await console("boss", roles=("admin",), path="/console/admin/jobs")
    row = page.find(f'[data-job="{job}"]')
    await row.get_by_role("button").click()
    await row.get_by_text("Being cancelled").wait_for()
    await expect(row.get_by_role("button")).to_have_count(0)
    await page.shot("admin-job-cancelling-en-1440")
    units = hub.units
    with pytest.raises(JobCancelled):
        await Jobs(hub.db, units, "a:1").tell(job, 4, 9, "")
    await Jobs(hub.db, units, "a:1").cancel(job)
    await expect(row).to_have_attribute("data-state", "cancelled")
