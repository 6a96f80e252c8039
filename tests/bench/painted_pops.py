"""One agent more, whose console is a browser: how long it takes until a screen pop is painted, while the others work."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page
from playwright.async_api import TimeoutError as PageTimeoutError

from hub.identity.far_end import FarEnd
from hub.main import Hub
from hub.settings import QueueSettings
from tests.bench.figures import Figure, percentile
from tests.bench.ground import PASSWORD
from tests.bench.recorded_calls import CREW, FIRST_EXTENSION, queue_name
from tests.bench.screen import signed_in_page
from tests.bench.town import LOGIN
from tests.journeys.painting import POPS

RATE, WARM_UP = 2.0, 6
_FIRST = 5_000_000
"""Numbers of these calls: nobody else has them."""
_FAR = FarEnd("local", "bench")
_PATIENCE_MS = 20_000
_LEAST = 0.9


@dataclass(frozen=True, slots=True)
class Beside:
    """The calls to the browser's phone, for so many seconds."""

    queue: int
    seconds: float

    @property
    def calls(self) -> int:
        """How many of them count."""
        return max(5, round(self.seconds * RATE))

    def warm_up(self) -> dict[str, Any]:
        """Some before, so that the parts of the page are there."""
        return {"queue": self.queue, "calls": WARM_UP, "first": _FIRST, "rate": RATE}

    def measured(self) -> dict[str, Any]:
        """Those that count."""
        return {"queue": self.queue, "calls": self.calls, "first": _FIRST + WARM_UP, "rate": RATE}


async def furnish(hub: Hub, queue: int) -> None:
    """The agent and the queue."""
    user = await hub.identity.staff.create_user(LOGIN, "Ada", PASSWORD, far=_FAR, roles=["SA"], weak=True)
    await hub.desk.queues.seed({queue_name(queue): QueueSettings(name="The browser's")})
    await hub.desk.queues.change(queue_name(queue), {"members": [user]})
    phone = {"extension": str(FIRST_EXTENSION + queue * CREW)}
    await hub.db["record_user"].update_one({"_id": user}, {"$set": phone})


@asynccontextmanager
async def at_the_phone(url: str) -> AsyncIterator[Page]:
    """The console, live."""
    async with signed_in_page(url, '.live-mark[data-mark="live"]') as page:
        await page.add_init_script(POPS)
        await page.reload()
        await page.wait_for_selector('.live-mark[data-mark="live"]')
        yield page


async def forget(page: Page) -> None:
    """Count from nothing again."""
    await page.evaluate("window.pops = {}")


async def ways(page: Page, beside: Beside) -> list[float]:
    """Milliseconds of those that count, once they are painted. A card whose call ended before it was drawn is none."""
    wanted = math.ceil(beside.calls * _LEAST)
    seen = "wanted => Object.values(window.pops).filter((ms) => ms !== null).length >= wanted"
    try:
        await page.wait_for_function(seen, arg=wanted, timeout=_PATIENCE_MS)
    except PageTimeoutError:
        came = await page.evaluate("Object.values(window.pops).length")
        raise RuntimeError(f"{came} of {beside.calls} calls popped up in the browser") from None
    pops: dict[str, float | None] = await page.evaluate("window.pops")
    return [ms for ms in pops.values() if ms is not None]


def painted_figure(painted: Sequence[float], budget_ms: float) -> Figure:
    """To the screen itself."""
    worst = percentile(painted, 0.99)
    return Figure(
        bench="telephony", name="event to painted pop, p99", measured=worst, unit="ms", budget=f"<= {budget_ms:.0f} ms", met=worst <= budget_ms,
        note=f"{len(painted)} calls to a browser beside the others, the middle one {percentile(painted, 0.5):.0f} ms",
    )  # fmt: skip
