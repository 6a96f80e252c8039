"""A mailing as its writer makes it: fields picked, a fault found at its place, previewed, sent, watched, looked back on."""

from __future__ import annotations

import pytest

from crm_core.access.actor import system
from hub.main import Hub
from hub.writing.indexes import MAILINGS, RUNS
from tests.hub.writing_house import turn, until
from tests.journeys.conftest import OpenConsole, SentMail


async def add_people(hub: Hub) -> None:
    """Two contacts and a supplier, who is one of them."""
    owner = await hub.db["record_user"].find_one({})
    assert owner is not None
    for key, fields in (
        ("contact", {"name": "李娜", "salutation": "女士", "mails": [{"kind": "work", "address": "li.na@example.cn"}]}),
        ("contact", {"name": "Ada", "mails": [{"kind": "work", "address": "ada@example.com"}]}),
        ("supplier", {"code": "S1", "name": "Bolts", "mails": [{"kind": "work", "address": "ada@example.com"}]}),
    ):
        await hub.records.create(system(), key, {"owner": owner["_id"], **fields})


async def test_a_mailing_is_written_previewed_sent_and_watched(
    hub: Hub, console: OpenConsole, sent_mail: tuple[SentMail, int]
) -> None:
    """S2.9.3-01, S2.9.3-02, S2.9.3-03, S2.9.3-04, S2.9.3-05."""
    page = await console("mira", roles=("MK",), path="/console/mailings")
    await add_people(hub)
    await page.text("No mailings yet").wait_for()
    await page.find(".page-head__tools .el-button").click()
    await page.find("#mailing-name").fill("Spring news")
    for kind in ("Contacts", "Suppliers"):
        await page.find(".segments-input > .el-button").click()
        await page.choose(page.find(".segments-input__kind").last, kind)
    await page.find("#mailing-subject").fill("News for {{ recipient.nmae }}")
    await page.text("there is no field recipient.nmae; did you mean recipient.name?").wait_for()
    await page.find(".field-text__faults button").click()
    area = "document.activeElement"
    chosen = await page.page.evaluate(f"{area}.value.slice({area}.selectionStart, {area}.selectionEnd)")
    assert chosen == "recipient.nmae"
    await page.page.keyboard.type("recipient.name")
    await page.find(".field-text__faults li").wait_for(state="detached")
    await page.find("#mailing-html").fill(
        "<p>Dear {{ contact.salutation }} <b>{{ recipient.name }}</b>, spring is here.</p>"
    )
    await page.find("#mailing-text").fill("Dear ")
    await page.find(".field-text__picker").last.click()
    await page.page.keyboard.type("Contact · Name")
    await page.page.locator(".el-select-dropdown__item:visible", has_text="contact.name").first.click()
    assert await page.find("#mailing-text").input_value() == "Dear {{ contact.name }}"
    await page.page.get_by_role("button", name="Save", exact=True).click()
    await page.find("[data-preview-to]").wait_for()
    assert "li.na@example.cn" in await page.find("[data-preview-to]").inner_text()
    await page.find(".el-input-number__increase").click()
    await page.page.locator("[data-preview-to]", has_text="ada@example.com").wait_for()
    assert (await page.find(".letter-view__subject").inner_text()).strip() == "News for Ada"
    await page.page.get_by_role("button", name="Send", exact=True).click()
    await page.find("[data-start]").click()
    await page.find("[data-run]").wait_for()
    run = await hub.db[RUNS].find_one({})
    assert run is not None
    assert await turn(hub, run["_id"]) == "done"
    await page.find("[data-run][data-state=done]").wait_for()
    await page.page.get_by_role("button", name="Results").click()
    await page.page.locator("[data-receiver]", has_text="Has it already under another name").wait_for()
    await page.shot("mailing-sent-en-1440")
    assert await page.violations() == []
    kept, _ = sent_mail
    await until(lambda: len(kept.mails) == 2)
    await page.go("/mailings")
    await page.text("Spring news").wait_for()


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("zh-CN", 1440), ("en", 390), ("en", 1440)])
async def test_receivers_are_narrowed_by_filters_and_counted(
    hub: Hub, console: OpenConsole, language: str, width: int
) -> None:
    """S2.9.3-01: field, comparison and value are chosen from what the record type has; the count follows."""
    page = await console("mira", roles=("MK",), language=language, width=width)
    await add_people(hub)
    await page.go("/mailings/new")
    await page.find("#mailing-name").fill("Spring news")
    await page.find("[data-add-segment]").click()
    await page.find(".segments-input__kind").click()
    words = {"en": ("Contacts", "Receivers: 2", "Receivers: 1"), "zh-CN": ("联系人", "2 位收件人", "1 位收件人")}[
        language
    ]
    await page.page.locator(".el-select-dropdown__item:visible", has_text=words[0]).click()
    await page.find(".segments-input__count").get_by_text(words[1]).wait_for()
    await page.find("[data-add-filter]").click()
    await page.find("[data-filter-field]").click()
    meta = (await page.call("GET", "/api/record-types/contact"))[1]["fields"]
    label = meta["name"]["label"]["zh" if language == "zh-CN" else "en"]
    await page.page.get_by_role("option", name=label, exact=True).click()
    await page.find("[data-filter-operator]").click()
    operator = {"en": "begins with", "zh-CN": "开头为"}[language]
    await page.page.get_by_role("option", name=operator, exact=True).click()
    await page.find("[data-filter] .el-input input").fill("A")
    await page.find(".segments-input__count").get_by_text(words[2]).wait_for()
    await page.shot(f"mailing-filters-{language}-{width}")
    assert await page.violations() == []
    assert await page.fits()
    save = {"en": "Save", "zh-CN": "保存"}[language]
    await page.page.get_by_role("button", name=save, exact=True).click()
    await page.page.wait_for_url(lambda url: not url.endswith("/new"))
    stored = await hub.db[MAILINGS].find_one({})
    assert stored is not None
    assert stored["segments"] == [{"kind": "contacts", "filters": {"name__startswith": "A"}}]
    await page.page.reload()
    await page.find(".segments-input__count").get_by_text(words[2]).wait_for()
    assert await page.find("[data-filter] .el-input input").input_value() == "A"


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_the_pages_of_writing_are_accessible_and_fit(
    hub: Hub, console: OpenConsole, language: str, width: int
) -> None:
    page = await console("mira", roles=("MK",), language=language, width=width)
    await add_people(hub)
    found: dict[str, list[str]] = {}
    for name, path in (("mailings", "/mailings"), ("mailing-new", "/mailings/new"), ("templates", "/templates")):
        await page.go(path)
        await page.shot(f"{name}-{language}-{width}")
        found[name] = await page.violations()
        assert await page.fits(), f"{name} sticks out at {width}"
    await page.find("[data-signature]").click()
    await page.find("#signature-en").fill("{{ sender.name }}\n{{ company }}")
    await page.find(".page-head__tools .el-button--primary").click()
    await page.find(".el-message--success").wait_for()
    await page.shot(f"signature-{language}-{width}")
    found["signature"] = await page.violations()
    assert await page.fits()
    await page.go("/templates/new")
    await page.find("#template-name").fill("Hello")
    await page.find("#template-html").fill("<p>{{ contact.name }} {{ contact.salutation }} {{ company }}</p>")
    await page.find("#template-text").fill("{{ contact.nam }}")
    await page.find(".field-text__faults li").wait_for()
    await page.shot(f"template-fault-{language}-{width}")
    found["template-fault"] = await page.violations()
    await page.find("#template-text").fill("{{ contact.name }}")
    await page.find(".field-text__faults li").wait_for(state="detached")
    await page.choose(page.find(".template-preview .el-select"), "李娜")
    await page.find(".template-preview__who .el-button").click()
    await page.find(".letter-view__text").wait_for()
    await page.find(".page-head__tools .el-button--primary").click()
    await page.page.wait_for_url(lambda url: not url.endswith("/new"))
    await page.shot(f"template-{language}-{width}")
    found["template"] = await page.violations()
    assert await page.fits()
    assert {name: lines for name, lines in found.items() if lines} == {}
