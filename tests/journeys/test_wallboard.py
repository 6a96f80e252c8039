"""The wallboard and the call reports on screen: calls of a real Asterisk change the board without a reload (S2.9.9-08)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from channels.telephony.ami import Ami
from crm_core.ground.clock import now
from hub.desk.floor.fact_reader import FactReader
from hub.main import Hub
from hub.settings import Settings
from hub.store.client import Doc
from tests.channels.telephony.conftest import account_settings, ami, pbx
from tests.conftest import SignIn
from tests.hub.floor.samples import NOON, call, handler, visit
from tests.hub.floor.sums_house import all_added_up
from tests.journeys.conftest import OpenConsole
from tests.lab.asterisk.plays import ADA, ended, members
from tests.lab.asterisk.server import Asterisk
from tests.lab.asterisk.sipp import TALKS, agent, pause
from tests.lab.asterisk.sipp import call as dial

__all__ = ["ami", "pbx"]


def begun(doc: Any, ago: timedelta) -> Any:
    """The same call, so long ago."""
    shift = now().replace(microsecond=0) - NOON - ago

    def moved(value: Any) -> Any:
        if hasattr(value, "astimezone"):
            return value + shift
        if isinstance(value, dict):
            return {key: moved(each) for key, each in value.items()}
        return [moved(each) for each in value] if isinstance(value, list) else value

    return moved(doc)


async def a_busy_house(hub: Hub, signed_in: SignIn) -> None:
    """Agents in each state, callers who wait, one of them for too long, and a day with calls."""
    people = {}
    for login, state, reason in (
        ("ann", "available", None), ("bob", "break", "Lunch"), ("cy", "wrap_up", None), ("dee", "busy", "Mail"), ("eve", "offline", None),
    ):  # fmt: skip
        person = await signed_in(login, queues=["support"])
        people[login] = person.user
        if state != "offline":
            assert (await person.call("PUT", "/api/me/presence", {"state": state, "reason": reason}))[0] == 200
    ann, bob, cy = ({"user": people[login], "name": login.title()} for login in ("ann", "bob", "cy"))
    live = [
        call("w1", [visit("support", 0, None)], [], live=True),
        call("w2", [visit("support", 25, None)], [handler("bob", "support", 30, None, None, **bob)], live=True),
        call("t1", [visit("support", 5, 9)], [handler("ann", "support", 6, 9, None, **ann)], live=True),
    ]
    done = [
        call(
            f"d{n}",
            [visit("support", n, n + 5 + n % 30)],
            [handler("cy", "support", n + 2, n + 5 + n % 30, n + 200, **cy)],
        )
        for n in range(0, 60, 2)
    ] + [call(f"a{n}", [visit("support", n, n + 45, gave_up=True)], []) for n in range(4)]
    weeks = [
        begun(doc, timedelta(days=7, seconds=300)) | {"_id": f"pbx|o{n}", "call": f"o{n}"} for n, doc in enumerate(done)
    ]
    today = [begun(doc, timedelta(seconds=300)) for doc in done]
    await hub.db["calls"].insert_many([*(begun(doc, timedelta(seconds=40)) for doc in live), *today, *weeks])
    await FactReader(hub.db, hub.floor.wallboard.wake).rebuild()
    hub.floor.wallboard.wake()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_board_and_reports_are_accessible_and_fit(
    hub: Hub, console: OpenConsole, signed_in: SignIn, language: str, width: int
) -> None:
    """S2.9.9-08: numbers, states with their shapes and words, charts with their tables; nothing sticks out."""
    await a_busy_house(hub, signed_in)
    page = await console("boss", roles=("admin",), language=language, width=width, path="/console/wallboard")
    card = page.find('[data-queue="support"]')
    await expect(card.locator('[data-figure="waiting"] dd')).to_have_text("2")
    await expect(card.locator('[data-figure="talking"] dd')).to_have_text("1")
    await expect(card.locator("[data-call].is-late").first).to_be_visible()
    hub.floor.wallboard.wake()  # who opened the page is a member too, put there by the test
    await expect(card.locator("[data-agent]")).to_have_count(6, timeout=20_000)
    states = await card.locator("[data-agent]").evaluate_all("all => all.map((each) => each.dataset.state).sort()")
    assert states == ["busy", "offline", "offline", "on_call", "ringing", "wrap_up"]

    async def look(name: str) -> None:
        await page.shot(f"{name}-{language}-{width}")
        assert await page.fits(), name
        assert await page.violations() == [], name

    await look("wallboard")
    await card.get_by_role("button").first.click()
    await page.find(".el-dialog input").first.wait_for()
    await look("wallboard-aim")
    await page.go("/reports/calls?by=agent&queue=support")
    await page.find("[data-report] tbody tr").first.wait_for()
    await expect(page.find(".figure-chart canvas").first).to_be_visible()
    await page.find("[data-hour]").first.wait_for()
    await look("call-report")
    await page.go("/reports/calls?from=2020-01-01&to=2020-01-02")
    await page.find(".state-note").first.wait_for()
    await look("call-report-empty")


class TestWithAsterisk:
    """A call comes in while somebody looks."""

    @pytest.fixture
    def settings(self, settings: Settings, pbx: Asterisk) -> Settings:
        """The usual house with that PBX."""
        return settings.model_copy(update={"accounts": {"pbx": account_settings(pbx.ami)}})

    async def test_a_call_changes_the_board_without_a_reload(
        self, pbx: Asterisk, ami: Ami, hub: Hub, console: OpenConsole, signed_in: SignIn
    ) -> None:
        """S2.9.9-08: waits, rings, talks, is over and counted; the same document of the page all the time."""
        ann = await signed_in("ann", queues=["support"])
        await hub.db["record_user"].update_one({"_id": ann.user}, {"$set": {"extension": "1001"}})
        assert (await ann.call("PUT", "/api/me/presence", {"state": "available"}))[0] == 200
        page = await console("sue", path="/console/wallboard")
        await page.mark("live")
        await page.page.evaluate("window.sameDocument = true")
        card = page.find('[data-queue="support"]')
        member = card.locator(f'[data-agent="{ann.user}"]')
        await expect(member).to_have_attribute("data-state", "available", timeout=20_000)
        with agent(pbx, "1001", *TALKS), dial(pbx, "4000", ADA.dials, ADA.is_answered, pause(9), ADA.hangs_up) as sipp:
            await expect(card.locator('[data-state="waiting"]')).to_contain_text("8000", timeout=20_000)
            await expect(card.locator('[data-figure="waiting"] dd')).to_have_text("1")
            async with members(ami, "1001"):
                await expect(card.locator('[data-call][data-state="talking"]')).to_contain_text("Ann", timeout=20_000)
                await expect(member).to_have_attribute("data-state", "on_call")
                await ended(sipp)
        await expect(card.locator("[data-call]")).to_have_count(0, timeout=20_000)
        await expect(card.locator('[data-figure="offered"]')).to_have_text("1", timeout=20_000)
        await expect(card.locator('[data-figure="answered"]')).to_have_text("1")
        await expect(page.find('.wall__all [data-figure="offered"] dd')).to_have_text("1")
        assert await page.page.evaluate("window.sameDocument")


async def test_what_passed_while_the_line_was_cut_is_on_the_board_afterwards(
    hub: Hub, console: OpenConsole, signed_in: SignIn
) -> None:
    """Diffs of the board are not sent again; the page reads anew once it is live."""
    ann = await signed_in("ann", queues=["support"])
    page = await console("sue", path="/console/wallboard")
    await page.mark("live")
    member = page.find(f'[data-agent="{ann.user}"]')
    await member.wait_for()
    await page.link.cut()
    await page.mark("offline")
    assert (await ann.call("PUT", "/api/me/presence", {"state": "break", "reason": "Tea"}))[0] == 200
    await hub.floor.wallboard.look()
    await page.link.mend()
    await expect(member).to_have_attribute("data-state", "paused", timeout=20_000)
    await expect(member).to_contain_text("Tea")


async def test_an_agent_sees_their_own_queue_and_figures_and_asks_by_address(
    hub: Hub, console: OpenConsole, signed_in: SignIn
) -> None:
    """No staffing, no other queue; the report's question stands in the address, and the download is offered for it."""
    await a_busy_house(hub, signed_in)
    page = await console("cy", roles=("SA",), path="/console/wallboard")
    await expect(page.find("[data-queue]")).to_have_count(1)
    await page.go("/reports/calls?by=agent")
    await expect(page.find("[data-row]")).to_have_count(1)
    await expect(page.find('[data-row] [data-column="answered"]')).to_have_text("30")
    await expect(page.find(".staffing-hint")).to_have_count(0)
    await page.find('[data-tab="outcome"]').click()
    await expect(page.find('[data-row="answered"]')).to_be_visible()
    assert "by=outcome" in page.page.url
    async with page.page.expect_download() as coming:
        await page.find(".report-page__csv").click()
    text = (await (await coming.value).path()).read_text(encoding="utf-8-sig")
    assert text.startswith("outcome,name,offered,")


