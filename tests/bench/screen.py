"""What an agent waits for at the screen: the first paint of a long conversation, and an event in a long list."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from playwright.async_api import Page, async_playwright

from hub.identity.far_end import FarEnd
from hub.store.client import Doc
from hub.store.collections import CONVERSATIONS, COUNTERS, MESSAGES
from tests.bench.figures import Figure, percentile
from tests.bench.ground import PASSWORD, Ground, prepared, serving
from tests.bench.rows import Rows
from tests.bench.town import LOGIN
from tests.journeys.conftest import FLAGS
from tests.journeys.painting import HEAR, LOAD_ALL, PAINTED

MANY, PAINTS, TURNS = 10_000, 7, 100
_PAINT_MS, _ROW_MS = 500.0, 50.0
_FAR = FarEnd("local", "bench")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the agent has. `long` is the conversation with many messages, the newest of all; `token` is the agent's."""

    many: int
    long: str
    others: list[str]
    token: str


async def run(ground: Ground) -> list[Figure]:
    """Fill, open a browser, measure."""
    desk = await _furnished(ground)
    async with serving(ground, "screen") as hub, signed_in_page(hub.url) as page:
        paints = [await _painted(page, hub.url, desk) for _ in range(PAINTS)]
        rows = await _rows(page, hub.url, desk)
    paint, p95 = statistics.median(paints), percentile(rows, 0.95)
    return [
        Figure(
            bench="screen", name="first paint of a long conversation", measured=paint, unit="ms",
            budget=f"<= {_PAINT_MS:.0f} ms", met=paint <= _PAINT_MS,
            note=f"{desk.many:,} messages; the slowest of {len(paints)} took {max(paints):.0f} ms",
        ),
        Figure(
            bench="screen", name="event to row, p95", measured=p95, unit="ms",
            budget=f"<= {_ROW_MS:.0f} ms", met=p95 <= _ROW_MS,
            note=f"{desk.many:,} conversations in the list; the middle of {len(rows)} is {statistics.median(rows):.1f} ms",
        ),
    ]  # fmt: skip


async def _furnished(ground: Ground) -> Desk:
    many = ground.count(MANY, 200)
    short = Rows(conversations=many, queues=1, states=("open",))
    messages = list(short.messages(many))
    long = Rows(conversations=1, queues=1, states=("open",), _seq=many)
    messages += long.messages(many)
    made: list[Doc] = [*short.made.values(), *long.made.values()]
    async with prepared(ground, "screen", ["queue-0"]) as hub:
        await hub.db[MESSAGES].insert_many(messages)
        await hub.db[CONVERSATIONS].insert_many(made)
        await hub.db[COUNTERS].update_one({"_id": "seq"}, {"$set": {"value": 2 * many}}, upsert=True)
        user = await hub.identity.staff.create_user(LOGIN, "Ada", PASSWORD, far=_FAR, roles=["SA"], weak=True)
        await hub.desk.queues.change("queue-0", {"members": [user]})
        token, _ = await hub.identity.tokens.create(user, "bench", ["read", "write"], by=user, far=_FAR)
    newest = sorted(short.made.values(), key=lambda each: -int(each["last_seq"]))
    return Desk(many, made[-1]["_id"], [each["_id"] for each in newest[:5]], token)


@asynccontextmanager
async def signed_in_page(url: str, ready: str = "[data-conversation]") -> AsyncIterator[Page]:
    """A browser of its own, signed in as the agent, once there is what `ready` selects."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("no chromium on this machine: apt install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        page = await browser.new_page(locale="en-GB", viewport={"width": 1440, "height": 900})
        await page.goto(f"{url}/console/inbox")
        await page.fill("input[name=login]", LOGIN)
        await page.fill("input[name=password]", PASSWORD)
        await page.click("button[type=submit]")
        await page.wait_for_selector(ready)
        yield page
        await browser.close()


async def _painted(page: Page, url: str, desk: Desk) -> float:
    """Milliseconds from the click on."""
    await page.goto(f"{url}/console/inbox")
    row = page.locator(f'[data-conversation="{desk.long}"]')
    await row.wait_for()
    await page.wait_for_load_state("networkidle")  # the part of the console that shows a conversation is here
    await page.evaluate(PAINTED)
    await row.click()
    return float(await page.evaluate("window.painted"))


async def _rows(page: Page, url: str, desk: Desk) -> list[float]:
    """Milliseconds of each event, from its frame to its row."""
    await page.add_init_script(HEAR)
    await page.goto(f"{url}/console/inbox")
    await page.wait_for_selector('.live-mark[data-mark="live"]')
    await page.locator(f'[data-conversation="{desk.long}"]').wait_for()
    await page.locator(".virtual-rows").evaluate(LOAD_ALL, desk.many)
    await page.locator(".virtual-rows").evaluate("box => box.scrollTop = 0")
    await page.locator(f'[data-conversation="{desk.others[0]}"]').wait_for()
    async with aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {desk.token}"}) as http:
        for turn in range(TURNS):
            place = f"/api/conversations/{desk.others[turn % len(desk.others)]}"
            async with http.patch(place, json={"subject": f"Turn {turn}."}) as answer:
                if answer.status != 200:
                    raise RuntimeError(f"{place}: {answer.status} {await answer.text()}")
            await page.get_by_text(f"Turn {turn}.").first.wait_for()
    took: dict[str, float] = await page.evaluate("window.took")
    if len(took) != TURNS:
        raise RuntimeError(f"{len(took)} of {TURNS} events were seen in the list")
    return list(took.values())
