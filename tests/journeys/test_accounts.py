"""Accounts on screen: made, tested, changed, switched off, removed; secrets go in and never come out."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from hub.main import Hub
from tests.journeys.conftest import OpenConsole, SentMail
from tests.journeys.watch import Watched

ADMIN = ("admin", "SU")


def field(page: Watched, name: str) -> Locator:
    """The form item of a field."""
    return page.find(f'[data-field="{name}"]')


async def choose(page: Watched, name: str, words: str) -> None:
    """Take one of a list."""
    await page.choose(field(page, name).locator(".el-select"), words)


async def save(page: Watched) -> None:
    await page.page.get_by_role("button", name="Save", exact=True).click()


async def test_an_account_is_made_tested_changed_and_removed(
    hub: Hub, console: OpenConsole, sent_mail: tuple[SentMail, int]
) -> None:
    page = await console("agent", roles=ADMIN)
    await page.go("/admin/accounts")
    await page.find('[data-new="email"]').click()
    await field(page, "addresses").wait_for()
    await field(page, "id").locator("input").fill("sales-mail")
    await field(page, "addresses").locator("textarea").fill("sales at demo.local")
    await save(page)
    await field(page, "addresses").locator(".el-form-item__error").wait_for()
    assert await page.violations() == []
    await page.shot("account-errors-en-1440")

    await field(page, "addresses").locator("textarea").fill("sales@demo.local")
    await field(page, "smtp_host").locator("input").fill("127.0.0.1")
    await field(page, "smtp_port").locator("input").fill(str(sent_mail[1]))
    await choose(page, "tls", "None")
    await save(page)
    await page.page.wait_for_url("**/admin/accounts/sales-mail")
    await page.find("[data-state]").wait_for()
    await page.find("[data-probe]").click()
    await page.find('[data-probed="true"]').wait_for()

    await field(page, "username").locator("input").fill("sales")
    await field(page, "password").locator("input").fill("open sesame")
    await save(page)
    await expect(field(page, "password").locator("input")).to_have_attribute(
        "placeholder", "Set; leave empty to keep it"
    )
    await field(page, "from_name").locator("input").fill("Sales team")
    await save(page)
    await page.find(".el-message--success").last.wait_for()
    await page.page.reload()
    await expect(field(page, "from_name").locator("input")).to_have_value("Sales team")
    assert await field(page, "password").locator("input").input_value() == ""
    assert "open sesame" not in await page.page.content()
    (stored,) = await hub.db["accounts"].find({"_id": "sales-mail"}).to_list()
    assert stored["config"]["password"].keys() == {"sealed"}
    assert stored["config"]["from_name"] == "Sales team"

    await page.find("[data-toggle]").click()
    await page.find('[data-state="disabled"]').wait_for()
    await page.find("[data-remove]").click()
    await page.find("[data-confirm]").click()
    await page.page.wait_for_url("**/admin/accounts")
    await page.find('[data-account="support-mail"]').wait_for()
    assert await page.find('[data-account="sales-mail"]').count() == 0


async def test_a_connection_that_does_not_work_says_why(console: OpenConsole) -> None:
    page = await console("agent", roles=ADMIN)
    await page.go("/admin/accounts/new/email")
    await field(page, "id").locator("input").fill("broken")
    await field(page, "addresses").locator("textarea").fill("x@demo.local")
    await field(page, "smtp_host").locator("input").fill("127.0.0.1")
    await field(page, "smtp_port").locator("input").fill("1")
    await save(page)
    await page.page.wait_for_url("**/admin/accounts/broken")
    await page.find("[data-probe]").click()
    await page.find('[data-probed="false"]').wait_for()
    assert await page.find(".backfill-form").count() == 0, "what keeps nothing has no older mail to fetch"


async def test_older_mail_is_fetched_from_a_day_on(hub: Hub, console: OpenConsole) -> None:
    """The form is there where the far side keeps what came; the job is a document, and the page shows how it goes."""
    page = await console("agent", roles=ADMIN)
    status, account = await page.call(
        "POST",
        "/api/accounts",
        {
            "id": "old-mail",
            "channel": "email",
            "enabled": False,
            "config": {
                "addresses": ["old@demo.local"],
                "imap_host": "127.0.0.1",
                "imap_port": 1,
                "username": "old",
                "password": "x",
                "imap_tls": "none",
            },
        },
    )
    assert status == 201, account
    await page.go("/admin/accounts/old-mail")
    await page.find(".backfill-form__day").fill("2026-01-02")
    await page.find(".backfill-form button").click()
    await page.find('[data-job="queued"]').wait_for()
    assert await page.violations() == []
    (job,) = await hub.db["jobs"].find({"task": "account.backfill"}).to_list()
    assert job["arguments"]["account"] == "old-mail"
    assert job["arguments"]["since"].startswith("2026-01-0")


async def test_an_account_of_the_settings_file_is_shown_and_says_where_to_change_it(console: OpenConsole) -> None:
    page = await console("agent", roles=ADMIN)
    await page.go("/admin/accounts/support-mail")
    await page.find("[data-in-file]").wait_for()
    await page.find("[data-state]").wait_for()
    assert await page.find("form.account-page__form").count() == 0
    assert await page.find("[data-remove]").count() == 0
    assert await page.violations() == []


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_account_form_is_accessible_and_fits(console: OpenConsole, language: str, width: int) -> None:
    page = await console("agent", roles=ADMIN, language=language, width=width)
    await page.go("/admin/accounts/new/email")
    await field(page, "addresses").wait_for()
    assert await page.violations() == []
    assert await page.fits()
    await page.shot(f"account-new-{language}-{width}")


async def test_a_colleague_without_the_right_does_not_get_there(console: OpenConsole) -> None:
    page = await console("agent", roles=("SU",))
    await page.go("/admin/accounts/support-mail")
    assert "/admin/" not in page.page.url
    assert await page.find(".account-page").count() == 0


@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("en", "line 1, column 3: there is no field sender.nmae; did you mean sender.name?"),
        ("zh-CN", "第 1 行第 3 列：没有字段 sender.nmae，是否指 sender.name？"),
    ],
)
async def test_a_fault_of_a_signature_is_said_in_ones_language(console: OpenConsole, language: str, why: str) -> None:
    page = await console("agent", roles=ADMIN, language=language)
    await page.go("/admin/accounts/support-mail")
    await page.find("#account-signature-zh").fill("{{sender.nmae}}")
    await page.find("[data-account-signature] button[type=submit]").click()
    await page.find("[data-fault=zh]").filter(has_text=why).wait_for()
    assert await page.violations() == []