@pytest.mark.parametrize("width", [1440, 390])
async def test_a_year_by_day_stays_readable(hub: Hub, console: OpenConsole, signed_in: SignIn, width: int) -> None:
    """S2.9.9-08: 365 days in a chart and a table, told from sums of the days that are over; nothing sticks out."""
    ann = await signed_in("ann", queues=["support"])
    facts = [_stay(ann.user, day, number) for day in range(365) for number in range(3 + day % 7)]
    await hub.db["call_facts"].insert_many(facts)
    await all_added_up(hub.db)
    page = await console("boss", roles=("admin",), width=width, path="/console/wallboard")
    first, last = (now() - timedelta(days=364)).date(), now().date()
    await page.go(f"/reports/calls?by=day&from={first}&to={last}")
    await expect(page.find("[data-report] tbody tr")).to_have_count(365, timeout=20_000)
    await expect(page.find("[data-report] tfoot td").first).to_have_text(str(len(facts)))
    await expect(page.find(".figure-chart canvas").first).to_be_visible()
    await page.shot(f"call-report-year-{width}")
    assert await page.fits()
    assert await page.violations() == []


def _stay(user: str, day: int, number: int) -> Doc:
    """A caller of so many days ago; each fifth gave up."""
    at, lost = now() - timedelta(days=day), number == 4
    end = {"abandoned": 1} if lost else {"answered": 1, "in_time": int(number < 4), "answer_wait_s": 8.0}
    return {
        "_id": f"pbx|{day}-{number}|visit:0", "kind": "visit", "account": "pbx", "call": f"{day}-{number}", "message": None, "n": 1,
        "direction": "inbound", "queue": "support", "user": "" if lost else user, "extension": "", "code": "", "transfer": "",
        "outcome": "abandoned" if lost else "answered", "at": at, "ended_at": at, "changed_at": at,
        "m": {"offered": 1, "wait_s": 8.0, "longest_wait_s": 8.0, **end},
    }  # fmt: skip
