"""Records drawn from their metadata: made, found, changed, and never overwritten unseen."""

from __future__ import annotations

from playwright.async_api import Locator, expect

from hub.main import Hub
from tests.journeys.conftest import OpenConsole
from tests.journeys.watch import Watched


def field(page: Watched, name: str) -> Locator:
    """The form item of a field."""
    return page.find(f'[data-field="{name}"]')


async def save(page: Watched) -> None:
    """Press save and wait until the page says that it is done."""
    await page.page.get_by_role("button", name="Save").click()
    await page.find(".el-message--success").first.wait_for()


async def test_a_contact_is_made_changed_and_its_history_shown(hub: Hub, console: OpenConsole) -> None:
    """Text, choice, date and child rows; the second save changes only what was touched."""
    page = await console("agent", roles=("SA", "SU"))
    await page.go("/records/contact")
    await page.page.get_by_role("button", name="New Contact").click()
    await field(page, "name").locator("input").fill("李娜")
    await field(page, "title").locator("input").fill("Plant manager")
    await field(page, "phones").get_by_role("button", name="Add a row").click()
    await field(page, "phones").locator("input[type=tel]").fill("13800138000")
    await field(page, "mails").get_by_role("button", name="Add a row").click()
    await field(page, "mails").locator("input[type=email]").fill("Li.Na@Example.cn")
    await save(page)
    await page.find(".history-list li").first.wait_for()
    assert await page.violations() == []

    await field(page, "title").locator("input").fill("Managing director")
    await save(page)
    await page.find(".history-list del").get_by_text("Plant manager").wait_for()

    await page.go("/records/contact")
    await page.page.get_by_placeholder("Search").fill("李")
    await page.page.get_by_placeholder("Search").press("Enter")
    await page.find("[data-record]").get_by_text("+8613800138000").wait_for()
    stored = await hub.db["record_contact"].find_one({"name": "李娜"})
    assert stored is not None
    assert [row["kind"] for row in stored["phones"]] == ["mobile"]
    assert stored["title"] == "Managing director"


async def test_what_has_several_parts_is_edited_and_a_link_shows_its_name(console: OpenConsole) -> None:
    """An amount, an address with its place, several words; what is taken away is gone."""
    page = await console("boss", roles=("admin",))
    status, region = await page.call("POST", "/api/records/region", {"name": "East", "code": "E", "level": "area"})
    assert status == 201, region
    made = {"name": "Brandt", "kind": "direct", "status": "trading", "region": region["id"]}
    status, customer = await page.call("POST", "/api/records/customer", made)
    assert status == 201, customer
    await page.go(f"/records/customer/{customer['id']}")
    await expect(field(page, "region").locator(".el-select__placeholder")).to_have_text("East")
    await field(page, "credit_limit").locator("[data-part=amount]").fill("25000.50")
    await field(page, "credit_limit").locator("[data-part=currency]").fill("eur")
    await field(page, "addresses").get_by_role("button", name="Add a row").click()
    for part, words in (("city", "Suzhou"), ("street", "8 Jinji Lake Road"), ("lat", "31.3"), ("lon", "120.72")):
        await field(page, "addresses").locator(f"[data-part={part}]").fill(words)
    assert await page.violations() == []
    await page.shot("record-parts")
    await save(page)
    await page.find(".history-list").get_by_text("25000.50 EUR").wait_for()
    _, shown = await page.call("GET", f"/api/records/customer/{customer['id']}")
    assert shown["credit_limit"] == {"amount": "25000.50", "currency": "EUR"}
    row = shown["addresses"][0]
    assert (row["kind"], row["address"]["city"], row["address"]["street"]) == (
        "registered",
        "Suzhou",
        "8 Jinji Lake Road",
    )
    assert row["point"] == {"lat": 31.3, "lon": 120.72}

    await field(page, "credit_limit").locator("[data-part=amount]").fill("")
    await page.page.get_by_role("button", name="Save").click()
    await field(page, "credit_limit").locator(".rows-input__error").wait_for()
    await field(page, "credit_limit").locator("[data-part=currency]").fill("")
    await save(page)
    _, shown = await page.call("GET", f"/api/records/customer/{customer['id']}")
    assert shown["credit_limit"] is None


async def test_somebody_elses_change_is_not_overwritten_unseen(hub: Hub, console: OpenConsole) -> None:
    """Both edit; the second to save is told, keeps what they typed, and saves on top of the newer state."""
    first = await console("agent", roles=("SA", "SU"))
    second = await console("carol", roles=("SA", "SU"))
    await first.go("/records/contact/new")
    await field(first, "name").locator("input").fill("Ada Brandt")
    await save(first)
    await first.find(".history-list").wait_for()
    place = first.page.url.split("/console")[1]
    await second.go(place)
    await field(second, "title").locator("input").fill("Buyer")
    await field(first, "salutation").locator("input").fill("Dr")
    await save(first)
    await second.find(".record-page__newer").wait_for()
    await second.find(".record-page__newer button").click()
    await expect(field(second, "salutation").locator("input")).to_have_value("Dr")
    assert await field(second, "title").locator("input").input_value() == "Buyer"
    await save(second)
    stored = await hub.db["record_contact"].find_one({"name": "Ada Brandt"})
    assert stored is not None
    assert (stored["salutation"], stored["title"]) == ("Dr", "Buyer")


async def test_what_the_hub_refuses_stands_at_the_field(console: OpenConsole) -> None:
    """A phone number that is none is refused by the hub and shown where it was typed."""
    page = await console("agent", roles=("SA", "SU"))
    await page.go("/records/contact/new")
    await field(page, "name").locator("input").fill("Ada Brandt")
    await field(page, "phones").get_by_role("button", name="Add a row").click()
    await field(page, "phones").locator("input[type=tel]").fill("not a number")
    await page.page.get_by_role("button", name="Save").click()
    await field(page, "phones").locator(".rows-input__error").wait_for()
    assert await field(page, "phones").locator("input[type=tel]").input_value() == "not a number"
